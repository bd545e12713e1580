/*
 * html.c - the text of an HTML page, as far as a preview needs it
 *
 * No page is too broken: whatever is not understood is left out or stays as it is, in one pass
 * and without a stack.
 */
#include "common/mime/html.h"

#include <stdint.h>

enum { LAST_CHARACTER = 0x10ffff };

static const struct entity {
	const char *name, *text;
} entities[] = {
	{ "amp", "&" },         { "lt", "<" },          { "gt", ">" },
	{ "quot", "\"" },       { "apos", "'" },        { "nbsp", " " },
	{ "ensp", " " },        { "emsp", " " },        { "thinsp", " " },
	{ "zwnj", "" },         { "zwj", "" },          { "shy", "" },
	{ "copy", "\u00a9" },   { "reg", "\u00ae" },    { "trade", "\u2122" },
	{ "hellip", "\u2026" }, { "mdash", "\u2014" },  { "ndash", "\u2013" },
	{ "lsquo", "\u2018" },  { "rsquo", "\u2019" },  { "ldquo", "\u201c" },
	{ "rdquo", "\u201d" },  { "bull", "\u2022" },   { "euro", "\u20ac" },
	{ "auml", "\u00e4" },   { "ouml", "\u00f6" },   { "uuml", "\u00fc" },
	{ "Auml", "\u00c4" },   { "Ouml", "\u00d6" },   { "Uuml", "\u00dc" },
	{ "szlig", "\u00df" },  { "eacute", "\u00e9" }, { "egrave", "\u00e8" },
	{ "agrave", "\u00e0" }, { "ccedil", "\u00e7" }, { "laquo", "\u00ab" },
	{ "raquo", "\u00bb" },  { "middot", "\u00b7" },
};

/* What stands between these and their end is not for reading. */
static const char *const hiding[] = { "script", "style", "title", "template", "noscript", NULL };

/* Tags within a word. */
static const char *const inline_tags[] = {
	"a",  "abbr", "b",  "bdi", "bdo",   "big",  "code", "em",     "font", "i",   "ins", "kbd",
	"q",  "s",    "sub", "small", "span", "strong", "sup", "tt", "u", "wbr", "o:p", NULL,
};

static const char *
find(const char *const *names, struct span name)
{
	while (*names && !span_is_nocase(name, *names))
		names++;
	return *names;
}

static struct span
word(const struct html *h)
{
	return span_make(h->word, h->word_len);
}

static void
add_to_word(struct html *h, char c)
{
	if (h->word_len < sizeof(h->word))
		h->word[h->word_len++] = c;
}

static void
begin(struct html *h, enum html_state state)
{
	h->state = state;
	h->word_len = 0;
	h->has_name = h->is_end_tag = false;
}

static void
show(const struct html *h, struct span text, struct buf *out)
{
	if (!h->hidden)
		buf_span(out, text);
}

/* ---- entities ---- */

/* "#8364" or "#x20ac"; 0: it is none, or none that may be shown. */
static uint32_t
numbered(struct span name)
{
	uint32_t base = 10, n = 0;

	name = span_skip(name, 1);
	if (name.len > 0 && ascii_lower(name.at[0]) == 'x') {
		base = 16;
		name = span_skip(name, 1);
	}
	for (size_t i = 0; i < name.len; i++) {
		int digit = ascii_hex(name.at[i]);

		if (digit < 0 || (uint32_t)digit >= base || n > LAST_CHARACTER)
			return 0;
		n = n * base + (uint32_t)digit;
	}
	return n > LAST_CHARACTER || (n >= 0xd800 && n < 0xe000) ? 0 : n;
}

/* UTF-8 of c, which is a character. */
static void
show_numbered(const struct html *h, uint32_t c, struct buf *out)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	char text[4];

	for (size_t i = n; i-- > 1; c >>= 6)
		text[i] = (char)(0x80 | (c & 0x3f));
	text[0] = (char)(lead[n] | c);
	show(h, span_make(text, n), out);
}

/* The word behind '&' is over.  What is no entity stays as it is written. */
static void
end_entity(struct html *h, bool has_semicolon, struct buf *out)
{
	struct span name = word(h);
	uint32_t c = name.len > 1 && name.at[0] == '#' ? numbered(name) : 0;

	h->state = HTML_TEXT;
	if (c) {
		show_numbered(h, c, out);
		return;
	}
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (span_is(name, entities[i].name)) {
			show(h, span_of(entities[i].text), out);
			return;
		}
	}
	show(h, span_of("&"), out);
	show(h, name, out);
	if (has_semicolon)
		show(h, span_of(";"), out);
}

static bool
may_be_in_entity(const struct html *h, char c)
{
	return h->word_len < sizeof(h->word) &&
	       (ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	        (c == '#' && h->word_len == 0));
}

/* ---- tags ---- */

static void
end_tag(struct html *h, struct buf *out)
{
	h->state = HTML_TEXT;
	if (h->hidden) {
		if (h->is_end_tag && span_is_nocase(word(h), h->hidden))
			h->hidden = NULL;
		return;
	}
	if (!h->is_end_tag)
		h->hidden = find(hiding, word(h));
	if (!find(inline_tags, word(h)))
		buf_byte(out, ' ');
}

static void
take_in_tag(struct html *h, char c, struct buf *out)
{
	bool is_blank = c == ' ' || (c >= '\t' && c <= '\r') || c == '/';

	if (c == '>') {
		end_tag(h, out);
	} else if (h->has_name) {
		if ((c == '"' || c == '\'') && !h->hidden) {
			h->quote = c;
			h->state = HTML_QUOTED;
		}
	} else if (c == '/' && h->word_len == 0) {
		h->is_end_tag = true;
	} else if (is_blank) {
		h->has_name = true;
	} else {
		add_to_word(h, c);
		if (span_is(word(h), "!--")) {
			h->state = HTML_COMMENT;
			h->dashes = 0;
		}
	}
}

/* ---- one byte in each state ---- */

static void
take_in_quotes(struct html *h, char c, struct buf *out)
{
	(void)out;
	if (c == h->quote)
		h->state = HTML_TAG;
}

static void
take_in_comment(struct html *h, char c, struct buf *out)
{
	(void)out;
	if (c == '>' && h->dashes >= 2)
		h->state = HTML_TEXT;
	h->dashes = c == '-' ? h->dashes + 1 : 0;
}

static void
take_in_text(struct html *h, char c, struct buf *out)
{
	if (c == '<')
		begin(h, HTML_TAG);
	else if (c == '&')
		begin(h, HTML_ENTITY);
	else
		show(h, span_make(&c, 1), out);
}

static void
take_in_entity(struct html *h, char c, struct buf *out)
{
	if (may_be_in_entity(h, c)) {
		add_to_word(h, c);
		return;
	}
	end_entity(h, c == ';', out);
	if (c != ';')
		take_in_text(h, c, out);
}

void
html_text(struct html *h, struct span piece, struct buf *out)
{
	static void (*const take[])(struct html *h, char c, struct buf *out) = {
		[HTML_TEXT] = take_in_text,       [HTML_TAG] = take_in_tag,
		[HTML_QUOTED] = take_in_quotes,   [HTML_ENTITY] = take_in_entity,
		[HTML_COMMENT] = take_in_comment,
	};

	for (size_t i = 0; i < piece.len; i++)
		take[h->state](h, piece.at[i], out);
}
