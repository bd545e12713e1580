/*
 * report.c - telling the client what happened to the selected mailbox
 *
 * Removed messages come one by one, the last one first.  As EXPUNGE they go out
 * like that; as VANISHED they are gathered, and go before anything else is told.
 *
 * While removals are held back (RFC 3501 s.7.4.1) the client may have seen larger
 * mod-sequences than theirs: it must not believe that it knows everything up to
 * those, so it is told how far it does (RFC 7162 s.3.2).
 */
#include <errno.h>

#include "common/base/log.h"
#include "imapd/search_context.h"
#include "imapd/session.h"

/* UIDs that wait to be told as VANISHED, in descending order; IDLE resets no arena. */
struct report {
	struct buf waiting;
};

static void
tell_vanished(struct session *s, struct report *r)
{
	struct arena_mark mark = arena_mark(&s->mem);
	struct ranges uids = RANGES_EMPTY;

	for (size_t at = r->waiting.len; at > 0; at -= sizeof(uint32_t)) {
		uint32_t uid;

		memcpy(&uid, r->waiting.data + at - sizeof(uid), sizeof(uid));
		ranges_add(&uids, &s->mem, uid, uid);
	}
	put_vanished(s, &uids, false);
	arena_release(&s->mem, mark);
	buf_reset(&r->waiting);
}

static void
tell_expunged(struct session *s, const struct news *n, struct report *r)
{
	search_contexts_expunged(s, n->number, n->uid);
	s->expunges_told++;
	if (!(s->enabled & (ENABLED_QRESYNC | ENABLED_UIDONLY))) {
		out_printf(&s->out, "* %u EXPUNGE\r\n", (unsigned)n->number);
		return;
	}
	buf_add(&r->waiting, &n->uid, sizeof(n->uid));
}

static void
tell_exists(struct session *s, const struct news *n, struct report *r)
{
	(void)r;
	out_printf(&s->out, "* %u EXISTS\r\n", (unsigned)n->number);
}

/* IMAP4rev2 has no RECENT (RFC 9051 appendix E.12). */
static void
tell_recent(struct session *s, const struct news *n, struct report *r)
{
	(void)r;
	if (!(s->enabled & ENABLED_IMAP4REV2))
		out_printf(&s->out, "* %u RECENT\r\n", (unsigned)n->number);
}

static void
tell_keywords(struct session *s, const struct news *n, struct report *r)
{
	(void)n, (void)r;
	report_keywords(s);
}

static void
tell_flags(struct session *s, const struct news *n, struct report *r)
{
	(void)r;
	if (s->holds_flags)
		return;
	report_keywords(s);
	put_fetch_flags(s, n->number, s->notify != NULL); /* RFC 5465 s.5.1 wants the UID */
	if (s->flags_told)
		ranges_add(s->flags_told, &s->mem, n->uid, n->uid);
}

/* There is no response that takes a mailbox away from a client, so the connection goes. */
static void
tell_lost(struct session *s, const struct news *n, struct report *r)
{
	(void)n, (void)r;
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

static void
settle_modseq(struct session *s)
{
	if (!mailbox_holds_expunged(s->box))
		s->modseq_told = mailbox_highestmodseq(s->box);
	else if (s->enabled & ENABLED_QRESYNC)
		put_highestmodseq(s);
}

void
report_news(struct session *s, bool may_expunge)
{
	static void (*const tell[])(struct session *s, const struct news *n, struct report *r) = {
		[NEWS_EXPUNGED] = tell_expunged, [NEWS_EXISTS] = tell_exists,
		[NEWS_RECENT] = tell_recent,     [NEWS_KEYWORDS] = tell_keywords,
		[NEWS_FLAGS] = tell_flags,       [NEWS_LOST] = tell_lost,
	};
	struct report r = { BUF_EMPTY };
	struct news n;

	look_again(s);
	while (mailbox_next_news(s->box, may_expunge, &n)) {
		if (r.waiting.len > 0 && n.kind != NEWS_EXPUNGED)
			tell_vanished(s, &r);
		tell[n.kind](s, &n, &r);
	}
	if (r.waiting.len > 0)
		tell_vanished(s, &r);
	buf_free(&r.waiting);
	search_contexts_update(s);
	settle_modseq(s);
}

void
report_keywords(struct session *s)
{
	if (mailbox_keyword_count(s->box) != s->keywords_told)
		put_mailbox_flags(s);
}
