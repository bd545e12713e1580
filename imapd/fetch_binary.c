/*
 * fetch_binary.c - BINARY[...] and BINARY.SIZE[...]: parts with their content transfer encoding
 * taken away (RFC 3516, RFC 9051 s.6.4.5)
 *
 * A part is decoded twice, first to count, then to send: memory does not follow its size.
 */
#include "common/mime/octets.h"
#include "imapd/fetch.h"

/* What is asked for; is_there false: no such part. */
struct content {
	bool             is_there;
	uint64_t         at, end;
	enum decode_kind kind;
};

/* A message or a multipart has no encoding of its own (RFC 2045 s.6.4). */
static struct content
find_content(const struct fetch *f, const struct section *sec)
{
	const struct part *p;

	if (sec->part_count == 0)
		return (struct content){ true, 0, f->end, DECODE_NONE };
	p = part_find(f->root, sec->part, sec->part_count);
	if (!p)
		return (struct content){ .is_there = false };
	return (struct content){
		true, p->body_at, p->end,
		p->kind == PART_LEAF ? decode_kind_of(p->encoding) : DECODE_NONE,
	};
}

bool
check_binary(const struct fetch *f, const void *args)
{
	struct content c = find_content(f, args);

	return !c.is_there || c.kind != DECODE_UNKNOWN;
}

/* Octets of the piece that lie in [skip, skip + most) of all; *at is where the piece begins. */
static struct span
cut(struct span piece, uint64_t *at, const struct section *sec)
{
	uint64_t begin = *at, before = sec->skip > begin ? sec->skip - begin : 0;
	uint64_t taken = begin > sec->skip ? begin - sec->skip : 0;
	uint64_t left = sec->most > taken ? sec->most - taken : 0;

	*at += piece.len;
	piece = span_skip(piece, before < piece.len ? (size_t)before : piece.len);
	if (piece.len > left)
		piece.len = (size_t)left;
	return piece;
}

struct counted {
	uint64_t all, wanted;
	bool     has_nul; /* among what is wanted */
};

static struct counted
count(struct fetch *f, const struct section *sec, const struct content *c)
{
	struct counted n = { 0, 0, false };
	struct octets o;
	struct span piece;

	octets_open(&o, f->source, c->at, c->end, c->kind);
	while (octets_next(&o, &piece)) {
		struct span wanted = cut(piece, &n.all, sec);

		n.wanted += wanted.len;
		n.has_nul |= wanted.len > 0 && span_find(wanted, '\0') != NULL;
	}
	octets_close(&o);
	return n;
}

/* A file that changed between counting and sending gives as many octets all the same (M22). */
static void
send_content(struct fetch *f, const struct section *sec, const struct content *c, uint64_t left)
{
	struct octets o;
	struct span piece;
	uint64_t at = 0;

	octets_open(&o, f->source, c->at, c->end, c->kind);
	while (left > 0 && octets_next(&o, &piece)) {
		struct span wanted = cut(piece, &at, sec);

		if (wanted.len > left)
			wanted.len = (size_t)left;
		out_span(&f->s->out, wanted);
		left -= wanted.len;
	}
	octets_close(&o);
	for (; left > 0; left--)
		out_byte(&f->s->out, ' ');
}

/* "BINARY" section-binary ["<" number ">"] SP (nstring / literal8) */
void
emit_binary(struct fetch *f, const void *args, struct span answer)
{
	const struct section *sec = args;
	struct content c = find_content(f, sec);
	struct out *o = &f->s->out;
	struct counted n;

	(void)answer;
	put_section_label(o, sec);
	out_byte(o, ' ');
	if (!c.is_there) {
		out_str(o, "NIL");
		return;
	}
	n = count(f, sec, &c);
	f->s->fetched_bodies++;
	f->s->fetched_body_bytes += n.wanted;
	if (n.wanted == 0) {
		out_str(o, "\"\"");
		return;
	}
	if (n.has_nul)
		out_byte(o, '~');
	out_byte(o, '{');
	out_number(o, n.wanted);
	out_str(o, "}\r\n");
	send_content(f, sec, &c, n.wanted);
}

/* "BINARY.SIZE" section-binary SP number */
void
emit_binary_size(struct fetch *f, const void *args, struct span answer)
{
	const struct section *sec = args;
	struct content c = find_content(f, sec);

	(void)answer;
	put_section_label(&f->s->out, sec);
	out_byte(&f->s->out, ' ');
	out_number(&f->s->out, c.is_there ? count(f, sec, &c).all : 0);
}
