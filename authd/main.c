/* main.c - authd: options */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authd/keeper.h"
#include "authd/keeper_message.h"
#include "authd/server.h"
#include "common/base/log.h"
#include "config.h"

static const char usage[] =
	"usage: authd [-c FILE] [-F]\n"
	"  -c FILE    read FILE instead of " SYSCONFDIR "/linnet/linnet.conf\n"
	"  -F         stay in the foreground, as always\n"
	"  --version  print the version\n"
	"  --help     print this\n"
	"SIGHUP reads the configuration again, SIGTERM ends it.  See authd(8).\n";

/* The keeper starts the server process this way, with its channel on a fixed descriptor. */
static void
run_server(void)
{
	log_open("auth", NULL);
	server_run(SERVER_CHANNEL);
}

int
main(int argc, char **argv)
{
	const char *conf_path = SYSCONFDIR "/linnet/linnet.conf";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--server") == 0 && argc == 2)
			run_server();
		if (strcmp(argv[i], "--version") == 0) {
			puts("authd (" PACKAGE_NAME ") " PACKAGE_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		}
		if (strcmp(argv[i], "-F") == 0)
			continue;
		if (strcmp(argv[i], "-c") != 0 || i + 1 == argc) {
			fputs(usage, stderr);
			return 64; /* EX_USAGE of sysexits.h */
		}
		conf_path = argv[++i];
	}
	return keeper_run(conf_path);
}
