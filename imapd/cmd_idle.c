/* cmd_idle.c - IDLE (RFC 2177) */
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "imapd/commands.h"
#include "imapd/notify.h"
#include "imapd/session.h"

enum { POLL_MS = 5000 /* where the system tells nothing by itself */ };

/* The sooner of two timeouts, where -1 is none. */
static int
sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Nothing is held meanwhile but the view: most sessions are here. */
void
session_wait(struct session *s, bool is_idle)
{
	bool tells = s->box && notify_selected(s);
	int64_t since = clock_ms();
	int watch[2], timeout;

	if (!is_idle && in_has(&s->in))
		return;
	buf_free(&s->command);
	do {
		struct arena_mark mark = arena_mark(&s->mem);

		watch[0] = tells ? mailbox_watch(s->box) : -1;
		timeout = tells && watch[0] < 0 ? POLL_MS : -1;
		if (tells)
			notify_report(s, is_idle || notify_expunges_at_once(s), false);
		if (s->notify)
			notify_tell(s);
		watch[1] = s->notify ? notify_watch(s->notify) : -1;
		timeout = sooner(timeout, s->notify ? notify_wait_ms(s->notify) : -1);
		arena_release(&s->mem, mark);
		out_release(&s->out);
		in_release(&s->in);
	} while (!in_wait(&s->in, watch, 2, timeout, since));
}

/* idle = "IDLE" CRLF "DONE" */
void
run_idle(struct session *s, const void *args, unsigned flags)
{
	struct span line;

	(void)args, (void)flags;
	out_str(&s->out, "+ idling\r\n");
	session_wait(s, true);
	if (in_line(&s->in, LIMIT_LINE, &line) == IN_LINE_TOO_LONG)
		session_bye(s, "Command line is too long");
	if (span_is_nocase(line, "DONE"))
		reply_ok(s, NULL, "Idle completed.");
	else
		reply_bad(s, "expected DONE");
}
