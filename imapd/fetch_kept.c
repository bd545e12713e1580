/*
 * fetch_kept.c - items whose text is made once and kept for all sessions: ENVELOPE, BODY,
 * BODYSTRUCTURE, PREVIEW
 *
 * What is kept is the text for a client that knows no UTF-8: strings with other bytes are
 * literals.  One that has enabled UTF-8 gets them quoted (RFC 6855 s.3).
 */
#include "common/base/utf8.h"
#include "common/mime/preview.h"
#include "imapd/fetch.h"

static bool
find_kept(struct fetch *f, enum cache_kind kind, struct span *answer_out)
{
	return cached(f->s->box, f->number, kind, answer_out);
}

bool
find_envelope(struct fetch *f, const void *args, struct span *answer_out)
{
	(void)args;
	return find_kept(f, CACHE_ENVELOPE, answer_out);
}

bool
find_body(struct fetch *f, const void *args, struct span *answer_out)
{
	(void)args;
	return find_kept(f, CACHE_BODY, answer_out);
}

bool
find_bodystructure(struct fetch *f, const void *args, struct span *answer_out)
{
	(void)args;
	return find_kept(f, CACHE_STRUCTURE, answer_out);
}

/* The text just made, kept unless the file changed under our eyes. */
static struct span
keep_made(struct fetch *f, enum cache_kind kind)
{
	struct span text = span_make(f->made.data ? f->made.data : "", f->made.len);

	if (!source_is_short(f->source))
		cache_keep(f->s->box, f->number, kind, text);
	return text;
}

/* ---- literals to quoted strings ---- */

/* text begins with '{'.  The literal's bytes, and *length_out of all of it. */
static struct span
literal_at(struct span text, size_t *length_out)
{
	size_t at = 1, n = 0;

	while (at < text.len && ascii_is_digit(text.at[at]) && n <= text.len)
		n = n * 10 + (size_t)(text.at[at++] - '0');
	at += 3; /* }CRLF */
	if (at > text.len || n > text.len - at)
		return SPAN_NONE;
	*length_out = at + n;
	return span_make(text.at + at, n);
}

static bool
may_be_quoted_utf8(struct span s)
{
	return utf8_is_valid(s) && !span_find(s, '\r') && !span_find(s, '\n');
}

/* The length of the quoted string that text begins with. */
static size_t
quoted_length(struct span text)
{
	size_t n = 1;

	while (n < text.len && text.at[n] != '"')
		n += text.at[n] == '\\' ? 2 : 1;
	return n < text.len ? n + 1 : text.len;
}

static void
put_as_utf8(struct out *o, struct span text)
{
	while (text.len > 0) {
		bool is_literal = text.at[0] == '{';
		size_t n = text.at[0] == '"' ? quoted_length(text) : 1;
		struct span literal = is_literal ? literal_at(text, &n) : SPAN_NONE;

		if (literal.at && may_be_quoted_utf8(literal))
			put_quoted(o, literal);
		else
			out_add(o, text.at, n);
		text = span_skip(text, n);
	}
}

static void
put_text(struct fetch *f, struct span text)
{
	if ((f->s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) && span_find(text, '{'))
		put_as_utf8(&f->s->out, text);
	else
		out_span(&f->s->out, text);
}

/* ---- the items ---- */

void
emit_envelope(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	if (!answer.at) {
		out_reset(&f->made);
		put_envelope(&f->made, f->header, &f->s->mem);
		answer = keep_made(f, CACHE_ENVELOPE);
	}
	out_str(&f->s->out, "ENVELOPE ");
	put_text(f, answer);
}

static void
emit_structure(struct fetch *f, enum cache_kind kind, const char *name, struct span answer)
{
	if (!answer.at) {
		out_reset(&f->made);
		put_structure(&f->made, f->root, kind == CACHE_STRUCTURE, &f->s->mem);
		answer = keep_made(f, kind);
	}
	out_str(&f->s->out, name);
	put_text(f, answer);
}

void
emit_body(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	emit_structure(f, CACHE_BODY, "BODY ", answer);
}

void
emit_bodystructure(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	emit_structure(f, CACHE_STRUCTURE, "BODYSTRUCTURE ", answer);
}

/* ---- PREVIEW (RFC 8970) ---- */

struct preview_args {
	bool is_lazy;
};

/* "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]   ; preview-mod = "LAZY" */
void *
parse_preview(struct cursor *c, unsigned *cost)
{
	struct preview_args *a = arena_zero(c->mem, sizeof(*a));

	if (!try_word(c, " ("))
		return a;
	do
		if (try_whole_word(c, "LAZY"))
			a->is_lazy = true;
		else
			cursor_fail(c, "expected LAZY");
	while (try_byte(c, ' '));
	take_byte(c, ')');
	if (a->is_lazy)
		*cost = FETCH_NAME;
	return a;
}

bool
find_preview(struct fetch *f, const void *args, struct span *answer_out)
{
	(void)args;
	return find_kept(f, CACHE_PREVIEW, answer_out);
}

static struct span
make_preview(struct fetch *f)
{
	struct buf text = BUF_EMPTY;
	struct span made;

	preview_of(f->source, f->root, &text);
	made = text.len > 0 ? arena_copy(&f->s->mem, buf_view(&text)) : span_of("");
	buf_free(&text);
	if (!source_is_short(f->source))
		cache_keep(f->s->box, f->number, CACHE_PREVIEW, made);
	return made;
}

/* "PREVIEW" SP nstring; NIL where a lazy client would have to wait for it. */
void
emit_preview(struct fetch *f, const void *args, struct span answer)
{
	const struct preview_args *a = args;

	if (!answer.at && !a->is_lazy)
		answer = make_preview(f);
	out_reset(&f->made);
	put_nstring(&f->made, answer);
	out_str(&f->s->out, "PREVIEW ");
	put_text(f, span_make(f->made.data, f->made.len));
}
