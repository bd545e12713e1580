/* ranges.c - sets of numbers as sorted, merged ranges */
#include "common/base/ranges.h"

#include <string.h>

/* Index of the first range whose last is n or more; count when there is none. */
static size_t
find_at_or_behind(const struct ranges *set, uint32_t n)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->range[middle].last < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
insert(struct ranges *set, struct arena *mem, size_t at, struct range r)
{
	set->range = arena_grow(mem, set->range, set->count, &set->room, sizeof(*set->range));
	memmove(set->range + at + 1, set->range + at, (set->count - at) * sizeof(*set->range));
	set->range[at] = r;
	set->count++;
}

void
ranges_add(struct ranges *set, struct arena *mem, uint32_t first, uint32_t last)
{
	size_t at, end;

	/* the first range that overlaps or touches [first, last] */
	at = find_at_or_behind(set, first > 0 ? first - 1 : 0);
	if (at == set->count || (last < UINT32_MAX && set->range[at].first > last + 1)) {
		insert(set, mem, at, (struct range){ first, last });
		return;
	}
	if (first < set->range[at].first)
		set->range[at].first = first;
	for (end = at + 1;
	     end < set->count && (last == UINT32_MAX || set->range[end].first <= last + 1); end++)
		if (set->range[end].last > last)
			last = set->range[end].last;
	if (set->range[at].last < last)
		set->range[at].last = last;
	memmove(set->range + at + 1, set->range + end, (set->count - end) * sizeof(*set->range));
	set->count -= end - at - 1;
}

void
ranges_remove(struct ranges *set, struct arena *mem, uint32_t first, uint32_t last)
{
	size_t at = find_at_or_behind(set, first), end;

	if (at == set->count || set->range[at].first > last)
		return;
	if (set->range[at].first < first) { /* what is left of it in front, and perhaps behind */
		struct range cut = set->range[at];

		set->range[at++].last = first - 1;
		if (cut.last > last) {
			insert(set, mem, at, (struct range){ last + 1, cut.last });
			return;
		}
	}
	for (end = at; end < set->count && set->range[end].last <= last; end++)
		;
	if (end < set->count && set->range[end].first <= last)
		set->range[end].first = last + 1;
	memmove(set->range + at, set->range + end, (set->count - end) * sizeof(*set->range));
	set->count -= end - at;
}

bool
ranges_has(const struct ranges *set, uint32_t n)
{
	size_t at = find_at_or_behind(set, n);

	return at < set->count && set->range[at].first <= n;
}

uint64_t
ranges_total(const struct ranges *set)
{
	uint64_t total = 0;

	for (size_t i = 0; i < set->count; i++)
		total += (uint64_t)set->range[i].last - set->range[i].first + 1;
	return total;
}

void
ranges_print(const struct ranges *set, struct buf *out)
{
	for (size_t i = 0; i < set->count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		buf_number(out, set->range[i].first);
		if (set->range[i].last != set->range[i].first) {
			buf_byte(out, ':');
			buf_number(out, set->range[i].last);
		}
	}
}

bool
ranges_next(const struct ranges *set, struct ranges_walk *w, uint32_t *n_out)
{
	if (w->at == set->count)
		return false;
	if (!w->inside)
		w->next = set->range[w->at].first;
	*n_out = w->next;
	w->inside = w->next < set->range[w->at].last;
	if (w->inside)
		w->next++;
	else
		w->at++;
	return true;
}
