/* search_resolve.c - what the arguments of a SEARCH program mean in the mailbox at hand */
#include <time.h>

#include "common/index/mailbox.h"
#include "imapd/search_program.h"

/*
 * The UIDs of messages number first ... last, as one range: no message comes in between later,
 * for new ones have larger UIDs.  So a thousand of "1:*" stay a thousand ranges.
 */
static void
add_numbers(struct search_key *key, const struct mailbox *box, struct arena *mem, uint32_t first,
            uint32_t last)
{
	ranges_add(&key->uids, mem, mailbox_message(box, first)->uid,
	           mailbox_message(box, last)->uid);
}

/* Every number must exist; in an empty mailbox none is asked after (RFC 3501 s.6.4.4). */
static bool
resolve_numbers(struct search_key *key, const struct mailbox *box, struct arena *mem)
{
	const struct ranges *fixed = &key->set.fixed;
	uint32_t count = mailbox_count(box), from = key->set.star_from;

	if (count == 0)
		return true;
	if (fixed->count > 0 && fixed->range[fixed->count - 1].last > count)
		return false;
	for (size_t i = 0; i < fixed->count; i++)
		add_numbers(key, box, mem, fixed->range[i].first, fixed->range[i].last);
	if (!key->set.has_star)
		return true;
	if (from == UINT32_MAX)
		from = count;
	if (from > count)
		return false;
	add_numbers(key, box, mem, from, count);
	return true;
}

/* "n:*" always has the last message (RFC 3501 s.6.4.8), and those that are still to come. */
static void
resolve_uids(struct search_key *key, const struct mailbox *box, struct arena *mem)
{
	uint32_t count = mailbox_count(box), last = 0;

	for (size_t i = 0; i < key->set.fixed.count; i++)
		ranges_add(&key->uids, mem, key->set.fixed.range[i].first,
		           key->set.fixed.range[i].last);
	if (count > 0)
		last = mailbox_message(box, count)->uid;
	if (key->set.has_star)
		ranges_add(&key->uids, mem, last < key->set.star_from ? last : key->set.star_from,
		           UINT32_MAX);
}

static bool
resolve_set(struct search_key *key, const struct mailbox *box, const struct ranges *saved,
            struct arena *mem)
{
	key->uids = (struct ranges)RANGES_EMPTY;
	if (key->set.is_saved) {
		for (size_t i = 0; i < saved->count; i++)
			ranges_add(&key->uids, mem, saved->range[i].first, saved->range[i].last);
		return true;
	}
	if (!key->set_is_uids)
		return resolve_numbers(key, box, mem);
	resolve_uids(key, box, mem);
	return true;
}

bool
search_program_resolve(struct search_program *program, const struct mailbox *box,
                       const struct ranges *saved, struct arena *mem)
{
	time_t now = time(NULL);

	for (struct search_key *key = program->last; key; key = key->before) {
		key->now = now;
		if (key->has_set && !resolve_set(key, box, saved, mem))
			return false;
		if (key->keyword)
			key->keyword_bit = mailbox_find_keyword(box, key->keyword);
	}
	return true;
}

void
search_program_span(const struct search_program *program, const struct mailbox *box,
                    uint32_t *first_out, uint32_t *last_out)
{
	uint32_t first = 1, last = mailbox_count(box);

	for (const struct search_key *key = program->root->first; key; key = key->next) {
		const struct ranges *uids = &key->uids;
		uint32_t low, high;

		if (!key->has_set || key->is_not)
			continue;
		if (uids->count == 0) {
			last = 0;
			break;
		}
		low = mailbox_number_at_or_behind(box, uids->range[0].first);
		high = uids->range[uids->count - 1].last;
		high = high == UINT32_MAX ? last : mailbox_number_at_or_behind(box, high + 1) - 1;
		first = low > first ? low : first;
		last = high < last ? high : last;
	}
	*first_out = first;
	*last_out = last;
}
