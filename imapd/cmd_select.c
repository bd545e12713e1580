/* cmd_select.c - SELECT EXAMINE CHECK CLOSE UNSELECT */
#include "common/base/log.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/* select = "SELECT" SP mailbox ; examine = "EXAMINE" SP mailbox */
void *
parse_select(struct cursor *c)
{
	struct mailbox_name *name = arena_zero(c->mem, sizeof(*name));

	take_byte(c, ' ');
	*name = take_mailbox(c);
	return name;
}

static uint32_t
first_unseen(const struct mailbox *box)
{
	for (uint32_t n = 1; n <= mailbox_count(box); n++)
		if (!(mailbox_message(box, n)->flags & FLAG_SEEN))
			return n;
	return 0;
}

/* The untagged answers of RFC 3501 s.6.3.1, in the order and words of Dovecot. */
static void
put_state(struct session *s)
{
	uint32_t unseen = first_unseen(s->box);

	put_mailbox_flags(s);
	out_printf(&s->out, "* %u EXISTS\r\n* %u RECENT\r\n", (unsigned)mailbox_count(s->box),
	           (unsigned)mailbox_recent(s->box));
	if (unseen)
		out_printf(&s->out, "* OK [UNSEEN %u] First unseen.\r\n", (unsigned)unseen);
	out_printf(&s->out,
	           "* OK [UIDVALIDITY %u] UIDs valid\r\n* OK [UIDNEXT %u] Predicted next UID\r\n",
	           (unsigned)mailbox_uidvalidity(s->box), (unsigned)mailbox_uidnext(s->box));
}

/*
 * A SELECT that fails leaves no mailbox selected (RFC 3501 s.6.3.1), so the old
 * one is closed first.
 */
static void
select_mailbox(struct session *s, const struct mailbox_name *name, enum mailbox_mode mode,
               const char *done)
{
	session_close_box(s);
	if (!name_is_usable(s, name))
		return;
	if (mailbox_open(s->store, name->name, mode, &s->box) < 0) {
		reply_errno(s, "open", name->name);
		return;
	}
	if (mailbox_trouble(s->box))
		log_warning("Mailbox %s: %s", name->name, mailbox_trouble(s->box));
	s->box_is_blind = false;
	put_state(s);
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

/* Removes without telling (RFC 3501 s.6.4.2); the mailbox is left also when that failed. */
void
run_close(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	reply_ok(s, NULL, "Close completed.");
	if (mailbox_is_writable(s->box) && expunge_deleted(s, NULL) < 0)
		reply_errno(s, "expunge", mailbox_name(s->box));
	s->box = mailbox_close(s->box);
}

void
run_unselect(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	s->box = mailbox_close(s->box);
	reply_ok(s, NULL, "Unselect completed.");
}
