/*
 * casemap.c - comparing as i;unicode-casemap does (RFC 5051): fold, then decompose
 *
 * Bodies are folded before they are searched, so this runs over all text of a
 * mailbox: ASCII goes eight bytes at a time, and what a letter of two bytes
 * (Latin, Greek, Cyrillic, Hebrew, Arabic) becomes is looked up once.
 */
#include "common/mime/casemap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mime/ascii.h"
#include "common/mime/charset.h"

enum { PAIR_DEPTH = 4 }; /* no letter of the table has more than three marks */
enum { KNOWN_CODES = 0x800, KNOWN_MOST = 7 };
enum { CHARACTER_MOST = 4, FOLDED_MOST = CHARACTER_MOST * (1 + PAIR_DEPTH), PIECE_BYTES = 1024 };

/* Filled as letters come by; len 0: not seen yet. */
static struct known {
	unsigned char len;
	char          folded[KNOWN_MOST];
} known[KNOWN_CODES];

uint32_t
casemap_take(struct span *rest)
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

/* Each that puts something returns the end of what it wrote. */
char *
casemap_put(uint32_t code, char *to)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	to[0] = (char)(lead[n] | code);
	return to + n;
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
			return (code - f->first) % (uint32_t)f->step != 0 ?
			               code :
			               (uint32_t)((int32_t)code + f->delta);
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

static char *
put_decomposed(uint32_t code, char *to)
{
	uint16_t mark[PAIR_DEPTH];
	size_t marks = 0;

	while (marks < PAIR_DEPTH) {
		const struct casemap_pair *p = bsearch(&code, casemap_pairs, casemap_pair_count,
		                                       sizeof(*casemap_pairs), by_letter);

		if (!p)
			break;
		code = p->base;
		if (p->mark)
			mark[marks++] = p->mark;
	}
	to = casemap_put(code, to);
	while (marks > 0)
		to = casemap_put(mark[--marks], to);
	return to;
}

static char *
put_folded(uint32_t code, char *to)
{
	char *end;

	if (code < KNOWN_CODES && known[code].len > 0) {
		memcpy(to, known[code].folded, KNOWN_MOST);
		return to + known[code].len;
	}
	end = put_decomposed(fold(code), to);
	if (code < KNOWN_CODES && end - to <= KNOWN_MOST) {
		memcpy(known[code].folded, to, (size_t)(end - to));
		known[code].len = (unsigned char)(end - to);
	}
	return end;
}

/*
 * Lower the ASCII that s begins with into to, which has room for s; returns how
 * much there was.  With the top bit of each byte clear, adding 0x80 - 'A' sets it
 * from 'A' on, adding 0x7f - 'Z' only behind 'Z', and nothing carries over.
 */
static size_t
lower_ascii(struct span s, char *to)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t word, low, upper;
	size_t n = 0;

	for (; s.len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s.at + n, sizeof(word));
		low = word & ~ASCII_TOPS;
		upper = (low + each * (0x80 - 'A')) ^ (low + each * (0x7f - 'Z'));
		low |= (upper & ASCII_TOPS) >> 2;
		memcpy(to + n, &low, sizeof(low));
		if (word & ASCII_TOPS)
			return n + ascii_bytes_of(word);
	}
	for (; n < s.len && (unsigned char)s.at[n] < 0x80; n++)
		to[n] = ascii_lower(s.at[n]);
	return n;
}

void
casemap_fold(struct span utf8, struct buf *out)
{
	while (utf8.len > 0) {
		size_t piece = utf8.len < PIECE_BYTES ? utf8.len : PIECE_BYTES;
		const char *end = utf8.at + piece;
		char *to = buf_reserve(out, piece * FOLDED_MOST);

		while (utf8.at < end) {
			size_t n = lower_ascii(span_make(utf8.at, (size_t)(end - utf8.at)), to);

			to += n;
			utf8 = span_skip(utf8, n);
			while (utf8.at < end && (unsigned char)utf8.at[0] >= 0x80)
				to = put_folded(casemap_take(&utf8), to);
		}
		*to = '\0';
		out->len = (size_t)(to - out->data);
	}
}
