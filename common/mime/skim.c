/*
 * skim.c - can a string be in text that is still encoded?
 *
 * One run of ASCII bytes of the needle is looked for as it would stand there if nothing had to
 * be decoded.  Where the text differs from it at a byte that decoding may change or take
 * away, the answer is yes, and somebody has to decode.  All rests on where a byte of ASCII
 * in folded text comes from:
 *
 * (1) The last byte of a run may be a letter that has lost its marks to the bytes behind it
 *     ("cafe" is in "caf\xc3\xa9").
 * (2) Some bytes (alone) may be another character that folds to nothing else, "k" the Kelvin
 *     sign; and a space may be a tab of a header, or the one behind a field's name.
 * (3) Any other byte was that byte, or its capital, or was encoded.
 *
 * So the rare byte, whose places are looked at, is one of (3), and a run has neither '=' nor ':',
 * which quoted-printable and a field's name end with.
 */
#include "common/mime/skim.h"

#include <stdint.h>
#include <string.h>

#include "common/mime/ascii.h"

enum { WIDE = 16 };

static const char alone[] = "ks;` ";

/* Bytes of text by how often they come, the most frequent first; all others are rarer. */
static const char frequent[] = "etaonirshdlucmfypgwb.,-v01k2/35498>6<7\"'xjqz";

/* Where a text may be something else when it is decoded. */
static const unsigned char wild[256] = {
	['='] = SKIM_QP,
	['\r'] = SKIM_HEADER, ['\n'] = SKIM_HEADER, ['\t'] = SKIM_HEADER, [':'] = SKIM_HEADER,
	[0x80 ... 0xff] = SKIM_PLAIN | SKIM_QP | SKIM_HEADER,
};

static bool
is_in_run(char c)
{
	return c >= ' ' && c < 0x7f && c != '=' && c != ':';
}

static char
capital(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static size_t
rank(char c)
{
	const char *at = strchr(frequent, c);

	return at ? (size_t)(at - frequent) : sizeof(frequent);
}

void
skim_open(struct skim *k, struct span needle)
{
	size_t rare = 0, best = 0, from, to;

	for (size_t i = 0; i + 1 < needle.len; i++) {
		if (!is_in_run(needle.at[i]) || !is_in_run(needle.at[i + 1]) ||
		    strchr(alone, needle.at[i]) || rank(needle.at[i]) + 1 <= best)
			continue;
		best = rank(needle.at[i]) + 1;
		rare = i;
	}
	*k = (struct skim){ .run = span_of("") };
	if (best == 0)
		return;
	for (from = rare; from > 0 && is_in_run(needle.at[from - 1]); from--)
		;
	for (to = rare; to < needle.len && is_in_run(needle.at[to]); to++)
		;
	k->run = span_make(needle.at + from, to - from);
	k->rare_at = rare - from;
	k->first[0] = (char)('0' + (needle.at[rare] >> 4));
	k->first[1] = (char)('0' + (capital(needle.at[rare]) >> 4));
}

/* ---- the places of the rare byte ---- */

/* In front of at + WIDE, reading one byte more; NULL: none. */
static const char *
place_among(const char *at, char lower, char upper, char mark, const char first[2])
{
	unsigned char __attribute__((vector_size(WIDE))) here, next, low, up, sign, one, other;
	uint64_t half[WIDE / sizeof(uint64_t)];

	memset(&low, lower, WIDE);
	memset(&up, upper, WIDE);
	memset(&sign, mark, WIDE);
	memset(&one, first[0], WIDE);
	memset(&other, first[1], WIDE);
	memcpy(&here, at, WIDE);
	memcpy(&next, at + 1, WIDE);
	next = (__typeof__(low))(next == one) | (__typeof__(low))(next == other);
	next &= (__typeof__(low))(here == sign);
	next |= (__typeof__(low))(here == low) | (__typeof__(low))(here == up);
	memcpy(half, &next, sizeof(half));
	if (half[0])
		return at + ascii_bytes_of(half[0]);
	return half[1] ? at + sizeof(half[0]) + ascii_bytes_of(half[1]) : NULL;
}

/*
 * The first place from at on that may be the rare byte: it, its capital, or in quoted-printable an
 * escape that begins as one of these does; end where there is none.
 */
static const char *
next_place(const struct skim *k, const char *at, const char *end, enum skim_kind kind)
{
	char lower = k->run.at[k->rare_at], upper = capital(lower);
	char mark = kind == SKIM_QP ? '=' : lower;

	for (; end - at > WIDE; at += WIDE) {
		const char *place = place_among(at, lower, upper, mark, k->first);

		if (place)
			return place;
	}
	while (at < end && *at != lower && *at != upper && *at != mark)
		at++;
	return at;
}

/* ---- what stands around it ---- */

static bool
is_hex(char c)
{
	return ascii_hex(c) >= 0;
}

/* Does s begin with an escape for this letter, of either case? */
static bool
is_escaped(struct span s, char lower)
{
	return s.len >= 3 && is_hex(s.at[1]) && is_hex(s.at[2]) &&
	       ascii_lower((char)(ascii_hex(s.at[1]) * 16 + ascii_hex(s.at[2]))) == lower;
}

static bool
is_in_escape(struct span text, const char *at)
{
	size_t before = (size_t)(at - text.at), behind = text.len - before;

	if (!is_hex(*at))
		return false;
	return (before >= 1 && at[-1] == '=' && behind >= 2 && is_hex(at[1])) ||
	       (before >= 2 && at[-2] == '=' && is_hex(at[-1]));
}

/* May an escape, or a line end that is taken away, "=" *blank [CR] LF, be in front and end at? */
static bool
may_end_escape(struct span text, const char *at)
{
	size_t before = (size_t)(at - text.at);
	const char *last = at;

	if (*at == '=' || (before >= 1 && at[-1] == '=') || (before >= 2 && at[-2] == '='))
		return true;
	if (*at != '\n' || before == 0)
		return false;
	last -= last[-1] == '\r' && before >= 2 ? 2 : 1;
	return *last == ' ' || *last == '\t';
}

/* Does the run go on behind its rare byte at, as far as it is not encoded? */
static bool
may_go_on(const struct skim *k, struct span behind, enum skim_kind kind, size_t *compared)
{
	struct span run = span_skip(k->run, k->rare_at);

	for (size_t n = 1; n < run.len; n++) {
		(*compared)++;
		if (n == behind.len)
			return false;
		if (ascii_lower(behind.at[n]) != run.at[n])
			return (wild[(unsigned char)behind.at[n]] & kind) != 0;
	}
	return true;
}

/* Does it begin in front of at? */
static bool
may_begin(const struct skim *k, struct span text, const char *at, enum skim_kind kind,
          size_t *compared)
{
	for (size_t n = k->rare_at; n > 0; n--) {
		(*compared)++;
		if (at-- == text.at)
			return false;
		if (ascii_lower(*at) != k->run.at[n - 1])
			return (wild[(unsigned char)*at] & kind) ||
			       (kind == SKIM_QP && may_end_escape(text, at));
	}
	return true;
}

static bool
may_be_here(const struct skim *k, struct span text, const char *at, enum skim_kind kind,
            size_t *compared)
{
	struct span behind = span_skip(text, (size_t)(at - text.at));

	if (*at == '=')
		return is_escaped(behind, k->run.at[k->rare_at]);
	if (kind == SKIM_QP && is_in_escape(text, at))
		return false;
	return may_go_on(k, behind, kind, compared) && may_begin(k, text, at, kind, compared);
}

/* Where much looks like the needle it is for memmem() to find out. */
bool
skim_may_have(const struct skim *k, struct span text, enum skim_kind kind)
{
	const char *at = text.at, *end = text.at + text.len;
	size_t compared = 0;

	if (k->run.len == 0)
		return true;
	while ((at = next_place(k, at, end, kind)) < end) {
		if (may_be_here(k, text, at, kind, &compared) || compared > 4 * text.len)
			return true;
		at++;
	}
	return false;
}
