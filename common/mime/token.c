/* token.c - the words that structured header fields are made of (RFC 5322 s.3.2) */
#include "common/mime/token.h"

const char token_specials[] = "()<>[]:;@\\,\"";
const char token_tspecials[] = "()<>@,;:\\\"/[]?=";

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* comment: depth is counted, not recursed into, so it may be as deep as the value is long. */
static struct span
take_comment(struct span *rest)
{
	const char *start = rest->at + 1;
	size_t depth = 0, i = 0;

	for (; i < rest->len; i++) {
		char c = rest->at[i];

		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	if (i > rest->len)
		i = rest->len;
	*rest = span_skip(*rest, i + 1);
	return span_make(start, i - 1);
}

void
token_skip_comment(struct span *rest, struct span *comment_out)
{
	while (rest->len > 0) {
		if (is_blank(rest->at[0]))
			*rest = span_skip(*rest, 1);
		else if (rest->at[0] == '(')
			*comment_out = take_comment(rest);
		else
			return;
	}
}

void
token_skip_blank(struct span *rest)
{
	struct span comment;

	token_skip_comment(rest, &comment);
}

struct span
token_plain(struct span raw, struct arena *mem)
{
	char *copy, *to;

	if (!span_find(raw, '\\') && !span_find(raw, '\n') && !span_find(raw, '\r') &&
	    !span_find(raw, '\0'))
		return raw;
	copy = to = arena_alloc(mem, raw.len + 1);
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.at[i] == '\\' && i + 1 < raw.len)
			i++;
		if (raw.at[i] != '\n' && raw.at[i] != '\r')
			*to++ = raw.at[i] ? raw.at[i] : (char)0x80;
	}
	return span_make(copy, (size_t)(to - copy));
}

struct span
token_quoted(struct span *rest, struct arena *mem)
{
	const char *start = rest->at + 1;
	size_t i = 1;

	while (i < rest->len && rest->at[i] != '"')
		i += rest->at[i] == '\\' ? 2 : 1;
	if (i > rest->len)
		i = rest->len;
	*rest = span_skip(*rest, i + 1);
	return token_plain(span_make(start, i - 1), mem);
}

/* Most of mail, and never one of stops: saves looking them through. */
static bool
is_common(unsigned char c)
{
	static const bool common[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
		['-'] = true,         ['_'] = true,         ['+'] = true,
		['.'] = true,         [0x80 ... 0xff] = true,
	};

	return common[c];
}

struct span
token_word(struct span *rest, const char *stops)
{
	size_t i = 0;

	while (i < rest->len) {
		unsigned char c = (unsigned char)rest->at[i];

		if (!is_common(c) && (c <= ' ' || c == 0x7f || strchr(stops, c)))
			break;
		i++;
	}
	struct span word = span_make(rest->at, i);

	*rest = span_skip(*rest, i);
	return word;
}

bool
token_byte(struct span *rest, char c)
{
	if (rest->len == 0 || rest->at[0] != c)
		return false;
	*rest = span_skip(*rest, 1);
	return true;
}
