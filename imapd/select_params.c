/* select_params.c - CONDSTORE and QRESYNC behind SELECT (RFC 7162) */
#include "imapd/select_params.h"

#include <errno.h>

#include "common/base/log.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

static void
take_condstore(struct cursor *c, void *into)
{
	struct select_params *p = into;

	(void)c;
	p->has_condstore = true;
}

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")" */
static void
take_match_data(struct cursor *c, struct select_params *p)
{
	take_byte(c, '(');
	p->numbers = take_known_set(c);
	take_byte(c, ' ');
	p->uids = take_known_set(c);
	take_byte(c, ')');
	p->has_match = true;
	if (cursor_ok(c) && ranges_total(&p->numbers) != ranges_total(&p->uids))
		cursor_fail(c, "expected as many UIDs as message numbers");
}

/* select-param =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value
 *                 [SP known-uids] [SP seq-match-data] ")"           RFC 7162 s.7 */
static void
take_qresync(struct cursor *c, void *into)
{
	struct select_params *p = into;

	take_byte(c, ' ');
	take_byte(c, '(');
	p->uidvalidity = take_nz_number(c);
	take_byte(c, ' ');
	p->modseq = take_modseq_or_zero(c);
	p->has_qresync = true;
	if (try_byte(c, ' ')) {
		if (!at_byte(c, '(')) {
			p->known = take_known_set(c);
			p->has_known = true;
		}
		if (!p->has_known || try_byte(c, ' '))
			take_match_data(c, p);
	}
	take_byte(c, ')');
}

static const struct param params[] = {
	{ "CONDSTORE", take_condstore },
	{ "QRESYNC",   take_qresync   },
};
static const struct param_table table = {
	params, sizeof(params) / sizeof(params[0]),
	"expected CONDSTORE or QRESYNC", "a SELECT parameter is there twice",
};

void
take_select_params(struct cursor *c, struct select_params *p)
{
	take_params(c, &table, p);
}

bool
select_params_allowed(struct session *s, const struct select_params *p)
{
	if (p->has_qresync && !(s->enabled & ENABLED_QRESYNC)) {
		reply_bad(s, "QRESYNC has to be enabled first");
		return false;
	}
	if (p->has_match && (s->enabled & ENABLED_UIDONLY)) {
		s->reply_code = "UIDREQUIRED";
		reply_bad(s, "message numbers are not in use");
		return false;
	}
	return true;
}

/*
 * The largest UID of which the client's number is still right: it knows what
 * was removed up to there (RFC 7162 s.3.2.5.2).  Pairs come in ascending order; the first
 * that does not match ends it.
 */
static uint32_t
sure_up_to(const struct mailbox *box, const struct select_params *p)
{
	struct ranges_walk at_number = { 0 }, at_uid = { 0 };
	uint32_t number, uid, sure = 0;

	while (ranges_next(&p->numbers, &at_number, &number) &&
	       ranges_next(&p->uids, &at_uid, &uid)) {
		if (number > mailbox_count(box) || mailbox_message(box, number)->uid != uid)
			break;
		sure = uid;
	}
	return sure;
}

/* uids without those up to and with last; in place, for both are sorted. */
static void
cut_front(struct ranges *uids, uint32_t last)
{
	while (uids->count > 0 && uids->range->last <= last) {
		uids->range++;
		uids->count--;
	}
	if (uids->count > 0 && uids->range->first <= last)
		uids->range->first = last + 1;
	uids->room = uids->count;
}

/* known NULL stands for all UIDs there were. */
static void
put_removed(struct session *s, const struct select_params *p, const struct ranges *known)
{
	struct ranges gone = RANGES_EMPTY;

	if (mailbox_uidnext(s->box) == 1)
		return; /* it never had a message: nothing is known of it */
	if (mailbox_vanished(s->box, p->modseq, known, &s->mem, &gone) < 0) {
		log_error("Mailbox %s: cannot tell what was removed: %s", mailbox_name(s->box),
		          strerror(errno));
		return;
	}
	cut_front(&gone, sure_up_to(s->box, p));
	put_vanished(s, &gone, true);
}

void
select_resync(struct session *s, const struct select_params *p)
{
	const struct ranges *known = p->has_known ? &p->known : NULL;

	if (!p->has_qresync || p->uidvalidity != mailbox_uidvalidity(s->box))
		return;
	put_removed(s, p, known);
	for (uint32_t n = 1; (n = mailbox_next_changed(s->box, n, p->modseq)) != 0; n++)
		if (!known || ranges_has(known, mailbox_message(s->box, n)->uid))
			put_fetch_flags(s, n, true);
}
