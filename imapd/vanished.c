/* vanished.c - VANISHED and HIGHESTMODSEQ of RFC 7162, and how FETCH responses name a message */
#include "imapd/session.h"

void
put_highestmodseq(struct session *s)
{
	out_str(&s->out, "* OK [HIGHESTMODSEQ ");
	out_number(&s->out, s->modseq_told);
	out_str(&s->out, "] Highest\r\n");
}

/* expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids                     RFC 7162 s.7 */
void
put_vanished(struct session *s, const struct ranges *uids, bool is_earlier)
{
	struct buf text = BUF_EMPTY;

	if (uids->count == 0)
		return;
	ranges_print(uids, &text);
	out_str(&s->out, is_earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
	out_span(&s->out, buf_view(&text));
	out_str(&s->out, "\r\n");
	buf_free(&text);
}

/* message-data =/ uniqueid SP "UIDFETCH" SP "(" ... ")"                          RFC 9586 s.4 */
void
put_fetch_start(struct session *s, uint32_t number)
{
	bool by_uid = (s->enabled & ENABLED_UIDONLY) != 0;

	out_str(&s->out, "* ");
	out_number(&s->out, by_uid ? mailbox_message(s->box, number)->uid : number);
	out_str(&s->out, by_uid ? " UIDFETCH (" : " FETCH (");
}

void
put_fetch_modseq(struct session *s, uint32_t number)
{
	const struct message *m = mailbox_message(s->box, number);

	put_fetch_start(s, number);
	if (!(s->enabled & ENABLED_UIDONLY))
		out_printf(&s->out, "UID %u ", (unsigned)m->uid);
	out_printf(&s->out, "MODSEQ (%llu))\r\n", (unsigned long long)m->modseq);
}

/*
 * RFC 7162 s.3.2.4: a client that is CONDSTORE-aware gets UID and MODSEQ;
 * RFC 9051 s.7.5.2: one of IMAP4rev2 gets UID.  UIDFETCH has it in front.
 */
void
put_fetch_known(struct session *s, uint32_t number, bool with_uid)
{
	const struct message *m = mailbox_message(s->box, number);

	with_uid |= (s->enabled & (ENABLED_CONDSTORE | ENABLED_IMAP4REV2)) != 0;
	if (with_uid && !(s->enabled & ENABLED_UIDONLY))
		out_printf(&s->out, "UID %u ", (unsigned)m->uid);
	if (s->enabled & ENABLED_CONDSTORE)
		out_printf(&s->out, "MODSEQ (%llu) ", (unsigned long long)m->modseq);
}
