/*
 * surrogate.c - a header in UTF-8 for clients that know only ASCII
 *
 * RFC 6858 s.2: what a reader loses is the address that he could not have
 * written to anyway; the names and the subject he can read.  A field is taken for one
 * of three kinds by its name:
 *
 *	addresses     words and quoted strings become encoded words; <addr> and a
 *	              bare addr become  encoded-word " :;"  - an empty group of that name
 *	parameters    encoded words within the quotes, as programs have done since before RFC 2231
 *	anything else each run of words becomes encoded words
 */
#include "common/mime/surrogate.h"

#include <stdint.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/utf8.h"
#include "common/mime/header.h"

/* encoded-word = "=?" charset "?" encoding "?" encoded-text "?="   ; RFC 2047 s.2: 75 at most */
#define WORD_BEGINS "=?UTF-8?B?"
#define WORD_ENDS "?="
enum { WORD_BYTES = 45 /* 60 of base64 */ };

/* Eight bytes at a time: it is asked of every header that POP3 sends. */
static bool
is_ascii(struct span s)
{
	const char *at = s.at, *end = s.at + s.len;
	uint64_t word, all = 0;

	for (; (size_t)(end - at) >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		all |= word;
	}
	for (; at < end; at++)
		all |= (unsigned char)*at;
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

bool
surrogate_is_needed(struct span header)
{
	return !is_ascii(header) && utf8_is_valid(header);
}

/* As much of s as one encoded word takes: whole characters. */
static size_t
word_length(struct span s)
{
	size_t n = s.len < WORD_BYTES ? s.len : WORD_BYTES;

	while (n > 0 && n < s.len && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* One or several encoded words, each on a line of its own (RFC 2047 s.2, s.5) */
static void
write_encoded(struct span s, struct buf *out)
{
	char text[BASE64_ROOM(WORD_BYTES)];

	for (bool is_first = true; s.len > 0; is_first = false) {
		size_t n = word_length(s);

		if (!is_first)
			buf_str(out, "\r\n ");
		buf_str(out, WORD_BEGINS);
		buf_span(out, span_make(text, base64_encode(span_make(s.at, n), text)));
		buf_str(out, WORD_ENDS);
		s = span_skip(s, n);
	}
}

/* Where the run of bytes that are not among stops ends. */
static size_t
run_length(struct span s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && !strchr(stops, s.at[n]) && s.at[n] != '\0')
		n++;
	return n;
}

static struct span
trim_end(struct span s)
{
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* ---- unstructured: from the first word that is not ASCII to the last one ---- */

static void
write_words(struct span s, struct buf *out)
{
	size_t first = 0, last = s.len;

	if (is_ascii(s)) {
		buf_span(out, s);
		return;
	}
	for (size_t i = 0; (unsigned char)s.at[i] < 0x80; i++)
		if (s.at[i] == ' ' || s.at[i] == '\t')
			first = i + 1;
	for (size_t i = s.len; (unsigned char)s.at[i - 1] < 0x80; i--)
		if (s.at[i - 1] == ' ' || s.at[i - 1] == '\t')
			last = i - 1;
	buf_span(out, span_make(s.at, first));
	write_encoded(span_make(s.at + first, last - first), out);
	buf_span(out, span_skip(s, last));
}

/* ---- quoted strings: RFC 5322 s.3.2.4 ---- */

/* Length of the quoted string at the beginning of s, with its quotes; all of s when it does not
 * end. */
static size_t
quoted_length(struct span s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			return i + 1;
	}
	return s.len;
}

/* What the quotes hold, without quotes and backslashes. */
static struct span
unquote(struct span quoted, struct buf *room)
{
	struct span inside = span_make(quoted.at + 1, quoted.len - 1);

	if (inside.len > 0 && inside.at[inside.len - 1] == '"')
		inside.len--;
	buf_reset(room);
	for (size_t i = 0; i < inside.len; i++) {
		if (inside.at[i] == '\\' && i + 1 < inside.len)
			i++;
		buf_byte(room, inside.at[i]);
	}
	return buf_view(room);
}

static size_t
write_parameter_text(struct span s, struct buf *room, struct buf *out)
{
	size_t n = s.at[0] == '"' ? quoted_length(s) : run_length(s, "\"; \t=");
	struct span text = span_make(s.at, n > 0 ? n : 1);

	if (is_ascii(text)) {
		buf_span(out, text);
	} else if (s.at[0] == '"') {
		buf_byte(out, '"');
		write_encoded(unquote(text, room), out);
		buf_byte(out, '"');
	} else {
		write_encoded(text, out);
	}
	return text.len;
}

/* ---- addresses ---- */

static void
write_group(struct span address, struct buf *out)
{
	write_encoded(address, out);
	buf_str(out, " :;");
}

static size_t
write_angle(struct span s, struct buf *out)
{
	size_t n = run_length(s, ">");
	bool ends = n < s.len && s.at[n] == '>';

	if (is_ascii(span_make(s.at, n)))
		buf_span(out, span_make(s.at, n + ends));
	else
		write_group(span_make(s.at + 1, n - 1), out);
	return n + ends;
}

/* A phrase, or an address without angles. */
static size_t
write_atoms(struct span s, struct buf *out)
{
	size_t n = run_length(s, "\"<,;:()");
	struct span text = trim_end(span_make(s.at, n));

	if (memchr(text.at, '@', text.len) && !is_ascii(text))
		write_group(text, out);
	else
		write_words(text, out);
	buf_span(out, span_make(s.at + text.len, n - text.len));
	return n;
}

static size_t
write_address_text(struct span s, struct buf *room, struct buf *out)
{
	size_t n;

	if (s.at[0] == '<')
		return write_angle(s, out);
	if (s.at[0] == '"') {
		n = quoted_length(s);
		if (is_ascii(span_make(s.at, n)))
			buf_span(out, span_make(s.at, n));
		else
			write_encoded(unquote(span_make(s.at, n), room), out);
		return n;
	}
	n = write_atoms(s, out);
	if (n > 0)
		return n;
	buf_byte(out, s.at[0]);
	return 1;
}

/* ---- fields ---- */

typedef size_t (*write_function)(struct span s, struct buf *room, struct buf *out);

static const struct {
	const char    *name;
	write_function write;
} kinds[] = {
	{ "From", write_address_text },        { "Sender", write_address_text },
	{ "Reply-To", write_address_text },    { "To", write_address_text },
	{ "Cc", write_address_text },          { "Bcc", write_address_text },
	{ "Resent-From", write_address_text }, { "Resent-Sender", write_address_text },
	{ "Resent-To", write_address_text },   { "Resent-Cc", write_address_text },
	{ "Resent-Bcc", write_address_text },  { "Return-Path", write_address_text },
	{ "Disposition-Notification-To", write_address_text },
	{ "Content-Type", write_parameter_text },
	{ "Content-Disposition", write_parameter_text },
};

static write_function
find_kind(struct span name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_is_nocase(name, kinds[i].name))
			return kinds[i].write;
	return NULL;
}

/* A field's name that is not ASCII is no name (RFC 5322 s.2.2): each such byte becomes '?'. */
static void
write_name(struct span name, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++)
		buf_byte(out, (unsigned char)name.at[i] < 0x80 ? name.at[i] : '?');
	buf_str(out, ": ");
}

static void
write_field(const struct field *f, struct arena *mem, struct buf *room, struct buf *out)
{
	struct span value = header_unfold(f->value, mem);
	write_function write = find_kind(f->name);

	write_name(f->name, out);
	if (!write)
		write_words(value, out);
	while (write && value.len > 0)
		value = span_skip(value, write(value, room, out));
	buf_str(out, "\r\n");
}

void
surrogate_write(struct span header, struct buf *out)
{
	struct arena mem = ARENA_EMPTY;
	struct buf room = BUF_EMPTY;
	struct span rest = header;
	struct field f;

	while (header_next(&rest, &f)) {
		if (is_ascii(f.whole))
			buf_span(out, f.whole);
		else
			write_field(&f, &mem, &room, out);
		arena_reset(&mem);
	}
	buf_str(out, "\r\n");
	buf_free(&room);
	arena_free(&mem);
}
