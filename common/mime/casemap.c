/* casemap.c - comparing as i;unicode-casemap does (RFC 5051): fold, then decompose */
#include "common/mime/casemap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/mime/charset.h"

enum { PAIR_DEPTH = 4 }; /* no letter of the table has more than three marks */

/* The character at the front of *rest, which is moved behind it; a byte that begins none stands for itself. */
static uint32_t
take_character(struct span *rest)
{
	unsigned char c = (unsigned char)rest->at[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t code = n == 1 ? c : c & (0x7fu >> n);

	if (n > rest->len)
		n = rest->len;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)rest->at[i] & 0x3f);
	*rest = span_skip(*rest, n);
	return code;
}

static void
add_character(uint32_t code, struct buf *out)
{
	char to[4];
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	to[0] = (char)(lead[n] | code);
	buf_add(out, to, n);
}

static uint32_t
fold(uint32_t code)
{
	size_t low = 0, high = casemap_fold_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct casemap_fold *f = &casemap_folds[middle];

		if (code > f->last)
			low = middle + 1;
		else if (code < f->first)
			high = middle;
		else
			return (code - f->first) % (uint32_t)f->step == 0 ? (uint32_t)((int32_t)code + f->delta) : code;
	}
	return code;
}

static int
by_letter(const void *key, const void *row)
{
	uint32_t code = *(const uint32_t *)key;
	const struct casemap_pair *p = row;

	return (code > p->letter) - (code < p->letter);
}

static void
add_decomposed(uint32_t code, struct buf *out)
{
	uint16_t mark[PAIR_DEPTH];
	size_t marks = 0;

	while (marks < PAIR_DEPTH) {
		const struct casemap_pair *p =
			bsearch(&code, casemap_pairs, casemap_pair_count, sizeof(*casemap_pairs), by_letter);

		if (!p)
			break;
		code = p->base;
		if (p->mark)
			mark[marks++] = p->mark;
	}
	add_character(code, out);
	while (marks > 0)
		add_character(mark[--marks], out);
}

/* Most mail is ASCII: a run of it goes in one loop. */
static size_t
fold_ascii(struct span s, struct buf *out)
{
	char  *to = buf_reserve(out, s.len);
	size_t n = 0;

	for (; n < s.len && (unsigned char)s.at[n] < 0x80; n++)
		to[n] = ascii_lower(s.at[n]);
	to[n] = '\0';
	out->len += n;
	return n;
}

void
casemap_fold(struct span utf8, struct buf *out)
{
	while (utf8.len > 0) {
		utf8 = span_skip(utf8, fold_ascii(utf8, out));
		if (utf8.len > 0)
			add_decomposed(fold(take_character(&utf8)), out);
	}
}
