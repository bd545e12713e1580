/* cmd_copy.c - COPY, MOVE (RFC 6851) and their UID forms */
#include <errno.h>

#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/notify.h"
#include "imapd/progress.h"
#include "imapd/session.h"

struct copy_args {
	struct seq_set      set;
	struct mailbox_name target;
};

/* copy = "COPY" SP sequence-set SP mailbox ; move = "MOVE" SP sequence-set SP mailbox */
void *
parse_copy(struct cursor *c)
{
	struct copy_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
	a->target = take_mailbox(c);
	return a;
}

/* resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set                     RFC 4315 s.4 */
static const char *
copyuid(struct session *s, const struct copied *copied)
{
	struct buf text = BUF_EMPTY;
	const char *copy;

	buf_printf(&text, "COPYUID %u ", (unsigned)copied->uidvalidity);
	ranges_print(&copied->from, &text);
	buf_byte(&text, ' ');
	ranges_print(&copied->to, &text);
	copy = arena_string(&s->mem, buf_view(&text));
	buf_free(&text);
	return copy;
}

static void
step(void *context)
{
	progress_step(context, 20);
}

/* RFC 9585; each message comes twice, for its file and for its name in the target. */
static int
copy_telling(struct session *s, const struct ranges *uids, const char *target, bool move,
             struct copied *copied_out)
{
	struct progress p;
	int failed;

	progress_begin(&p, s, 2 * ranges_total(uids));
	p.is_firm = true;
	mailbox_on_step(s->box, step, &p);
	failed = mailbox_copy(s->box, uids, target, move, &s->mem, copied_out);
	mailbox_on_step(s->box, NULL, NULL);
	return failed;
}

/* Copy or move; false: the reply is set. */
static bool
copy_messages(struct session *s, const struct copy_args *a, bool by_uid, bool move,
              struct copied *copied_out)
{
	struct ranges uids;

	if (!name_is_usable(s, &a->target) || !session_uids(s, &a->set, by_uid, &uids))
		return false;
	if (!store_has(s->store, a->target.name))
		errno = ENOENT;
	else if (copy_telling(s, &uids, a->target.name, move, copied_out) == 0) {
		notify_own_mail(s, a->target.name, &copied_out->to);
		return true;
	}
	reply_target_errno(s, move ? "move to" : "copy to", a->target.name);
	return false;
}

void
run_copy(struct session *s, const void *args, unsigned flags)
{
	struct copied copied = { 0, RANGES_EMPTY, RANGES_EMPTY };

	if (!copy_messages(s, args, (flags & BY_UID) != 0, false, &copied))
		return;
	if (copied.from.count == 0)
		reply_ok(s, NULL, "No messages found.");
	else
		reply_ok(s, copyuid(s, &copied), "Copy completed.");
}

/* COPYUID goes untagged before the EXPUNGEs, which are news (RFC 6851 s.4.3, RFC 7162 s.3.2.7). */
void
run_move(struct session *s, const void *args, unsigned flags)
{
	struct copied copied = { 0, RANGES_EMPTY, RANGES_EMPTY };

	if (!copy_messages(s, args, (flags & BY_UID) != 0, true, &copied))
		return;
	if (copied.from.count == 0) {
		reply_ok(s, NULL, "No messages found.");
		return;
	}
	out_printf(&s->out, "* OK [%s] Moved UIDs.\r\n", copyuid(s, &copied));
	s->expunged += ranges_total(&copied.from);
	s->ends_with_modseq = true;
	reply_ok(s, NULL, "Move completed.");
}
