/*
 * decode.c - content transfer encodings, decoded piece by piece
 *
 * SEARCH decodes whole mailboxes, so both encodings have a fast way for what
 * lies whole in one piece - four base64 letters, quoted-printable without blanks
 * at the end of a line - and a slow one, byte by byte, for what is cut or out of
 * the ordinary.
 */
#include "common/mime/decode.h"

#include "common/mime/lineends.h"

static const struct row {
	const char      *name;
	enum decode_kind kind;
} rows[] = {
	{ "7bit", DECODE_NONE },
	{ "8bit", DECODE_NONE },
	{ "binary", DECODE_NONE },
	{ "base64", DECODE_BASE64 },
	{ "quoted-printable", DECODE_QP },
};

enum decode_kind
decode_kind_of(struct span encoding)
{
	if (!encoding.at)
		return DECODE_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_is_nocase(encoding, rows[i].name))
			return rows[i].kind;
	return DECODE_UNKNOWN;
}

void
decode_open(struct decoder *d, enum decode_kind kind)
{
	memset(d, 0, sizeof(*d));
	d->kind = kind;
}

void
decode_close(struct decoder *d)
{
	buf_free(&d->blanks);
}

/* Value of each base64 letter + 1; 0 for bytes that are none. */
static const unsigned char base64_value[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64,
};

/* One byte of base64; returns the end of what was written. */
static char *
feed_base64_byte(struct decoder *d, char c, char *to)
{
	unsigned char value = base64_value[(unsigned char)c];

	if (value == 0) {
		d->has_padding = c == '=';
		return to;
	}
	d->bits = d->bits << 6 | (uint32_t)(value - 1);
	d->bit_count += 6;
	if (d->bit_count >= 8) {
		d->bit_count -= 8;
		*to++ = (char)(d->bits >> d->bit_count & 0xff);
	}
	return to;
}

/* Decode a group of four letters; false when there is another byte among them. */
static bool
feed_base64_group(const char *at, char *to)
{
	uint32_t a = base64_value[(unsigned char)at[0]], b = base64_value[(unsigned char)at[1]];
	uint32_t c = base64_value[(unsigned char)at[2]], d = base64_value[(unsigned char)at[3]];
	uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);

	if (a == 0 || b == 0 || c == 0 || d == 0)
		return false;
	to[0] = (char)(bits >> 16);
	to[1] = (char)(bits >> 8);
	to[2] = (char)bits;
	return true;
}

static void
feed_base64(struct decoder *d, struct span s, struct buf *out)
{
	char *start = buf_reserve(out, s.len), *to = start;
	size_t i = 0;

	while (i < s.len && !d->has_padding) {
		if (d->bit_count == 0 && s.len - i >= 4 && feed_base64_group(s.at + i, to)) {
			i += 4;
			to += 3;
			continue;
		}
		to = feed_base64_byte(d, s.at[i++], to);
	}
	*to = '\0';
	out->len += (size_t)(to - start);
}

static void feed_qp_byte(struct decoder *d, char c, struct buf *out);

/*
 * What begins with '=': "=XX", a soft line end "=" *blank [CR] LF (blanks are
 * held back elsewhere), or a '=' that stays as it is.
 */
static void
feed_held(struct decoder *d, char c, struct buf *out)
{
	const char *h = d->held;

	d->held[d->held_len++] = c;
	if (d->held_len < 2)
		return;
	if (h[1] == '\n') {
		d->held_len = 0;
		return;
	}
	if (d->held_len == 2 && (h[1] == '\r' || ascii_hex(h[1]) >= 0))
		return;
	if (h[1] == '\r' && h[2] == '\n') {
		d->held_len = 0;
		return;
	}
	if (d->held_len == 3 && ascii_hex(h[1]) >= 0 && ascii_hex(h[2]) >= 0) {
		buf_byte(out, (char)(ascii_hex(h[1]) * 16 + ascii_hex(h[2])));
		d->held_len = 0;
		return;
	}
	buf_add(out, h, d->held_len - 1);
	d->held_len = 0;
	feed_qp_byte(d, c, out);
}

/* Blanks wait until it is known whether the line ends behind them (RFC 2045 s.6.7 rule 3). */
static void
feed_qp_byte(struct decoder *d, char c, struct buf *out)
{
	bool is_blank = c == ' ' || c == '\t', is_line_end = c == '\r' || c == '\n';

	if (is_blank && d->held_len <= 1) {
		buf_byte(&d->blanks, c);
		return;
	}
	/* "=" and blanks amid a line stay */
	if (d->held_len == 1 && d->blanks.len > 0 && !is_line_end) {
		buf_byte(out, '=');
		d->held_len = 0;
	}
	if (!is_line_end && d->held_len == 0)
		buf_span(out, buf_view(&d->blanks));
	buf_reset(&d->blanks);
	if (d->held_len > 0 || c == '=')
		feed_held(d, c, out);
	else
		buf_byte(out, c);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Decode a whole "=XX" or soft line end at *at; false when it is neither, or cut. */
static bool
take_escape(const char **at, const char *end, char **to)
{
	const char *s = *at;
	int high, low;

	if (end - s < 3)
		return false;
	if (s[1] == '\n' || (s[1] == '\r' && s[2] == '\n')) {
		*at += s[1] == '\n' ? 2 : 3;
		return true;
	}
	high = ascii_hex(s[1]);
	low = ascii_hex(s[2]);
	if (high < 0 || low < 0)
		return false;
	*(*to)++ = (char)(high * 16 + low);
	*at += 3;
	return true;
}

/*
 * Decode what feed_qp_byte() would only copy or take for an escape that lies whole
 * in s: s has no blank in front of a line end.  Returns how many bytes of s it took.
 */
static size_t
feed_qp_run(struct span s, struct buf *out)
{
	char *start = buf_reserve(out, s.len), *to = start;
	const char *at = s.at, *end = s.at + s.len;

	while (at < end) { /* '=' often follow each other */
		const char *mark = *at == '=' ? at : memchr(at, '=', (size_t)(end - at));
		size_t n = (size_t)((mark ? mark : end) - at);

		memcpy(to, at, n);
		to += n;
		at += n;
		if (mark && !take_escape(&at, end, &to))
			break;
	}
	*to = '\0';
	out->len += (size_t)(to - start);
	return (size_t)(at - s.at);
}

/*
 * Bytes at the front of s that feed_qp_run() may have: without blanks at the end, which a line end
 * may follow.
 */
static struct span
without_late_blanks(struct span s)
{
	s.len = line_ends_blank(s);
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static void
feed_qp(struct decoder *d, struct span s, bool last, struct buf *out)
{
	struct span run = span_make(s.at, 0);

	while (s.len > 0) {
		size_t n = 0;

		if (d->held_len == 0 && d->blanks.len == 0 && !is_blank(s.at[0])) {
			if (run.len == 0)
				run = without_late_blanks(s);
			n = feed_qp_run(run, out);
		}
		if (n == 0) {
			feed_qp_byte(d, s.at[0], out);
			n = 1;
		}
		s = span_skip(s, n);
		run = span_skip(run, n);
	}
	if (!last)
		return;
	if (d->held_len > 1)
		buf_add(out, d->held, d->held_len);
	d->held_len = 0;
	buf_reset(&d->blanks);
}

void
decode_feed(struct decoder *d, struct span s, bool last, struct buf *out)
{
	if (d->kind == DECODE_BASE64)
		feed_base64(d, s, out);
	else if (d->kind == DECODE_QP)
		feed_qp(d, s, last, out);
	else
		buf_span(out, s);
}
