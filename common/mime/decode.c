/* decode.c - content transfer encodings, decoded piece by piece */
#include "common/mime/decode.h"

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
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static void
feed_base64(struct decoder *d, struct span s, struct buf *out)
{
	char *start = buf_reserve(out, s.len), *to = start;

	for (size_t i = 0; i < s.len && !d->has_padding; i++) {
		unsigned char value = base64_value[(unsigned char)s.at[i]];

		if (value == 0) {
			d->has_padding = s.at[i] == '=';
			continue;
		}
		d->bits = d->bits << 6 | (uint32_t)(value - 1);
		d->bit_count += 6;
		if (d->bit_count < 8)
			continue;
		d->bit_count -= 8;
		*to++ = (char)(d->bits >> d->bit_count & 0xff);
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
	if (d->held_len == 1 && d->blanks.len > 0 && !is_line_end) { /* "=" and blanks amid a line stay */
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

/* How many bytes from at on stay as they are: up to a '=' or the line's end, without the blanks in front of that. */
static size_t
plain_run(const char *at, const char *line_end)
{
	size_t n = (size_t)(line_end - at);
	const char *mark = n > 0 ? memchr(at, '=', n) : NULL;

	if (mark)
		n = (size_t)(mark - at);
	while (n > 0 && (at[n - 1] == ' ' || at[n - 1] == '\t' || at[n - 1] == '\r'))
		n--;
	return n;
}

static void
feed_qp(struct decoder *d, struct span s, bool last, struct buf *out)
{
	const char *at = s.at, *end = s.at + s.len, *line_end = s.at;

	while (at < end) {
		if (at >= line_end) { /* looked for once a line, so that a line of '=' costs no more than another */
			const char *lf = memchr(at, '\n', (size_t)(end - at));

			line_end = lf ? lf : end;
		}
		if (d->held_len == 0 && d->blanks.len == 0) {
			size_t n = plain_run(at, line_end);

			buf_add(out, at, n);
			at += n;
		}
		if (at < end)
			feed_qp_byte(d, *at++, out);
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
