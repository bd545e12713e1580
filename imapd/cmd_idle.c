/* cmd_idle.c - IDLE (RFC 2177) */
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "imapd/commands.h"
#include "imapd/session.h"

enum { POLL_MS = 5000 /* where the system tells nothing by itself */ };

/*
 * Tell news until the client sends something.  Nothing is held meanwhile but the
 * view: most sessions are here.
 */
static void
wait_for_client(struct session *s)
{
	int64_t since = clock_ms();
	int watch = s->box ? mailbox_watch(s->box) : -1;
	int timeout = s->box && watch < 0 ? POLL_MS : -1;

	buf_free(&s->command);
	do {
		if (s->box)
			report_news(s, true);
		out_release(&s->out);
		in_release(&s->in);
	} while (!in_wait(&s->in, &watch, 1, timeout, since));
}

/* idle = "IDLE" CRLF "DONE" */
void
run_idle(struct session *s, const void *args, unsigned flags)
{
	struct span line;

	(void)args, (void)flags;
	out_str(&s->out, "+ idling\r\n");
	wait_for_client(s);
	if (in_line(&s->in, LIMIT_LINE, &line) == IN_LINE_TOO_LONG)
		session_bye(s, "Command line is too long");
	if (span_is_nocase(line, "DONE"))
		reply_ok(s, NULL, "Idle completed.");
	else
		reply_bad(s, "expected DONE");
}
