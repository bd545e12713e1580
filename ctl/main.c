/*
 * main.c - linnetctl: settings shown and checked, passwords tested and made, sessions listed and
 * ended
 *
 * Nothing here is long-lived or talks to clients; what needs root (the login
 * socket, a key) fails with the system's own word for it.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"

/* Longest first where one verb begins another. */
static const struct verb {
	const char *name;
	const char *usage;
	int (*run)(struct ctl *ctl, int argc, char **argv);
} verbs[] = {
	{ "config check",
	  "                      say what is wrong, or without effect, in the settings",
	  ctl_config_check },
	{ "config",
	  "[-a | -n] [NAME ...]  print all settings, the changed ones, or those named",
	  ctl_config },
	{ "auth test",
	  "[-s SERVICE] USER     ask authd whether a password is right",
	  ctl_auth_test },
	{ "cache flush",
	  "[USER]                forget what authd has kept of passwords",
	  ctl_flush },
	{ "who",
	  "[USER | NETWORK]      who is logged in",
	  ctl_who },
	{ "kick",
	  "USER | NETWORK        end the sessions of a user, or from a network",
	  ctl_kick },
	{ "stats",
	  "                      print authd's counters",
	  ctl_stats },
	{ "pw",
	  "[-l] [-s SCHEME] [-r N] [-t HASH] [-V]  make or test the hash of a password",
	  ctl_pw },
};

void
ctl_complain(const char *format, ...)
{
	va_list args;

	fputs("linnetctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void
print_usage(FILE *to)
{
	fprintf(to, "usage: linnetctl [-c FILE] VERB [ARGUMENT ...]\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-16s %s\n", verbs[i].name, verbs[i].usage);
	fprintf(to, "FILE is " SYSCONFDIR
	            "/linnet/linnet.conf where -c is not given; see linnetctl(8).\n");
}

/* How many of the words name this verb; 0 when they name another. */
static int
words_of(const struct verb *verb, int argc, char **argv)
{
	const char *rest = verb->name;
	int count = 0;

	while (*rest) {
		size_t n = strcspn(rest, " ");

		if (count >= argc || strlen(argv[count]) != n || strncmp(argv[count], rest, n) != 0)
			return 0;
		rest += n + (rest[n] == ' ');
		count++;
	}
	return count;
}

static int
run_verb(struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int n = words_of(&verbs[i], argc, argv);

		if (n > 0) {
			optind = 1;
			return verbs[i].run(ctl, argc - n + 1, argv + n - 1);
		}
	}
	if (argc > 0)
		ctl_complain("there is no verb \"%s\"", argv[0]);
	print_usage(stderr);
	return EX_USAGE;
}

/* What went to standard output must have got there: the hash on a full disk is no hash. */
static int
close_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	ctl_complain("cannot write: standard output is full or closed");
	return status ? status : EX_IOERR;
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { SYSCONFDIR "/linnet/linnet.conf", ARENA_EMPTY };
	int first = 1, status;

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		ctl.config = argv[2];
		first = 3;
	}
	if (argc > first &&
	    (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0)) {
		print_usage(stdout);
		return close_output(EX_OK);
	}
	if (argc > first && strcmp(argv[first], "--version") == 0) {
		printf("linnetctl (linnet) %s\n", PACKAGE_VERSION);
		return close_output(EX_OK);
	}
	status = run_verb(&ctl, argc - first, argv + first);
	arena_free(&ctl.mem);
	return close_output(status);
}
