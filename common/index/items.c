/* items.c - the messages of a view: an array with a gap that removals leave behind */
#include "common/index/items.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"

static uint32_t
gap_length(const struct items *l)
{
	return l->room - l->count;
}

struct item *
items_at(const struct items *l, uint32_t index)
{
	return &l->at[index < l->gap ? index : index + gap_length(l)];
}

static void
move_gap(struct items *l, uint32_t to)
{
	uint32_t length = gap_length(l);

	if (length > 0 && to < l->gap)
		memmove(l->at + to + length, l->at + to, (l->gap - to) * sizeof(*l->at));
	else if (length > 0 && to > l->gap)
		memmove(l->at + l->gap, l->at + l->gap + length, (to - l->gap) * sizeof(*l->at));
	l->gap = to;
}

struct item *
items_push(struct items *l)
{
	move_gap(l, l->count);
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->at = l->room < UINT32_MAX / 2 ? realloc(l->at, l->room * sizeof(*l->at)) : NULL;
		if (!l->at)
			die("out of memory: a mailbox of %u messages", l->count);
	}
	l->gap = ++l->count;
	memset(&l->at[l->count - 1], 0, sizeof(*l->at));
	return &l->at[l->count - 1];
}

struct item *
items_fill(struct items *l, uint32_t count)
{
	items_free(l);
	l->at = malloc((count + 64ULL) * sizeof(*l->at));
	if (!l->at)
		die("out of memory: a mailbox of %u messages", count);
	l->room = count + 64;
	l->count = l->gap = count;
	return l->at;
}

void
items_remove(struct items *l, uint32_t index)
{
	move_gap(l, index + 1);
	l->gap--;
	l->count--;
}

void
items_free(struct items *l)
{
	free(l->at);
	memset(l, 0, sizeof(*l));
}

uint32_t
items_at_or_behind(const struct items *l, uint32_t uid)
{
	uint32_t low = 0, high = l->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (items_at(l, middle)->shown.uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
