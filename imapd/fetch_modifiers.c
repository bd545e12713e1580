/* fetch_modifiers.c - CHANGEDSINCE and VANISHED (RFC 7162), PARTIAL (RFC 9394) behind FETCH */
#include "imapd/fetch_modifiers.h"

#include "imapd/session.h"

/* chgsince-fetch-mod = "CHANGEDSINCE" SP mod-sequence-value */
static void
take_changedsince(struct cursor *c, void *into)
{
	struct fetch_modifiers *m = into;

	take_byte(c, ' ');
	m->since = take_modseq_or_zero(c);
	m->has_since = true;
}

/* rexpunges-fetch-mod = "VANISHED" */
static void
take_vanished(struct cursor *c, void *into)
{
	struct fetch_modifiers *m = into;

	(void)c;
	m->has_vanished = true;
}

/* modifier-partial = "PARTIAL" SP partial-range                                  RFC 9394 s.4 */
static void
take_partial(struct cursor *c, void *into)
{
	struct fetch_modifiers *m = into;

	take_byte(c, ' ');
	m->partial = take_partial_range(c);
	m->has_partial = true;
}

static const struct param modifiers[] = {
	{ "CHANGEDSINCE", take_changedsince },
	{ "VANISHED",     take_vanished     },
	{ "PARTIAL",      take_partial      },
};
static const struct param_table table = {
	modifiers, sizeof(modifiers) / sizeof(modifiers[0]),
	"there is no FETCH modifier of this name", "a FETCH modifier is there twice",
};

void
take_fetch_modifiers(struct cursor *c, struct fetch_modifiers *m)
{
	take_params(c, &table, m);
	if (cursor_ok(c) && m->has_vanished && !m->has_since)
		cursor_fail(c, "VANISHED goes together with CHANGEDSINCE only");
}

static bool
may_ask_vanished(struct session *s, bool by_uid)
{
	if (!by_uid)
		reply_bad(s, "VANISHED goes with UID FETCH only");
	else if (!(s->enabled & ENABLED_QRESYNC))
		reply_bad(s, "QRESYNC has to be enabled first");
	return s->reply == REPLY_NONE;
}

/*
 * The set with the UIDs of messages that are no longer there.  "*" is the last
 * UID that was ever given: who asks for 1:* wants to hear of a removed last message too.
 */
static struct ranges
named_uids(struct session *s, const struct seq_set *set, const struct ranges *found)
{
	struct ranges named = RANGES_EMPTY;
	uint32_t last = mailbox_uidnext(s->box) - 1;

	if (set->is_saved)
		return *found;
	for (size_t i = 0; i < set->fixed.count; i++)
		ranges_add(&named, &s->mem, set->fixed.range[i].first, set->fixed.range[i].last);
	if (set->has_star && set->star_from <= last)
		ranges_add(&named, &s->mem, set->star_from, last);
	return named;
}

/* Numbers go up with the UIDs, so no message has to be looked for. */
static struct ranges
changed_since(struct session *s, uint64_t since, const struct ranges *uids)
{
	struct ranges changed = RANGES_EMPTY;
	uint32_t count = mailbox_count(s->box);

	for (size_t i = 0; i < uids->count; i++) {
		uint32_t n = mailbox_number_at_or_behind(s->box, uids->range[i].first);

		for (; n <= count; n++) {
			const struct message *m = mailbox_message(s->box, n);

			if (m->uid > uids->range[i].last)
				break;
			if (m->modseq > since)
				ranges_add(&changed, &s->mem, m->uid, m->uid);
		}
	}
	return changed;
}

static struct ranges
part_of(struct session *s, const struct partial_range *partial, const struct ranges *uids)
{
	struct ranges part = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	uint32_t uid, first, last;

	if (!partial_of(partial, (uint32_t)ranges_total(uids), &first, &last))
		return part;
	for (uint32_t i = 1; i <= last && ranges_next(uids, &w, &uid); i++)
		if (i >= first)
			ranges_add(&part, &s->mem, uid, uid);
	return part;
}

/* VANISHED (EARLIER) comes before all FETCH responses, as clients are used to. */
bool
fetch_modifiers_run(struct session *s, const struct fetch_modifiers *m, const struct seq_set *set,
                    bool by_uid, struct ranges *uids)
{
	struct ranges gone = RANGES_EMPTY, named;

	if (m->has_vanished && !may_ask_vanished(s, by_uid))
		return false;
	if (!m->has_since) {
		if (m->has_partial)
			*uids = part_of(s, &m->partial, uids);
		return true;
	}
	session_enable(s, ENABLED_CONDSTORE);
	if (m->has_vanished) {
		named = named_uids(s, set, uids);
		if (mailbox_vanished(s->box, m->since, &named, &s->mem, &gone) < 0) {
			reply_errno(s, "tell what was removed from", mailbox_name(s->box));
			return false;
		}
		put_vanished(s, &gone, true);
	}
	*uids = changed_since(s, m->since, uids);
	if (m->has_partial)
		*uids = part_of(s, &m->partial, uids);
	return true;
}
