/* cmd_select.c - SELECT EXAMINE CHECK CLOSE UNSELECT */
#include "common/base/log.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/grammar.h"
#include "imapd/select_params.h"
#include "imapd/session.h"
#include "imapd/special_use.h"

struct select_args {
	struct mailbox_name  name;
	struct select_params params;
};

/* select = "SELECT" SP mailbox [select-params]
 * examine = "EXAMINE" SP mailbox [select-params]                          RFC 4466 s.3 */
void *
parse_select(struct cursor *c)
{
	struct select_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->name = take_mailbox(c);
	take_select_params(c, &a->params);
	return a;
}

/* What IMAP4rev2 has no more (RFC 9051 appendix E.11, 12), and a number where UIDs are all. */
static void
put_rev1_state(struct session *s)
{
	uint32_t unseen = s->enabled & ENABLED_UIDONLY ? 0 : mailbox_first_unseen(s->box);

	if (s->enabled & ENABLED_IMAP4REV2)
		return;
	out_printf(&s->out, "* %u RECENT\r\n", (unsigned)mailbox_recent(s->box));
	if (unseen)
		out_printf(&s->out, "* OK [UNSEEN %u] First unseen.\r\n", (unsigned)unseen);
}

/*
 * The untagged answers of RFC 3501 s.6.3.1, in the order and words of Dovecot.
 * Every mailbox has mod-sequences: where they cannot be stored they begin anew
 * from the clock, so an older one is never taken for a newer.
 */
static void
put_state(struct session *s)
{
	put_mailbox_flags(s);
	out_printf(&s->out, "* %u EXISTS\r\n", (unsigned)mailbox_count(s->box));
	put_rev1_state(s);
	out_printf(&s->out,
	           "* OK [UIDVALIDITY %u] UIDs valid\r\n* OK [UIDNEXT %u] Predicted next UID\r\n",
	           (unsigned)mailbox_uidvalidity(s->box), (unsigned)mailbox_uidnext(s->box));
	put_highestmodseq(s);
	if (mailbox_id(s->box))
		out_printf(&s->out, "* OK [MAILBOXID (%s)] Mailbox id\r\n", mailbox_id(s->box));
}

/* RFC 9051 s.6.3.2 wants a LIST response; attributes that are not said are not claimed. */
static void
put_list_of_itself(struct session *s)
{
	if (!(s->enabled & ENABLED_IMAP4REV2))
		return;
	out_printf(&s->out, "* LIST (%s) \"%c\" ", special_use_of(s, mailbox_name(s->box)),
	           s->names.separator);
	put_mailbox(s, mailbox_name(s->box));
	out_str(&s->out, "\r\n");
}

/*
 * A SELECT that fails leaves no mailbox selected (RFC 3501 s.6.3.1), so the old
 * one is closed first.
 */
static void
select_mailbox(struct session *s, const struct select_args *a, enum mailbox_mode mode,
               const char *done)
{
	const char *name = a->name.name;

	if (!select_params_allowed(s, &a->params))
		return;
	session_close_box(s);
	if (!name_is_usable(s, &a->name))
		return;
	if (mailbox_open(s->store, name, mode, &s->box) < 0) {
		reply_errno(s, "open", name);
		return;
	}
	if (mailbox_trouble(s->box))
		log_warning("Mailbox %s: %s", name, mailbox_trouble(s->box));
	s->box_is_blind = false;
	s->modseq_told = mailbox_highestmodseq(s->box);
	put_state(s);
	put_list_of_itself(s);
	if (a->params.has_condstore)
		s->enabled |= ENABLED_CONDSTORE; /* its HIGHESTMODSEQ has been told */
	select_resync(s, &a->params);
	reply_ok(s, mailbox_is_writable(s->box) ? "READ-WRITE" : "READ-ONLY", done);
}

void
run_select(struct session *s, const void *args, unsigned flags)
{
	(void)flags;
	select_mailbox(s, args, MAILBOX_READ_WRITE, "Select completed.");
}

void
run_examine(struct session *s, const void *args, unsigned flags)
{
	(void)flags;
	select_mailbox(s, args, MAILBOX_READ_ONLY, "Examine completed.");
}

/* All that CHECK could do is done with every change; news are the dispatcher's. */
void
run_check(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	reply_ok(s, NULL, "Check completed.");
}

/*
 * Removes without telling (RFC 3501 s.6.4.2), and without HIGHESTMODSEQ (RFC 7162 s.3.2.8);
 * the mailbox is left also when that failed.
 */
void
run_close(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	reply_ok(s, NULL, "Close completed.");
	if (mailbox_is_writable(s->box) && expunge_deleted(s, NULL) < 0)
		reply_errno(s, "expunge", mailbox_name(s->box));
	session_leave_box(s);
}

void
run_unselect(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	session_leave_box(s);
	reply_ok(s, NULL, "Unselect completed.");
}
