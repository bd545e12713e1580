/*
 * casemap_title.c - folded text in the form that i;unicode-casemap orders by (RFC 5051)
 *
 * casemap_fold() makes small letters, which is as good for finding what is alike; but the
 * collation has titlecase ones, and between the two stand '[', '\', ']', '^', '_' and '`'.
 * A letter's titlecase form is what the table folds to it.
 */
#include <stdlib.h>

#include "common/mime/ascii.h"
#include "common/mime/casemap.h"
#include "common/mime/charset.h"

struct title {
	uint32_t small, title;
};

static struct title *titles;
static size_t title_count;

/* Letters that fold to another without being its titlecase form. */
static const struct {
	uint32_t first, last;
} others[] = {
	{ 0x00b5, 0x00b5 }, /* micro sign */
	{ 0x01c4, 0x01c4 }, /* digraphs of two capitals: one capital is their titlecase */
	{ 0x01c7, 0x01c7 },
	{ 0x01ca, 0x01ca },
	{ 0x01f1, 0x01f1 },
	{ 0x0345, 0x0345 }, /* combining iota */
	{ 0x13f8, 0x13fd }, /* Cherokee folds to capitals */
	{ 0x1c90, 0x1cbf }, /* Georgian has no titlecase */
	{ 0x1e9e, 0x1e9e }, /* capital sharp s */
	{ 0xab70, 0xabbf }, /* Cherokee */
};

static bool
is_title(uint32_t code)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (code >= others[i].first && code <= others[i].last)
			return false;
	return true;
}

static int
by_small(const void *a, const void *b)
{
	const struct title *x = a, *y = b;

	if (x->small != y->small)
		return x->small < y->small ? -1 : 1;
	return (x->title > y->title) - (x->title < y->title);
}

/* Of several letters that fold to the same the first one is its titlecase. */
static void
fill_titles(void)
{
	size_t count = 0;

	for (int pass = 0; pass < 2; pass++) {
		count = 0;
		for (size_t i = 0; i < casemap_fold_count; i++) {
			const struct casemap_fold *f = &casemap_folds[i];

			for (uint32_t code = f->first; code <= f->last; code += (uint32_t)f->step) {
				if (!is_title(code))
					continue;
				if (titles)
					titles[count] = (struct title){
						(uint32_t)((int32_t)code + f->delta), code
					};
				count++;
			}
		}
		if (!titles)
			titles = calloc(count, sizeof(*titles));
		if (!titles)
			return;
	}
	qsort(titles, count, sizeof(*titles), by_small);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || titles[i].small != titles[i - 1].small)
			titles[title_count++] = titles[i];
}

static uint32_t
title_of(uint32_t code)
{
	size_t low = 0, high = title_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (titles[middle].small < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < title_count && titles[low].small == code ? titles[low].title : code;
}

static void
add_title(struct span *rest, struct buf *out)
{
	char character[4];
	uint32_t code = casemap_take(rest);

	buf_add(out, character, (size_t)(casemap_put(title_of(code), character) - character));
}

void
casemap_title(struct span folded, struct buf *out)
{
	if (!titles)
		fill_titles();
	while (folded.len > 0) {
		size_t n = ascii_run(folded.at, folded.len);
		char *to = buf_reserve(out, n);

		for (size_t i = 0; i < n; i++) {
			char c = folded.at[i];

			to[i] = c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
		}
		out->len += n;
		folded = span_skip(folded, n);
		while (folded.len > 0 && (unsigned char)folded.at[0] >= 0x80)
			add_title(&folded, out);
	}
}
