/*
 * settings_lex.c - Dovecot 2.3's configuration syntax, one item at a time
 *
 *	name = value            blanks around both are dropped
 *	name = "a \"b\" # c"    quotes of either kind, when they stand around the whole value
 *	name = </path           the content of a file
 *	name = $other more      the value of another setting so far, and more
 *	name [argument] {       a section, up to its }
 *	!include path           also !include_try
 *	# comment               also behind a value; not inside quotes
 *	a long line \           goes on in the next one, joined by one blank
 *
 * Dovecot wants a section's braces at the ends of lines.  Here more may stand
 * behind them, "mailbox Sent { special_use = \Sent auto = subscribe }"; each
 * value in such a line is one word or quoted.
 */
#include "common/base/settings_lex.h"

#include "common/base/buf.h"

void
settings_lex_open(struct settings_lexer *l, struct span text, struct arena *mem)
{
	*l = (struct settings_lexer){ .rest = text, .tail = SPAN_NONE, .mem = mem };
	if (span_starts(text, "\xef\xbb\xbf"))
		l->rest = span_skip(text, 3);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where the quote that opens at s.at[from] ends; s.len when it does not. */
static size_t
quote_end(struct span s, size_t from)
{
	size_t i = from + 1;

	while (i < s.len && s.at[i] != s.at[from])
		i += s.at[i] == '\\' ? 2 : 1;
	return i < s.len ? i : s.len;
}

/*
 * As in Dovecot a '#' begins a comment also inside a word, which is worth a
 * warning: a password may be cut.
 */
static struct span
without_comment(struct settings_lexer *l, struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] == '"' || line.at[i] == '\'') {
			i = quote_end(line, i);
		} else if (line.at[i] == '#') {
			l->cut |= i > 0 && !is_blank(line.at[i - 1]);
			return span_trim(span_make(line.at, i));
		}
	}
	return line;
}

/* The next line that says something, with what continues it; false at the end. */
static bool
next_line(struct settings_lexer *l, struct span *line_out)
{
	struct buf joined = BUF_EMPTY;
	struct span line;
	bool goes_on = true;

	l->cut = false;
	while (goes_on && span_split(&l->rest, '\n', &line)) {
		l->line++;
		line = without_comment(l, span_trim(line));
		if (line.len == 0)
			continue;
		goes_on = line.at[line.len - 1] == '\\';
		if (goes_on)
			line = span_trim(span_make(line.at, line.len - 1));
		buf_span(&joined, line);
		if (goes_on)
			buf_byte(&joined, ' ');
	}
	*line_out = span_trim(arena_copy(l->mem, buf_view(&joined)));
	buf_free(&joined);
	return line_out->len > 0;
}

static void
skip_blanks(struct span *s)
{
	while (s->len > 0 && is_blank(s->at[0]))
		*s = span_skip(*s, 1);
}

/* Up to a blank or one of stops. */
static struct span
take_word(struct span *s, const char *stops)
{
	size_t n = 0;

	while (n < s->len && !is_blank(s->at[n]) && !strchr(stops, s->at[n]))
		n++;
	*s = span_skip(*s, n);
	return span_make(s->at - n, n);
}

/* The text between quotes: \x is x. */
static const char *
unescape(struct arena *mem, struct span s)
{
	char *text = arena_alloc(mem, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len)
			i++;
		text[n++] = s.at[i];
	}
	text[n] = '\0';
	return text;
}

static bool
at_quote(struct span s)
{
	return s.len > 1 && (s.at[0] == '"' || s.at[0] == '\'');
}

/* One word or a quoted text, for section arguments and values in a line with braces. */
static const char *
take_text(struct arena *mem, struct span *s, const char *stops)
{
	size_t end = at_quote(*s) ? quote_end(*s, 0) : s->len;
	const char *text;

	if (end == s->len)
		return arena_string(mem, take_word(s, stops));
	text = unescape(mem, span_make(s->at + 1, end - 1));
	*s = span_skip(*s, end + 1);
	return text;
}

static struct settings_item
bad(struct settings_lexer *l, const char *why)
{
	l->tail = SPAN_NONE;
	return (struct settings_item){
		.kind = SETTINGS_BAD, .line = l->line, .cut = l->cut, .name = "", .text = why
	};
}

/* What stands behind "=": the whole line, or one word where a brace stands in the line. */
static const char *
take_value(struct settings_lexer *l, struct span *s, bool has_braces)
{
	const char *text;

	if (has_braces)
		return take_text(l->mem, s, "");
	if (at_quote(*s) && s->at[s->len - 1] == s->at[0])
		text = unescape(l->mem, span_make(s->at + 1, s->len - 2));
	else
		text = arena_string(l->mem, *s);
	*s = SPAN_NONE;
	return text;
}

static struct settings_item
lex_value(struct settings_lexer *l, struct span name, struct span s, bool has_braces)
{
	struct settings_item item = { .kind = SETTINGS_VALUE, .line = l->line, .cut = l->cut };

	skip_blanks(&s);
	item.name = arena_string(l->mem, name);
	if (s.len > 0 && (s.at[0] == '<' || s.at[0] == '$')) {
		item.form = s.at[0] == '<' ? SETTINGS_PATH : SETTINGS_VARIABLE;
		s = span_skip(s, 1);
		skip_blanks(&s);
	}
	item.text = has_braces && s.len > 0 && s.at[0] == '}' ? "" : take_value(l, &s, has_braces);
	l->tail = s;
	return item;
}

static struct settings_item
lex_section(struct settings_lexer *l, struct span name, struct span s)
{
	struct settings_item item = { .kind = SETTINGS_OPEN, .line = l->line, .cut = l->cut };

	item.name = arena_string(l->mem, name);
	item.text = take_text(l->mem, &s, "{");
	skip_blanks(&s);
	if (s.len == 0 || s.at[0] != '{')
		return bad(l, "expected \"name = value\", \"name {\", \"name argument {\", \"}\" "
		              "or \"!include path\"");
	l->tail = span_skip(s, 1);
	return item;
}

static struct settings_item
lex_include(struct settings_lexer *l, struct span name, struct span s)
{
	bool is_try = span_is(name, "!include_try");

	l->tail = SPAN_NONE;
	if (!is_try && !span_is(name, "!include"))
		return bad(l, "of the words with \"!\" only !include and !include_try are known");
	if (s.len == 0)
		return bad(l, "expected a path behind !include");
	return (struct settings_item){ .kind = is_try ? SETTINGS_INCLUDE_TRY : SETTINGS_INCLUDE,
		                       .line = l->line,
		                       .cut = l->cut,
		                       .name = "",
		                       .text = take_value(l, &s, false) };
}

struct settings_item
settings_lex(struct settings_lexer *l)
{
	struct span s = l->tail, name;
	bool has_braces;

	skip_blanks(&s);
	has_braces = s.len > 0;
	if (!has_braces && !next_line(l, &s))
		return (struct settings_item){
			.kind = SETTINGS_END, .line = l->line, .name = "", .text = ""
		};
	if (s.at[0] == '}') {
		l->tail = span_skip(s, 1);
		return (struct settings_item){ .kind = SETTINGS_CLOSE,
			                       .line = l->line,
			                       .cut = l->cut,
			                       .name = "",
			                       .text = "" };
	}
	name = take_word(&s, "={}");
	skip_blanks(&s);
	if (name.len > 0 && name.at[0] == '!')
		return lex_include(l, name, s);
	if (name.len > 0 && s.len > 0 && s.at[0] == '=')
		return lex_value(l, name, span_skip(s, 1), has_braces);
	if (name.len == 0)
		return bad(l, "a name is missing in front of \"=\" or \"{\"");
	return lex_section(l, name, s);
}
