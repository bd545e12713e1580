/* sequence.c - which messages of the selected mailbox a sequence set names */
#include "imapd/grammar.h"
#include "imapd/session.h"

/* Add the UIDs of messages number first ... last, which exist. */
static void
add_numbers(struct session *s, uint32_t first, uint32_t last, struct ranges *uids)
{
	uint32_t begin = mailbox_message(s->box, first)->uid;
	uint32_t end = mailbox_message(s->box, last)->uid;

	if (end - begin == last - first) { /* there is none in between that is missing */
		ranges_add(uids, &s->mem, begin, end);
		return;
	}
	for (uint32_t n = first; n <= last; n++) {
		uint32_t uid = mailbox_message(s->box, n)->uid;

		ranges_add(uids, &s->mem, uid, uid);
	}
}

/*
 * By number: every number must exist, and '*' is one that does not exist in
 * an empty mailbox.  "n:*" needs n to exist; "*:n" is the same set.
 */
static bool
add_by_number(struct session *s, const struct seq_set *set, struct ranges *uids)
{
	uint32_t count = mailbox_count(s->box);
	uint32_t star_from = set->star_from == UINT32_MAX ? count : set->star_from;

	if (set->fixed.count > 0 && set->fixed.range[set->fixed.count - 1].last > count)
		return false;
	if (set->has_star && (star_from == 0 || star_from > count))
		return false;
	for (size_t i = 0; i < set->fixed.count; i++)
		add_numbers(s, set->fixed.range[i].first, set->fixed.range[i].last, uids);
	if (set->has_star)
		add_numbers(s, star_from, count, uids);
	return true;
}

/*
 * By UID: what is not there is left out, and "n:*" always names the last message
 * (RFC 3501 s.6.4.8).
 */
static void
add_by_uid(struct session *s, const struct seq_set *set, struct ranges *uids)
{
	uint32_t count = mailbox_count(s->box);

	for (size_t i = 0; i < set->fixed.count; i++) {
		uint32_t from = mailbox_number_at_or_behind(s->box, set->fixed.range[i].first);
		uint32_t behind = set->fixed.range[i].last == UINT32_MAX ?
		                          count + 1 :
		                          mailbox_number_at_or_behind(s->box,
		                                                      set->fixed.range[i].last + 1);

		if (from < behind)
			add_numbers(s, from, behind - 1, uids);
	}
	if (set->has_star && count > 0) {
		uint32_t from = mailbox_number_at_or_behind(s->box, set->star_from);

		add_numbers(s, from < count ? from : count, count, uids);
	}
}

void
session_forget_saved(struct session *s)
{
	s->saved = (struct ranges)RANGES_EMPTY;
	arena_free(&s->saved_mem);
}

bool
session_uids(struct session *s, const struct seq_set *set, bool by_uid, struct ranges *uids_out)
{
	struct ranges uids = RANGES_EMPTY;

	if (set->is_saved) { /* never the client's mistake: RFC 5182 s.2.1 */
		add_by_uid(s, &(struct seq_set){ .fixed = s->saved }, &uids);
	} else if (by_uid) {
		add_by_uid(s, set, &uids);
	} else if (!add_by_number(s, set, &uids)) {
		reply_bad(s, "there is no message with this number");
		return false;
	}
	*uids_out = uids;
	return true;
}
