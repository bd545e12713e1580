/*
 * cmd_replace.c - REPLACE and UID REPLACE (RFC 8508)
 *
 * The new message is received and kept first, then the old one removed: what
 * fails in between leaves both, never none.
 */
#include "imapd/append.h"
#include "imapd/commands.h"
#include "imapd/session.h"

struct replace_args {
	struct seq_set       set; /* one message */
	struct mailbox_name  target;
	struct append_script script;
};

/* replace = "REPLACE" SP seq-number SP mailbox append-message ; uid =/ "UID" SP replace */
void *
parse_replace(struct cursor *c)
{
	struct replace_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	if (ranges_total(&a->set.fixed) + a->set.has_star != 1 || a->set.is_saved ||
	    (a->set.has_star && a->set.star_from != UINT32_MAX))
		cursor_fail(c, "expected one message number or *");
	take_byte(c, ' ');
	a->target = take_mailbox(c);
	a->script.is_single = true;
	take_append_steps(c, &a->script);
	return a;
}

/* The UID to be replaced, of a message that is there; 0: the reply is set. */
static struct ranges
old_message(struct session *s, const struct replace_args *a, bool by_uid)
{
	struct ranges uids = RANGES_EMPTY;

	if (session_uids(s, &a->set, by_uid, &uids) && uids.count == 0)
		reply_no(s, NULL, "There is no message with this UID.");
	return uids;
}

/* As UID EXPUNGE of it: it goes whatever its flags are. */
static bool
remove_old(struct session *s, const struct ranges *uids)
{
	const struct flags_change deleted = { .how = FLAGS_ADD, .flags = FLAG_DELETED };

	if (mailbox_flags(s->box, uids, &deleted, &s->mem, NULL) == 0 &&
	    mailbox_expunge(s->box, uids) == 0)
		return true;
	reply_errno(s, "remove the replaced message from", mailbox_name(s->box));
	return false;
}

/* APPENDUID goes untagged in front of what the report tells (RFC 8508 s.4.3). */
static void
finish(struct session *s, const char *target, const struct ranges *uids)
{
	const char *code = append_finish(s, target);

	if (!code)
		return;
	out_printf(&s->out, "* OK [%s] Replacement message ready\r\n", code);
	if (!remove_old(s, uids))
		return;
	s->expunged++;
	s->ends_with_modseq = true;
	reply_ok(s, NULL, "Replace completed.");
}

void
run_replace(struct session *s, const void *args, unsigned flags)
{
	const struct replace_args *a = args;
	struct append_script script = a->script;
	struct ranges uids = old_message(s, a, (flags & BY_UID) != 0);

	if (uids.count == 0 || !append_open_target(s, &a->target))
		return;
	if (append_receive(s, a->target.name, &script))
		finish(s, a->target.name, &uids);
	s->append = append_close(s->append);
}
