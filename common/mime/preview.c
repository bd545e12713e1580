/* preview.c - the beginning of a message's text, for a list of messages (RFC 8970) */
#include "common/mime/preview.h"

#include "common/base/limits.h"
#include "common/base/utf8.h"
#include "common/mime/html.h"

enum { PREVIEW_CHARACTERS = 200, PARTS_MOST = 20 /* texts without text that are passed over */ };

/* What becomes the preview, one character after the other. */
struct preview {
	struct buf *out;
	unsigned    count;      /* characters */
	bool        has_blank;  /* one is to be put in front of the next */
	bool        keeps_quoted;
	bool        at_start;   /* of a line */
	bool        is_quoted;  /* the line */
	bool        is_html;
	struct html html;
	struct buf  text;       /* a piece with its tags taken away, and what a piece before left */
	size_t      seen;
};

/* Characters without a form of their own, which senders fill the beginning of a page with. */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{ 0x00, 0x08 },     { 0x0e, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },
	{ 0x34f, 0x34f },   { 0x61c, 0x61c },   { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180e }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
};

static bool
is_invisible(uint32_t c)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
		if (c >= invisible[i].first && c <= invisible[i].last)
			return true;
	return false;
}

static bool
is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

static void
take_character(struct preview *p, uint32_t c, struct span bytes)
{
	if (p->at_start)
		p->is_quoted = c == '>' && !p->is_html && !p->keeps_quoted;
	p->at_start = c == '\n';
	if (is_blank(c)) {
		p->has_blank = p->count > 0;
		return;
	}
	if (p->is_quoted || is_invisible(c) || p->count == PREVIEW_CHARACTERS)
		return;
	if (p->has_blank && p->count == PREVIEW_CHARACTERS - 1) {
		p->count++;
		return;
	}
	if (p->has_blank)
		buf_byte(p->out, ' ');
	p->count += p->has_blank ? 2 : 1;
	p->has_blank = false;
	buf_span(p->out, bytes);
}

/* Is s the beginning of a character whose end is in the next piece? */
static bool
is_cut(struct span s)
{
	unsigned char lead = (unsigned char)s.at[0];

	return s.len < (lead >= 0xf0 ? 4U : lead >= 0xe0 ? 3U : lead >= 0xc0 ? 2U : 1U);
}

/* All whole characters of text; what is left of it stays. */
static void
take_text(struct preview *p)
{
	struct span rest = buf_view(&p->text);
	size_t left;

	while (rest.len > 0 && p->count < PREVIEW_CHARACTERS) {
		struct span before = rest;
		uint32_t c;

		if (utf8_take(&rest, &c))
			take_character(p, c, span_make(before.at, before.len - rest.len));
		else if (is_cut(before))
			break;
		else
			rest = span_skip(before, 1);
	}
	left = rest.len;
	if (left > 0)
		memmove(p->text.data, rest.at, left);
	p->text.len = left;
}

static bool
take_piece(void *context, struct span utf8)
{
	struct preview *p = context;

	if (utf8.len > LIMIT_PREVIEW_BYTES - p->seen)
		utf8.len = LIMIT_PREVIEW_BYTES - p->seen;
	p->seen += utf8.len;
	if (p->is_html)
		html_text(&p->html, utf8, &p->text);
	else
		buf_span(&p->text, utf8);
	take_text(p);
	return p->count < PREVIEW_CHARACTERS && p->seen < LIMIT_PREVIEW_BYTES;
}

static void
take_part(struct source *src, const struct part *part, bool keeps_quoted, struct buf *out)
{
	struct preview p = {
		.out = out, .at_start = true, .keeps_quoted = keeps_quoted,
		.is_html = span_is(part->type.subtype, "HTML"), .html = HTML_START,
	};

	part_decode_text(src, part, take_piece, &p);
	buf_free(&p.text);
}

/* The next leaf behind p in the order they are written; messages within are not looked into. */
static const struct part *
next_leaf(const struct part *root, const struct part *p)
{
	do {
		if (p->kind == PART_MULTIPART && p->first) {
			p = p->first;
			continue;
		}
		while (p != root && !p->next)
			p = p->parent;
		if (p == root)
			return NULL;
		p = p->next;
	} while (p->kind != PART_LEAF);
	return p;
}

static bool
is_text(const struct part *p, const char *subtype)
{
	return p->kind == PART_LEAF && span_is(p->type.type, "TEXT") &&
	       (!subtype || span_is(p->type.subtype, subtype)) &&
	       !span_is(p->disposition.type, "ATTACHMENT");
}

void
preview_of(struct source *src, const struct part *root, struct buf *out)
{
	static const struct {
		const char *subtype;
		bool        keeps_quoted;
	} tries[] = { { "PLAIN", false }, { "HTML", false }, { "PLAIN", true }, { NULL, false } };
	size_t start = out->len;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct part *p = root;

		for (int n = 0; p && n < PARTS_MOST && out->len == start; p = next_leaf(root, p)) {
			if (!is_text(p, tries[i].subtype))
				continue;
			take_part(src, p, tries[i].keeps_quoted, out);
			n++;
		}
	}
}
