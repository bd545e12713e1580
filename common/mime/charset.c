/*
 * charset.c - character sets to UTF-8
 *
 * UTF-8 and US-ASCII (which mail that is neither calls itself too) are checked
 * here; the rest goes through tables or libc's iconv (charset_set.c).  Only the
 * sets of the table below are let through to it: a message names its set, and
 * the rare converters of some libc have had holes.
 */
#include "common/mime/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/die.h"
#include "common/mime/ascii.h"
#include "common/mime/charset_set.h"

enum { HELD_MOST = 16 };

struct charset {
	struct charset_set *set; /* NULL: UTF-8 */
	iconv_t cd;              /* of a set that is no table */
	char    held[HELD_MOST]; /* an incomplete character at the end of the last piece */
	size_t  held_len;
};

static const char replacement[] = "\xef\xbf\xbd";

/*
 * What mail writes, lower case, and what iconv calls it; NULL: UTF-8.  A '#' at the end stands for
 * digits.
 */
static const struct row {
	const char *name, *iconv;
} rows[] = {
	{ "utf-8", NULL },
	{ "utf8", NULL },
	{ "us-ascii", NULL },
	{ "ascii", NULL },
	{ "ansi_x3.4-1968", NULL },
	{ "unicode-1-1-utf-8", NULL },
	{ "iso-8859-#", "ISO-8859-" },
	{ "iso_8859-#", "ISO-8859-" },
	{ "iso8859-#", "ISO-8859-" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "latin1", "ISO-8859-1" },
	{ "latin2", "ISO-8859-2" },
	{ "latin-1", "ISO-8859-1" },
	{ "windows-874", "CP874" },
	{ "windows-31j", "CP932" },
	{ "windows-936", "CP936" },
	{ "windows-949", "CP949" },
	{ "windows-950", "CP950" },
	{ "windows-125#", "CP125" },
	{ "cp125#", "CP125" },
	{ "cp437", "CP437" },
	{ "ibm437", "CP437" },
	{ "cp850", "CP850" },
	{ "ibm850", "CP850" },
	{ "cp852", "CP852" },
	{ "cp866", "CP866" },
	{ "ibm866", "CP866" },
	{ "cp932", "CP932" },
	{ "cp936", "CP936" },
	{ "cp949", "CP949" },
	{ "cp950", "CP950" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	{ "koi8-ru", "KOI8-RU" },
	{ "macintosh", "MACINTOSH" },
	{ "x-mac-roman", "MACINTOSH" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "iso-2022-jp-2", "ISO-2022-JP-2" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "iso-2022-cn", "ISO-2022-CN" },
	{ "euc-jp", "EUC-JP" },
	{ "euc-kr", "CP949" },
	{ "ks_c_5601-1987", "CP949" },
	{ "ksc5601", "CP949" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "gb2312", "GBK" },
	{ "gb_2312-80", "GBK" },
	{ "x-gbk", "GBK" },
	{ "gbk", "GBK" },
	{ "hz-gb-2312", "HZ-GB-2312" },
	{ "gb18030", "GB18030" },
	{ "big5", "BIG5" },
	{ "big5-hkscs", "BIG5-HKSCS" },
	{ "euc-tw", "EUC-TW" },
	{ "tis-620", "TIS-620" },
	{ "viscii", "VISCII" },
	{ "utf-7", "UTF-7" },
	{ "utf-16", "UTF-16" },
	{ "utf-16be", "UTF-16BE" },
	{ "utf-16le", "UTF-16LE" },
	{ "utf-32", "UTF-32" },
};

/* The digits of s that stand for the row's '#', SPAN_NONE when the row is not for s. */
static struct span
row_digits(const struct row *row, struct span s)
{
	size_t n = strlen(row->name);
	struct span digits;

	if (n == 0 || row->name[n - 1] != '#')
		return span_is_nocase(s, row->name) ? span_of("") : SPAN_NONE;
	if (s.len < n || s.len > n + 1 ||
	    !span_equal_nocase(span_make(s.at, n - 1), span_make(row->name, n - 1)))
		return SPAN_NONE;
	digits = span_skip(s, n - 1);
	for (size_t i = 0; i < digits.len; i++)
		if (!ascii_is_digit(digits.at[i]))
			return SPAN_NONE;
	return digits;
}

/* iconv's name for s into name, "" for UTF-8; false when it is not in the table. */
static bool
find_name(struct span s, char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span digits = row_digits(&rows[i], s);
		size_t n = rows[i].iconv ? strlen(rows[i].iconv) : 0;

		if (!digits.at)
			continue;
		if (n > 0)
			memcpy(name, rows[i].iconv, n);
		memcpy(name + n, digits.at, digits.len);
		name[n + digits.len] = '\0';
		return true;
	}
	return false;
}

struct charset *
charset_open(struct span name)
{
	char iconv_name[CHARSET_SET_NAME];
	struct charset_set *set = NULL;
	iconv_t cd = (iconv_t)-1;
	struct charset *cs;

	if (!find_name(name, iconv_name))
		return NULL;
	if (iconv_name[0]) {
		set = charset_set_find(iconv_name);
		if (!set)
			return NULL;
		if (!set->is_table)
			cd = charset_set_open(set);
		if (!set->is_table && cd == (iconv_t)-1)
			return NULL;
	}
	cs = malloc(sizeof(*cs));
	if (!cs)
		die("out of memory: a character set");
	cs->set = set;
	cs->cd = cd;
	cs->held_len = 0;
	return cs;
}

struct charset *
charset_close(struct charset *cs)
{
	if (cs && cs->cd != (iconv_t)-1)
		charset_set_close(cs->set, cs->cd);
	free(cs);
	return NULL;
}

bool
charset_is_known(struct span name)
{
	struct charset *cs = charset_open(name);
	bool is_known = cs != NULL;

	charset_close(cs);
	return is_known;
}

/* What stands at the front of a run of bytes. */
enum { UTF8_INVALID = 0, UTF8_INCOMPLETE = -1 }; /* otherwise the length of a character */

/* RFC 3629 s.4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static int
utf8_first(const unsigned char *s, size_t n)
{
	int len = s[0] < 0xe0 ? (s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : 2) :
	                        (s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0);
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;

	for (int i = 1; i < len; i++) {
		if ((size_t)i >= n)
			return UTF8_INCOMPLETE;
		if (s[i] < (i == 1 ? low : 0x80) || s[i] > (i == 1 ? high : 0xbf))
			return UTF8_INVALID;
	}
	return len;
}

/*
 * How many bytes of valid characters s begins with; *why_out, when these are not all, is what
 * utf8_first() says there.
 */
static size_t
valid_run(struct span s, int *why_out)
{
	size_t n = 0;

	while ((n += ascii_run(s.at + n, s.len - n)) < s.len) {
		int len = utf8_first((const unsigned char *)s.at + n, s.len - n);

		if (len <= 0) {
			*why_out = len;
			break;
		}
		n += (size_t)len;
	}
	return n;
}

/* Append what is whole; returns how many bytes of an incomplete last character are left. */
static size_t
convert_utf8(struct span s, struct buf *out)
{
	int why = UTF8_INVALID;

	for (;;) {
		size_t n = valid_run(s, &why);

		buf_add(out, s.at, n);
		s = span_skip(s, n);
		if (s.len == 0 || why == UTF8_INCOMPLETE)
			return s.len;
		buf_str(out, replacement);
		s = span_skip(s, 1);
	}
}

bool
charset_is_same(const struct charset *cs, struct span s)
{
	int why;

	if (cs->cd != (iconv_t)-1 || cs->held_len > 0)
		return false;
	return (cs->set ? ascii_run(s.at, s.len) : valid_run(s, &why)) == s.len;
}

bool
charset_has_ascii(const struct charset *cs)
{
	return !cs->set || cs->set->is_table;
}

static void
convert_table(const struct charset_set *set, struct span s, struct buf *out)
{
	while (s.len > 0) {
		size_t n = ascii_run(s.at, s.len), top;

		buf_add(out, s.at, n);
		s = span_skip(s, n);
		for (; s.len > 0 && (unsigned char)s.at[0] >= CHARSET_TOPS; s = span_skip(s, 1)) {
			top = (unsigned char)s.at[0] - CHARSET_TOPS;
			buf_add(out, set->utf8[top], set->utf8_len[top]);
		}
	}
}

/* As convert_utf8, through iconv. */
static size_t
convert_iconv(struct charset *cs, struct span s, struct buf *out)
{
	char  *in = (char *)(uintptr_t)s.at;
	size_t left = s.len;

	while (left > 0) {
		size_t room = left * 3 + 16;
		char  *start = buf_reserve(out, room), *to = start;
		size_t failed = iconv(cs->cd, &in, &left, &to, &room);

		*to = '\0';
		out->len += (size_t)(to - start);
		if (failed != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && left < HELD_MOST)
			break;
		buf_str(out, replacement);
		in++;
		left--;
	}
	return left;
}

static void
convert_some(struct charset *cs, struct span s, struct buf *out)
{
	size_t left = 0;

	if (cs->cd != (iconv_t)-1)
		left = convert_iconv(cs, s, out);
	else if (cs->set)
		convert_table(cs->set, s, out);
	else
		left = convert_utf8(s, out);

	memmove(cs->held, s.at + s.len - left, left);
	cs->held_len = left;
}

/* Put bytes of *s behind the held ones, one at a time, until a character came of them. */
static void
complete_held(struct charset *cs, struct span *s, struct buf *out)
{
	while (cs->held_len > 0 && s->len > 0) {
		char   together[HELD_MOST + 1];
		size_t n = cs->held_len;

		memcpy(together, cs->held, n);
		together[n++] = s->at[0];
		*s = span_skip(*s, 1);
		convert_some(cs, span_make(together, n), out);
	}
}

void
charset_convert(struct charset *cs, struct span s, bool last, struct buf *out)
{
	complete_held(cs, &s, out);
	if (s.len > 0)
		convert_some(cs, s, out);
	if (!last)
		return;
	if (cs->held_len > 0)
		buf_str(out, replacement);
	cs->held_len = 0;
	if (cs->cd != (iconv_t)-1)
		iconv(cs->cd, NULL, NULL, NULL, NULL);
}
