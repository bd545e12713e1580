/*
 * greet_grammar.c - the pieces of an IMAP command before the login (RFC 3501 s.9, RFC 2971, 7888)
 *
 * The bytes of literals stand behind their "{n}" CRLF, where the collector of
 * greet.c has put them.  Strings are unescaped into a struct greet_text.
 */
#include "imapd/greet_grammar.h"

#include "common/base/number.h"

enum { ID_PAIRS = 30, ID_FIELD = 30, ID_VALUE = 1024, TAG_MOST = 200 };

static void
fail(struct greet_cursor *c)
{
	c->failed = true;
	c->rest = span_make("", 0);
}

bool
greet_try_byte(struct greet_cursor *c, char byte)
{
	if (c->rest.len == 0 || c->rest.at[0] != byte)
		return false;
	c->rest = span_skip(c->rest, 1);
	return true;
}

void
greet_take_byte(struct greet_cursor *c, char byte)
{
	if (!greet_try_byte(c, byte))
		fail(c);
}

/* ASTRING-CHAR = ATOM-CHAR / resp-specials; bytes above 127 besides, which passwords have. */
static bool
is_astring_char(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !span_find(span_of("(){%*\"\\"), c);
}

/* 1*ASTRING-CHAR, left where it is; empty when there is none. */
struct span
greet_take_word(struct greet_cursor *c)
{
	struct span word = c->rest;
	size_t n = 0;

	while (n < word.len && is_astring_char(word.at[n]))
		n++;
	c->rest = span_skip(word, n);
	return span_make(word.at, n);
}

static void
put_byte(struct greet_cursor *c, struct greet_text *t, char byte)
{
	if (t->len == sizeof(t->at) || byte == '\0')
		fail(c);
	else
		t->at[t->len++] = byte;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE, behind its first quote */
static void
take_quoted(struct greet_cursor *c, struct greet_text *t)
{
	while (!c->failed && !greet_try_byte(c, '"')) {
		bool escaped = greet_try_byte(c, '\\');

		if (c->rest.len == 0 ||
		    (escaped && c->rest.at[0] != '"' && c->rest.at[0] != '\\')) {
			fail(c);
			return;
		}
		put_byte(c, t, c->rest.at[0]);
		c->rest = span_skip(c->rest, 1);
	}
}

/*
 * literal = "{" number ["+"] "}" CRLF *CHAR8; the collector has seen to it that
 * the bytes are there.
 */
static void
take_literal(struct greet_cursor *c, struct greet_text *t)
{
	uint64_t n = 0;

	if (!number_take(&c->rest, LIMIT_GREETER_LITERAL, &n))
		fail(c);
	greet_try_byte(c, '+');
	greet_take_byte(c, '}');
	greet_take_byte(c, '\r');
	greet_take_byte(c, '\n');
	if (c->rest.len < n)
		fail(c);
	for (; n > 0 && !c->failed; n--) {
		put_byte(c, t, c->rest.at[0]);
		c->rest = span_skip(c->rest, 1);
	}
}

/* string = quoted / literal */
bool
greet_try_string(struct greet_cursor *c, struct greet_text *t)
{
	t->len = 0;
	if (greet_try_byte(c, '"'))
		take_quoted(c, t);
	else if (greet_try_byte(c, '{'))
		take_literal(c, t);
	else
		return false;
	return true;
}

/* astring = 1*ASTRING-CHAR / string */
void
greet_take_astring(struct greet_cursor *c, struct greet_text *t)
{
	struct span word;

	if (greet_try_string(c, t))
		return;
	word = greet_take_word(c);
	if (word.len == 0)
		fail(c);
	for (size_t i = 0; i < word.len && !c->failed; i++)
		put_byte(c, t, word.at[i]);
}

void
greet_take_end(struct greet_cursor *c)
{
	if (c->rest.len > 0)
		fail(c);
}

/* tag = 1*<any ASTRING-CHAR except "+">, and short enough to be given back. */
bool
greet_take_tag(struct greet_cursor *c, struct span *tag_out)
{
	struct span tag = greet_take_word(c);

	if (tag.len == 0 || tag.len > TAG_MOST || span_find(tag, '+') || !greet_try_byte(c, ' '))
		return false;
	*tag_out = tag;
	return true;
}

/*
 * id-params-list = "(" string SP nstring *(SP string SP nstring) ")" / "()" / nil
 *                                                                  RFC 2971 s.3
 */
void
greet_take_id_params(struct greet_cursor *c, struct greet_text *field, struct greet_text *value)
{
	unsigned pairs = 0;

	if (span_is_nocase(c->rest, "NIL")) {
		c->rest = span_skip(c->rest, 3);
		return;
	}
	greet_take_byte(c, '(');
	if (greet_try_byte(c, ')'))
		return;
	do {
		if (++pairs > ID_PAIRS || !greet_try_string(c, field) || field->len > ID_FIELD)
			fail(c);
		greet_take_byte(c, ' ');
		if (!c->failed && !greet_try_string(c, value) &&
		    !span_is_nocase(greet_take_word(c), "NIL"))
			fail(c);
		if (value->len > ID_VALUE)
			fail(c);
	} while (greet_try_byte(c, ' '));
	greet_take_byte(c, ')');
}

static bool
is_number(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.at[i]))
			return false;
	return s.len == 1 || (s.len > 1 && s.at[0] != '0');
}

/*
 * "{" number ["+"] "}" at the end of a line.  A number that is none is no
 * literal and fails in the grammar; with "+" bytes may follow all the same,
 * nobody knows how many: it counts as the longest of all.
 */
enum greet_literal
greet_literal_at_end(struct span line, uint64_t *n_out)
{
	size_t at = line.len;
	struct span number;
	enum greet_literal kind = GREET_LITERAL_WAITS;

	if (line.len < 3 || line.at[line.len - 1] != '}')
		return GREET_LITERAL_NONE;
	while (at > 0 && line.at[at - 1] != '{')
		at--;
	if (at == 0)
		return GREET_LITERAL_NONE;
	number = span_make(line.at + at, line.len - at - 1);
	if (number.len > 0 && number.at[number.len - 1] == '+') {
		kind = GREET_LITERAL_FOLLOWS;
		number.len--;
	}
	*n_out = UINT64_MAX;
	if (!is_number(number))
		return kind == GREET_LITERAL_FOLLOWS ? kind : GREET_LITERAL_NONE;
	number_parse(number, UINT64_MAX, n_out);
	return kind;
}
