/* fetch_body.c - BODY[...]: which bytes of the file they are, and sending them */
#include "imapd/fetch.h"

#include "common/mime/header.h"

/* A piece of the file with its octets in CRLF form; is_there false: no such part. */
struct piece {
	bool        is_there;
	uint64_t    at, end, octets;
	struct span header; /* the block, for HEADER.FIELDS */
};

static struct piece
piece(uint64_t at, uint64_t end, uint64_t octets, struct span header)
{
	return (struct piece){ true, at, end, octets, header };
}

/* A whole message: the one at hand, or one within a message/rfc822 part. */
static struct piece
piece_of_message(enum section_text text, uint64_t at, uint64_t body_at, uint64_t end,
                 uint64_t header_octets, uint64_t body_octets, struct span header)
{
	if (text == SECTION_ALL)
		return piece(at, end, header_octets + body_octets, SPAN_NONE);
	if (text == SECTION_TEXT)
		return piece(body_at, end, body_octets, SPAN_NONE);
	return piece(at, body_at, header_octets, header);
}

/*
 * RFC 3501 s.6.4.5: a part's number alone is its body, with MIME its header; HEADER and TEXT ask
 * for the message in it.
 */
static struct piece
piece_of_part(const struct section *sec, const struct fetch *f)
{
	const struct part *p = part_find(f->root, sec->part, sec->part_count), *m;

	if (!p)
		return (struct piece){ .is_there = false };
	if (sec->text == SECTION_ALL)
		return piece(p->body_at, p->end, p->body_octets, SPAN_NONE);
	if (sec->text == SECTION_MIME)
		return piece(p->header_at, p->body_at, p->header_octets, p->header);
	m = p->kind == PART_MESSAGE ? p->first : NULL;
	if (!m)
		return (struct piece){ .is_there = false };
	return piece_of_message(sec->text, m->header_at, m->body_at, m->end, m->header_octets,
	                        m->body_octets, m->header);
}

static struct piece
find_piece(const struct section *sec, const struct fetch *f)
{
	if (sec->part_count > 0)
		return piece_of_part(sec, f);
	return piece_of_message(sec->text, 0, f->body_at, f->end, f->header_octets, f->body_octets,
	                        f->header);
}

static void
count_sent(struct session *s, enum section_text text, uint64_t octets)
{
	bool is_header = text != SECTION_ALL && text != SECTION_TEXT;

	*(is_header ? &s->fetched_headers : &s->fetched_bodies) += 1;
	*(is_header ? &s->fetched_header_bytes : &s->fetched_body_bytes) += octets;
}

/* Does the block end in an empty line?  One that was too long to be kept whole is taken to. */
static bool
ends_blank(const struct piece *p)
{
	struct span h = p->header;
	size_t n = h.len;

	if (p->end - p->at != n)
		return true;
	if (n == 0 || h.at[n - 1] != '\n')
		return false;
	n -= n > 1 && h.at[n - 2] == '\r' ? 2 : 1;
	return n == 0 || h.at[n - 1] == '\n';
}

void
put_section_text(struct fetch *f, const struct section *sec, struct span text)
{
	struct span view = span_skip(text, sec->skip < text.len ? (size_t)sec->skip : text.len);

	if (view.len > sec->most)
		view.len = (size_t)sec->most;
	put_literal(&f->s->out, view);
	count_sent(f->s, sec->text, view.len);
}

static void
put_kept_fields(struct fetch *f, const struct section *sec, struct span kept)
{
	out_reset(&f->made);
	collect_kept_fields(sec, kept, &f->made);
	put_section_text(f, sec, span_make(f->made.data ? f->made.data : "", f->made.len));
}

/* Of the message's own fields those that are asked for often are kept. */
static void
put_fields(struct fetch *f, const struct section *sec, const struct piece *p)
{
	struct buf text = BUF_EMPTY;
	bool is_own = sec->part_count == 0 && sec->text == SECTION_FIELDS;
	bool is_whole = p->end - p->at == p->header.len;

	if (is_own && is_whole && make_fields(f, sec, p->header, ends_blank(p), &text)) {
		if (!source_is_short(f->source))
			cache_keep(f->s->box, f->number, CACHE_FIELDS, buf_view(&text));
		put_kept_fields(f, sec, buf_view(&text));
	} else {
		collect_fields(sec, p->header, ends_blank(p), &text);
		put_section_text(f, sec, text.data ? buf_view(&text) : span_of(""));
	}
	buf_free(&text);
}

static void
put_piece(struct fetch *f, const struct section *sec, struct piece p)
{
	uint64_t skip = sec->skip < p.octets ? sec->skip : p.octets;
	uint64_t octets = p.octets - skip < sec->most ? p.octets - skip : sec->most;

	count_sent(f->s, sec->text, octets);
	if (octets == 0) {
		out_str(&f->s->out, "\"\"");
		return;
	}
	if (p.octets == p.end - p.at) { /* CRLF in the file: no need to count up to the place */
		p.at += skip;
		skip = 0;
	}
	out_byte(&f->s->out, '{');
	out_number(&f->s->out, octets);
	out_str(&f->s->out, "}\r\n");
	source_send(f->source, p.at, p.end, skip, octets, &f->s->out);
}

void
emit_section(struct fetch *f, const void *args, struct span answer)
{
	const struct section *sec = args;
	struct piece p;

	put_section_label(&f->s->out, sec);
	out_byte(&f->s->out, ' ');
	if (answer.at) {
		put_kept_fields(f, sec, answer);
		return;
	}
	p = find_piece(sec, f);
	if (!p.is_there)
		out_str(&f->s->out, "NIL");
	else if (sec->text == SECTION_FIELDS || sec->text == SECTION_FIELDS_NOT)
		put_fields(f, sec, &p);
	else
		put_piece(f, sec, p);
}
