/* cmd_expunge.c - EXPUNGE and UID EXPUNGE (RFC 4315) */
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

static uint64_t
count_deleted(const struct mailbox *box, const struct ranges *uids)
{
	uint64_t count = 0;

	for (uint32_t n = 1; (n = mailbox_next_deleted(box, n)) != 0; n++)
		if (!uids || ranges_has(uids, mailbox_message(box, n)->uid))
			count++;
	return count;
}

/* Also called when the view shows none: another session may have marked some since. */
int
expunge_deleted(struct session *s, const struct ranges *uids)
{
	uint64_t count = count_deleted(s->box, uids);

	if (mailbox_expunge(s->box, uids) < 0)
		return -1;
	s->expunged += count;
	return 0;
}

/* The EXPUNGE responses are news, which the dispatcher tells; it knows the MODSEQ behind them. */
static void
expunge_and_reply(struct session *s, const struct ranges *uids)
{
	if (expunge_deleted(s, uids) < 0) {
		reply_errno(s, "expunge", mailbox_name(s->box));
		return;
	}
	s->ends_with_modseq = true;
	reply_ok(s, NULL, "Expunge completed.");
}

void
run_expunge(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	expunge_and_reply(s, NULL);
}

/* uid-expunge = "UID" SP "EXPUNGE" SP sequence-set                       RFC 4315 s.4 */
void *
parse_uid_expunge(struct cursor *c)
{
	struct seq_set *set = arena_zero(c->mem, sizeof(*set));

	take_byte(c, ' ');
	*set = take_sequence_set(c);
	return set;
}

void
run_uid_expunge(struct session *s, const void *args, unsigned flags)
{
	struct ranges uids;

	if (session_uids(s, args, (flags & BY_UID) != 0, &uids))
		expunge_and_reply(s, &uids);
}
