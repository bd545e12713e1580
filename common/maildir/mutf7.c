/* mutf7.c - modified UTF-7 (RFC 3501 s.5.1.3) */
#include <stdint.h>

#include "common/base/utf8.h"
#include "common/maildir/name.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static void
put_character(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_byte(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_byte(out, (char)(0xe0 | c >> 12));
		} else {
			buf_byte(out, (char)(0xf0 | c >> 18));
			buf_byte(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_byte(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_byte(out, (char)(0x80 | (c & 0x3f)));
}

/* What stands for itself: all printable US-ASCII; only "&" is written "&-". */
static bool
is_plain(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* Base64 of 16-bit units, most significant bit first, without padding. */
struct units {
	uint32_t bits;  /* not yet used, right-aligned */
	unsigned count; /* how many of them */
};

static void
put_unit(struct units *u, uint32_t unit, struct buf *out)
{
	u->bits = u->bits << 16 | unit;
	u->count += 16;
	while (u->count >= 6) {
		u->count -= 6;
		buf_byte(out, alphabet[u->bits >> u->count & 0x3f]);
	}
	u->bits &= (1U << u->count) - 1;
}

static void
end_units(struct units *u, struct buf *out)
{
	if (u->count > 0)
		buf_byte(out, alphabet[u->bits << (6 - u->count) & 0x3f]);
	*u = (struct units){ 0, 0 };
	buf_byte(out, '-');
}

bool
mutf7_encode(struct span utf8, struct buf *out)
{
	struct units u = { 0, 0 };
	bool shifted = false;
	uint32_t c;

	while (utf8.len > 0) {
		if (!utf8_take(&utf8, &c))
			return false;
		if (is_plain(c) == shifted) {
			if (shifted)
				end_units(&u, out);
			else
				buf_byte(out, '&');
			shifted = !shifted;
		}
		if (c == '&') {
			buf_str(out, "&-");
		} else if (!shifted) {
			buf_byte(out, (char)c);
		} else if (c < 0x10000) {
			put_unit(&u, c, out);
		} else {
			put_unit(&u, 0xd800 + ((c - 0x10000) >> 10), out);
			put_unit(&u, 0xdc00 + ((c - 0x10000) & 0x3ff), out);
		}
	}
	if (shifted)
		end_units(&u, out);
	return true;
}

/*
 * Reads the base64 run behind "&" up to and with "-".  Canonical only: no lone surrogate, no
 * character that stands for itself, no NUL, at most five zero bits behind the last unit (N04).
 */
static bool
take_run(struct span *s, struct buf *out)
{
	struct units u = { 0, 0 };
	uint32_t high = 0;

	for (; s->len > 0 && s->at[0] != '-'; *s = span_skip(*s, 1)) {
		const char *digit = s->at[0] ? strchr(alphabet, s->at[0]) : NULL;
		uint32_t unit;

		if (!digit)
			return false;
		u.bits = u.bits << 6 | (uint32_t)(digit - alphabet);
		u.count += 6;
		if (u.count < 16)
			continue;
		u.count -= 16;
		unit = u.bits >> u.count;
		u.bits &= (1U << u.count) - 1;
		if (high) {
			if (unit < 0xdc00 || unit > 0xdfff)
				return false;
			put_character(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
			high = 0;
		} else if (unit >= 0xd800 && unit <= 0xdbff) {
			high = unit;
		} else if (unit == 0 || is_plain(unit) || (unit >= 0xdc00 && unit <= 0xdfff)) {
			return false;
		} else {
			put_character(out, unit);
		}
	}
	if (s->len == 0 || high || u.bits != 0 || u.count >= 6)
		return false;
	*s = span_skip(*s, 1);
	return true;
}

bool
mutf7_decode(struct span s, struct buf *out)
{
	while (s.len > 0) {
		char c = s.at[0];

		if (!is_plain((unsigned char)c))
			return false;
		s = span_skip(s, 1);
		if (c != '&') {
			buf_byte(out, c);
		} else if (s.len > 0 && s.at[0] == '-') {
			buf_byte(out, '&');
			s = span_skip(s, 1);
		} else {
			if (!take_run(&s, out))
				return false;
			/* "&AOk-&AOg-" is not canonical: the two runs are one */
			if (s.len > 1 && s.at[0] == '&' && s.at[1] != '-')
				return false;
		}
	}
	return true;
}
