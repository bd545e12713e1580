/*
 * grammar.c - the RFC 3501 s.9 rules that commands share: numbers, words, strings, names
 *
 * Strings without escapes and literals are spans of the command itself; only
 * a quoted string with a backslash is copied.  8-bit bytes in quoted strings
 * are taken although the grammar has none: clients send them in SEARCH, and
 * what may not hold them (mailbox names, flags) looks for itself.
 */
#include "imapd/grammar.h"

#include "common/base/number.h"
#include "common/maildir/name.h"
#include "imapd/names.h"

static struct span
rest(const struct cursor *c)
{
	return span_make(c->at, (size_t)(c->end - c->at));
}

/* 1*DIGIT with a value of at most max. */
static uint64_t
take_digits(struct cursor *c, uint64_t max, const char *why)
{
	struct span s = rest(c);
	uint64_t n;

	if (!cursor_token(c))
		return 0;
	if (!number_take(&s, max, &n)) {
		cursor_fail(c, why);
		return 0;
	}
	c->at = s.at;
	return n;
}

/* number = 1*DIGIT ; 0 <= n < 4,294,967,296 */
uint32_t
take_number(struct cursor *c)
{
	return (uint32_t)take_digits(c, UINT32_MAX, "expected a number");
}

/* number64 = 1*DIGIT ; 0 <= n <= 9,223,372,036,854,775,807 (RFC 9051 s.9) */
uint64_t
take_number64(struct cursor *c)
{
	return take_digits(c, INT64_MAX, "expected a number");
}

/* nz-number = digit-nz *DIGIT ; 0 < n < 4,294,967,296 */
uint32_t
take_nz_number(struct cursor *c)
{
	static const char why[] = "expected a number above zero";

	if (at_byte(c, '0'))
		cursor_fail(c, why);
	return (uint32_t)take_digits(c, UINT32_MAX, why);
}

static bool
is_astring_char(char c)
{
	return is_atom_char(c) || c == ']';
}

static bool
is_list_char(char c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

static struct span
take_run(struct cursor *c, bool (*belongs)(char), const char *why)
{
	const char *start = c->at;

	if (!cursor_token(c))
		return SPAN_NONE;
	while (c->at < c->end && belongs(*c->at))
		c->at++;
	if (c->at == start) {
		cursor_fail(c, why);
		return SPAN_NONE;
	}
	return span_make(start, (size_t)(c->at - start));
}

static bool
is_tag_char(char c)
{
	return is_astring_char(c) && c != '+';
}

/* tag = 1*<any ASTRING-CHAR except "+"> */
struct span
take_tag(struct cursor *c)
{
	return take_run(c, is_tag_char, "expected a tag");
}

/* atom = 1*ATOM-CHAR */
struct span
take_atom(struct cursor *c)
{
	return take_run(c, is_atom_char, "expected a word");
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE
 * QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials */
static struct span
take_any_quoted(struct cursor *c)
{
	struct buf plain = BUF_EMPTY;
	struct span result;
	const char *from;

	take_byte(c, '"');
	from = c->at;
	while (c->at < c->end && *c->at != '"' && *c->at != '\\' && *c->at != '\r' &&
	       *c->at != '\n' && *c->at)
		c->at++;
	if (try_byte(c, '"'))
		return span_make(from, (size_t)(c->at - 1 - from));
	buf_add(&plain, from, (size_t)(c->at - from));
	while (c->at < c->end && *c->at != '"' && *c->at != '\r' && *c->at != '\n' && *c->at) {
		if (try_byte(c, '\\') && !at_byte(c, '"') && !at_byte(c, '\\'))
			break;
		buf_byte(&plain, *c->at++);
	}
	take_byte(c, '"');
	result = cursor_ok(c) ? arena_copy(c->mem, buf_view(&plain)) : SPAN_NONE;
	buf_free(&plain);
	return result;
}

/* quoted =/ DQUOTE *uQUOTED-CHAR DQUOTE ; where UTF8=ACCEPT is on (RFC 6855 s.3, RFC 9051 s.9) */
static struct span
take_quoted(struct cursor *c)
{
	struct span s = take_any_quoted(c);

	if (c->utf8 && cursor_ok(c) && !utf8_is_valid(s))
		cursor_fail(c, "a quoted string must be UTF-8");
	return s;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8 ; CHAR8 is never NUL */
static struct span
take_literal_bytes(struct cursor *c)
{
	struct span s = rest(c), body;
	uint64_t n;

	s = span_skip(s, 1);
	if (!number_take(&s, UINT32_MAX, &n)) {
		cursor_fail(c, "expected the size of a literal");
		return SPAN_NONE;
	}
	if (span_starts(s, "+"))
		s = span_skip(s, 1);
	if (!span_starts(s, "}\r\n") || n > s.len - 3) {
		cursor_fail(c, "a literal's size must end its line");
		return SPAN_NONE;
	}
	body = span_make(s.at + 3, (size_t)n);
	c->at = body.at + body.len;
	return body;
}

static struct span
take_literal(struct cursor *c)
{
	struct span body = take_literal_bytes(c);

	if (!body.at || !span_find(body, '\0'))
		return body;
	cursor_fail(c, "a literal may not hold NUL");
	return SPAN_NONE;
}

struct span
take_literal8(struct cursor *c)
{
	take_byte(c, '~');
	if (!cursor_token(c))
		return SPAN_NONE;
	if (at_byte(c, '{'))
		return take_literal_bytes(c);
	cursor_fail(c, "expected a literal");
	return SPAN_NONE;
}

bool
at_string(const struct cursor *c)
{
	return at_byte(c, '"') || at_byte(c, '{');
}

/* string = quoted / literal */
struct span
take_string(struct cursor *c)
{
	if (!cursor_token(c))
		return SPAN_NONE;
	if (at_byte(c, '"'))
		return take_quoted(c);
	if (at_byte(c, '{'))
		return take_literal(c);
	cursor_fail(c, "expected a string");
	return SPAN_NONE;
}

/* nstring = string / nil */
struct span
take_nstring(struct cursor *c)
{
	return try_whole_word(c, "NIL") ? SPAN_NONE : take_string(c);
}

/* astring = 1*ASTRING-CHAR / string ; ASTRING-CHAR = ATOM-CHAR / resp-specials */
struct span
take_astring(struct cursor *c)
{
	return at_string(c) ? take_string(c) :
	                      take_run(c, is_astring_char, "expected a word or a string");
}

/* list-mailbox = 1*list-char / string ; list-char = ATOM-CHAR / list-wildcards / resp-specials */
struct span
take_list_mailbox(struct cursor *c)
{
	return at_string(c) ? take_string(c) :
	                      take_run(c, is_list_char, "expected a mailbox pattern");
}

static struct mailbox_name
take_name(struct cursor *c, bool may_end_open)
{
	struct mailbox_name m = { NULL, "Mailbox name is missing", SPAN_NONE };

	m.raw = take_astring(c);
	if (cursor_ok(c))
		m.name = names_from_client(c->names ? c->names : &names_plain, m.raw, c->utf8,
		                           may_end_open, c->mem, &m.why);
	return m;
}

/* mailbox = "INBOX" / astring */
struct mailbox_name
take_mailbox(struct cursor *c)
{
	return take_name(c, false);
}

struct mailbox_name
take_mailbox_open(struct cursor *c)
{
	return take_name(c, true);
}

static void
take_param(struct cursor *c, const struct param_table *table, void *into, unsigned *seen)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (!try_whole_word(c, table->row[i].name))
			continue;
		if (*seen & 1U << i)
			cursor_fail(c, table->twice);
		*seen |= 1U << i;
		table->row[i].take(c, into);
		return;
	}
	cursor_fail(c, table->unknown);
}

/* select-params   = SP "(" select-param *(SP select-param) ")"
 * fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"              RFC 4466 s.3 */
void
take_params(struct cursor *c, const struct param_table *table, void *into)
{
	unsigned seen = 0;

	if (!try_byte(c, ' '))
		return;
	take_byte(c, '(');
	do
		take_param(c, table, into, &seen);
	while (try_byte(c, ' '));
	take_byte(c, ')');
}
