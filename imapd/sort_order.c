/*
 * sort_order.c - the order of many things by several columns of keys
 *
 * The first eight bytes of the first column, as one number each, are sorted digit by digit,
 * which takes the same time whatever they are and leaves equal ones as they stood.  Runs that
 * are equal in them are then ordered by comparing.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "imapd/sort.h"

struct item {
	uint64_t head;
	uint32_t index;
};

struct order {
	const struct sort_column *column;
	size_t columns;
};

/* Smaller texts and numbers have smaller heads. */
static uint64_t
head_of(const struct sort_column *column, size_t i)
{
	uint64_t head = 0;

	if (!column->text) {
		head = (uint64_t)column->number[i] ^ UINT64_C(1) << 63;
	} else {
		struct span s = column->text[i];

		for (size_t n = 0; n < sizeof(head); n++)
			head = head << 8 | (n < s.len ? (unsigned char)s.at[n] : 0);
	}
	return column->is_reverse ? ~head : head;
}

static int
compare_text(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int way = n > 0 ? memcmp(a.at, b.at, n) : 0;

	return way ? way : (a.len > b.len) - (a.len < b.len);
}

static int
compare(const void *a, const void *b, void *context)
{
	uint32_t x = ((const struct item *)a)->index, y = ((const struct item *)b)->index;
	const struct order *o = context;

	for (size_t k = 0; k < o->columns; k++) {
		const struct sort_column *c = &o->column[k];
		int way = c->text ? compare_text(c->text[x], c->text[y]) :
		                    (c->number[x] > c->number[y]) - (c->number[x] < c->number[y]);

		if (way)
			return c->is_reverse ? -way : way;
	}
	return (x > y) - (x < y);
}

/* One digit; false: all have the same, and nothing was moved. */
static bool
sort_digit(const struct item *from, struct item *to, size_t count, unsigned shift)
{
	size_t at[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[from[i].head >> shift & 0xff]++;
	if (at[from[0].head >> shift & 0xff] == count)
		return false;
	for (int digit = 0; digit < 256; digit++) {
		size_t n = at[digit];

		at[digit] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[from[i].head >> shift & 0xff]++] = from[i];
	return true;
}

static struct item *
sort_heads(struct item *items, struct item *spare, size_t count)
{
	for (unsigned shift = 0; shift < 64; shift += 8) {
		struct item *moved = spare;

		if (!sort_digit(items, spare, count, shift))
			continue;
		spare = items;
		items = moved;
	}
	return items;
}

static void
sort_runs(struct item *items, size_t count, struct order *o)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && items[end].head == items[i].head; end++)
			;
		if (end - i > 1)
			qsort_r(items + i, end - i, sizeof(*items), compare, o);
	}
}

void
sort_order(const struct sort_column *column, size_t columns, size_t count, uint32_t *order_out)
{
	struct order o = { column, columns };
	struct item *both, *items;

	if (count == 0)
		return;
	both = calloc(count, 2 * sizeof(*both));
	if (!both)
		die("out of memory: sorting %zu messages", count);
	for (size_t i = 0; i < count; i++)
		both[i] = (struct item){ head_of(column, i), (uint32_t)i };
	items = sort_heads(both, both + count, count);
	if (columns > 1 || column->text)
		sort_runs(items, count, &o);
	for (size_t i = 0; i < count; i++)
		order_out[i] = items[i].index;
	free(both);
}
