/* pump_program.c - starting tls-pump, and the answer when there is none */
#include "common/start/pump_program.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/start/descriptors.h"

enum { PATH_ROOM = 4096, NUMBER_ROOM = 16 };

/* Beside the program that we are; in a build tree that is another folder. */
static const char *const places[] = { "tls-pump", "../common/start/tls-pump" };

static void
place_descriptors(const int *fd, int count)
{
	int high[PUMP_FDS_MOST];

	for (int i = 0; i < count; i++)
		high[i] = fcntl(fd[i], F_DUPFD, PUMP_FIRST_FD + PUMP_FDS_MOST);
	for (int i = 0; i < count; i++)
		if (high[i] < 0 || dup2(high[i], PUMP_FIRST_FD + i) < 0)
			_exit(1);
	descriptors_close_from(PUMP_FIRST_FD + count);
}

/* execve() wants strings that may be written to, and does not write. */
static char *
argument(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void
execute(char **arguments)
{
	char own[PATH_ROOM], path[2 * PATH_ROOM], *environment[] = { NULL };
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", own, places[i]);
		execve(path, arguments, environment);
	}
	execve(PKGLIBEXECDIR "/tls-pump", arguments, environment);
}

void
pump_program_run(const struct pump_maker *maker, const char *role, const int *fd, int count)
{
	const struct settings *s = maker->settings;
	char uid[NUMBER_ROOM], gid[NUMBER_ROOM];
	char *arguments[PUMP_ARGUMENTS + 1] = {
		[PUMP_NAME] = argument("tls-pump"),
		[PUMP_VERSION] = argument(PACKAGE_VERSION),
		[PUMP_ROLE] = argument(role),
		[PUMP_SERVICE] = argument(maker->service),
		[PUMP_UID] = uid,
		[PUMP_GID] = gid,
		[PUMP_BASE_DIR] = argument(s->base_dir),
		[PUMP_CERT] = argument(s->ssl_cert),
		[PUMP_KEY] = argument(s->ssl_key),
		[PUMP_MIN_PROTOCOL] = argument(s->ssl_min_protocol),
		[PUMP_PROTOCOLS] = argument(s->ssl_protocols),
		[PUMP_CIPHERS] = argument(s->ssl_cipher_list),
		[PUMP_PREFERS_OURS] = argument(s->ssl_prefer_server_ciphers ? "yes" : "no"),
		[PUMP_CA] = argument(s->ssl_verify_client_cert ? s->ssl_ca : ""),
		[PUMP_CERT_FIELD] = argument(s->ssl_cert_username_field),
	};

	snprintf(uid, sizeof(uid), "%u", (unsigned)maker->uid);
	snprintf(gid, sizeof(gid), "%u", (unsigned)maker->gid);
	place_descriptors(fd, count);
	execute(arguments);
}

void
pump_fail(int control, const char *why)
{
	struct pump_report r;

	memset(&r, 0, sizeof(r));
	snprintf(r.error, sizeof(r.error), "%s", why);
	if (send(control, &r, sizeof(r), MSG_NOSIGNAL) < 0)
		_exit(0);
}
