/*
 * who.c - linnetctl who, kick, stats, cache flush: what the running authd knows
 *
 * authd has a list of the sessions that asked it; those that began before it was
 * started last are not in it.  kick sends SIGTERM, on which a session says goodbye.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/net.h"
#include "common/base/number.h"
#include "common/start/auth_client.h"
#include "common/start/auth_line.h"
#include "ctl/ctl.h"

enum { PATIENCE_MS = 30 * 1000 };

/* One listing, while its lines come in. */
struct listing {
	struct ctl *ctl;
	const char *wanted; /* a user, or a network; NULL for all */
	size_t      count, failed;
};

struct session {
	struct span user, service, address, id;
	uint64_t    pid, since;
};

static bool
read_session(const struct auth_line *line, struct session *out)
{
	if (!span_is(line->field[0], "SESSION"))
		return false;
	*out = (struct session){ auth_line_value(line, 2, "user"),
		                 auth_line_value(line, 2, "service"),
		                 auth_line_value(line, 2, "rip"),
		                 auth_line_value(line, 2, "session"), 0, 0 };
	return number_parse(auth_line_value(line, 2, "pid"), INT32_MAX, &out->pid) &&
	       number_parse(auth_line_value(line, 2, "since"), INT64_MAX, &out->since);
}

static bool
is_wanted(const struct listing *l, const struct session *s)
{
	struct net_address a;

	if (!l->wanted || span_is_nocase(s->user, l->wanted))
		return true;
	return net_address_parse(arena_string(&l->ctl->mem, s->address), &a) &&
	       net_is_in(&a, l->wanted);
}

static void
print_session(void *context, const struct auth_line *line)
{
	struct listing *l = context;
	struct session s;
	char when[32];
	time_t since;

	if (!read_session(line, &s) || !is_wanted(l, &s))
		return;
	if (l->count++ == 0)
		printf("%-32s %-7s %-8s %-39s %s\n", "user", "service", "pid", "address", "since");
	since = (time_t)s.since;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime(&since));
	printf("%-32.*s %-7.*s %-8llu %-39.*s %s\n", (int)s.user.len, s.user.at, (int)s.service.len,
	       s.service.at, (unsigned long long)s.pid, (int)s.address.len, s.address.at, when);
}

static void
end_session(void *context, const struct auth_line *line)
{
	struct listing *l = context;
	struct session s;

	if (!read_session(line, &s) || !is_wanted(l, &s) || s.pid <= 1)
		return;
	l->count++;
	if (kill((pid_t)s.pid, SIGTERM) == 0)
		printf("%.*s: session %.*s (%llu) is ended\n", (int)s.user.len, s.user.at,
		       (int)s.id.len, s.id.at, (unsigned long long)s.pid);
	else if (++l->failed > 0)
		ctl_complain("%.*s: process %llu: %s", (int)s.user.len, s.user.at,
		             (unsigned long long)s.pid, strerror(errno));
}

static void
print_text(void *context, const struct auth_line *line)
{
	struct span text = auth_line_value(line, 2, "text");

	(void)context;
	if (text.at)
		printf("%.*s\n", (int)text.len, text.at);
}

static void
print_count(void *context, const struct auth_line *line)
{
	struct span count = auth_line_value(line, 2, "count");

	(void)context;
	if (count.at)
		printf("%.*s answers are forgotten\n", (int)count.len, count.at);
}

static int
ask(struct ctl *ctl, const char *command, const char *user,
    void (*each)(void *context, const struct auth_line *line), struct listing *l)
{
	int64_t deadline = clock_ms() + PATIENCE_MS;
	struct settings_problems problems;
	struct auth_client *client;
	const char *why = "";
	struct settings s;
	bool is_whole;

	if (!ctl_load(ctl, &s, &problems, false))
		return EX_CONFIG;
	client = auth_client_open(arena_printf(&ctl->mem, "%s/login", s.base_dir), deadline,
	                          &ctl->mem, &why);
	if (!client) {
		ctl_complain("authd cannot be reached: %s", why);
		return EX_UNAVAILABLE;
	}
	is_whole = auth_client_list(client, command, user, deadline, each, l);
	auth_client_close(client);
	if (!is_whole)
		ctl_complain("authd did not answer to the end");
	return is_whole ? EX_OK : EX_PROTOCOL;
}

int
ctl_who(struct ctl *ctl, int argc, char **argv)
{
	struct listing l = { ctl, argc > 1 ? argv[1] : NULL, 0, 0 };

	if (argc > 2) {
		ctl_complain("usage: linnetctl who [USER | NETWORK]");
		return EX_USAGE;
	}
	return ask(ctl, "WHO", NULL, print_session, &l);
}

int
ctl_kick(struct ctl *ctl, int argc, char **argv)
{
	struct listing l = { ctl, argc > 1 ? argv[1] : NULL, 0, 0 };
	int status;

	if (argc != 2 || !argv[1][0]) {
		ctl_complain("usage: linnetctl kick USER | NETWORK");
		return EX_USAGE;
	}
	status = ask(ctl, "WHO", NULL, end_session, &l);
	if (status == EX_OK && l.count == 0) {
		ctl_complain("%s: no session", argv[1]);
		return EX_NOUSER;
	}
	return status == EX_OK && l.failed > 0 ? EX_NOPERM : status;
}

int
ctl_stats(struct ctl *ctl, int argc, char **argv)
{
	struct listing l = { ctl, NULL, 0, 0 };

	if (argc > 1) {
		ctl_complain("stats takes no \"%s\"", argv[1]);
		return EX_USAGE;
	}
	return ask(ctl, "STATS", NULL, print_text, &l);
}

int
ctl_flush(struct ctl *ctl, int argc, char **argv)
{
	struct listing l = { ctl, NULL, 0, 0 };

	if (argc > 2) {
		ctl_complain("usage: linnetctl cache flush [USER]");
		return EX_USAGE;
	}
	return ask(ctl, "FLUSH", argc > 1 ? argv[1] : NULL, print_count, &l);
}
