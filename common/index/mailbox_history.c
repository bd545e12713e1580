/* mailbox_history.c - which messages left the mailbox since a modseq (RFC 7162 s.3.2) */
#include <stdlib.h>

#include "common/base/die.h"
#include "common/index/mailbox_inside.h"

static int
compare_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Where known and [first, last] meet, but for what the client still sees: those leave as news. */
static void
add_absent(const struct mailbox *box, struct range part,
           struct arena *mem, struct ranges *out)
{
	uint32_t index = items_at_or_behind(&box->items, part.first), from = part.first;

	for (; index < box->items.count; index++) {
		const struct item *it = items_at(&box->items, index);

		if (it->shown.uid > part.last)
			break;
		if (it->is_gone && index >= box->visible)
			continue;
		if (it->shown.uid > from)
			ranges_add(out, mem, from, it->shown.uid - 1);
		from = it->shown.uid + 1;
	}
	if (from <= part.last)
		ranges_add(out, mem, from, part.last);
}

/* known within [first, last], each piece given on. */
static void
add_known(const struct mailbox *box, const struct ranges *known, struct range part,
          struct arena *mem, struct ranges *out)
{
	size_t low = 0, high = known->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known->range[middle].last < part.first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < known->count && known->range[low].first <= part.last; low++) {
		struct range r = known->range[low];

		if (r.first < part.first)
			r.first = part.first;
		if (r.last > part.last)
			r.last = part.last;
		add_absent(box, r, mem, out);
	}
}

/* All that left after since, in UID order. */
static struct range *
sorted_history(const struct box_index *x, uint64_t since, size_t *count_out)
{
	struct range *r = calloc(x->gone_count + 1, sizeof(*r));
	size_t count = 0;

	if (!r)
		die("out of memory: %zu expunged ranges", x->gone_count);
	for (size_t i = 0; i < x->gone_count; i++)
		if (x->gone[i].modseq > since)
			r[count++] = (struct range){ x->gone[i].first, x->gone[i].last };
	qsort(r, count, sizeof(*r), compare_first);
	*count_out = count;
	return r;
}

int
mailbox_vanished(struct mailbox *box, uint64_t since, const struct ranges *known,
                 struct arena *mem, struct ranges *uids_out)
{
	const struct box_index *x = &box->index;
	struct range all = { 1, box->uidnext > 1 ? box->uidnext - 1 : 1 };
	struct ranges everything = { &all, 1, 1 }, out = RANGES_EMPTY;
	struct range *left;
	size_t count = 0;

	if (!known)
		known = &everything;
	if (x->gone_floor == 0 || since < x->gone_floor) {
		add_known(box, known, all, mem, &out);
	} else {
		left = sorted_history(x, since, &count);
		for (size_t i = 0; i < count; i++)
			add_known(box, known, left[i], mem, &out);
		free(left);
	}
	*uids_out = out;
	return 0;
}
