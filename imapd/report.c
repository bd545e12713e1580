/* report.c - telling the client what happened to the selected mailbox */
#include <errno.h>

#include "common/base/log.h"
#include "imapd/session.h"

static void
tell_expunged(struct session *s, const struct news *n)
{
	out_printf(&s->out, "* %u EXPUNGE\r\n", (unsigned)n->number);
}

static void
tell_exists(struct session *s, const struct news *n)
{
	out_printf(&s->out, "* %u EXISTS\r\n", (unsigned)n->number);
}

static void
tell_recent(struct session *s, const struct news *n)
{
	out_printf(&s->out, "* %u RECENT\r\n", (unsigned)n->number);
}

static void
tell_keywords(struct session *s, const struct news *n)
{
	(void)n;
	report_keywords(s);
}

static void
tell_flags(struct session *s, const struct news *n)
{
	report_keywords(s);
	put_fetch_flags(s, n->number, false);
}

/* There is no response that takes a mailbox away from a client, so the connection goes. */
static void
tell_lost(struct session *s, const struct news *n)
{
	(void)n;
	session_bye(s, "Selected mailbox was deleted or renamed, reconnect please.");
}

/* A folder that cannot be looked at is no command's failure: one log line until it can be again. */
static void
look_again(struct session *s)
{
	bool failed = mailbox_sync(s->box) < 0;

	if (failed && !s->box_is_blind)
		log_error("Mailbox %s: cannot look for changes: %s", mailbox_name(s->box),
		          strerror(errno));
	s->box_is_blind = failed;
}

void
report_news(struct session *s, bool may_expunge)
{
	static void (*const tell[])(struct session *s, const struct news *n) = {
		[NEWS_EXPUNGED] = tell_expunged, [NEWS_EXISTS] = tell_exists,
		[NEWS_RECENT] = tell_recent,     [NEWS_KEYWORDS] = tell_keywords,
		[NEWS_FLAGS] = tell_flags,       [NEWS_LOST] = tell_lost,
	};
	struct news n;

	look_again(s);
	while (mailbox_next_news(s->box, may_expunge, &n))
		tell[n.kind](s, &n);
}

void
report_keywords(struct session *s)
{
	if (mailbox_keyword_count(s->box) != s->keywords_told)
		put_mailbox_flags(s);
}
