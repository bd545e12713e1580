/* span.c - comparing and cutting borrowed bytes */
#include "common/base/span.h"

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
span_is(struct span s, const char *word)
{
	return span_equal(s, span_of(word));
}

bool
span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

int
span_compare_nocase(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++) {
		int d = (unsigned char)ascii_lower(a.at[i]) - (unsigned char)ascii_lower(b.at[i]);

		if (d != 0)
			return d;
	}
	return (a.len > b.len) - (a.len < b.len);
}

bool
span_is_nocase(struct span s, const char *word)
{
	size_t i = 0;

	while (i < s.len && word[i] && ascii_lower(s.at[i]) == ascii_lower(word[i]))
		i++;
	return i == s.len && !word[i];
}

bool
span_starts(struct span s, const char *prefix)
{
	struct span p = span_of(prefix);

	return s.len >= p.len && span_equal(span_make(s.at, p.len), p);
}

bool
span_starts_nocase(struct span s, const char *prefix)
{
	struct span p = span_of(prefix);

	return s.len >= p.len && span_equal_nocase(span_make(s.at, p.len), p);
}

struct span
span_skip(struct span s, size_t n)
{
	if (n > s.len)
		n = s.len;
	return n == 0 ? s : span_make(s.at + n, s.len - n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s = span_skip(s, 1);
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

const char *
span_find(struct span s, char c)
{
	return s.len > 0 ? memchr(s.at, c, s.len) : NULL;
}

bool
span_split(struct span *rest, char separator, struct span *word_out)
{
	const char *stop;

	if (!rest->at)
		return false;
	stop = span_find(*rest, separator);
	if (!stop) {
		*word_out = *rest;
		*rest = SPAN_NONE;
		return true;
	}
	*word_out = span_make(rest->at, (size_t)(stop - rest->at));
	*rest = span_skip(*rest, word_out->len + 1);
	return true;
}
