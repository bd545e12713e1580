/* part_text.c - the decoded text of a part: transfer encoding, then character set */
#include "common/mime/part.h"

#include "common/mime/charset.h"
#include "common/mime/decode.h"

/* Bytes whose character set nobody knows are taken for UTF-8, with U+FFFD for what is not. */
static struct charset *
open_charset(const struct part *p)
{
	struct span name = mime_parameter(&p->type, "charset");
	struct charset *cs = name.at ? charset_open(name) : NULL;

	return cs ? cs : charset_open(span_of("UTF-8"));
}

/* Few for who soon has enough; not more than all steps find in the processor's cache. */
enum { FIRST_BYTES = 1024, PIECE_BYTES = 16 * 1024 };

/* The next piece of the part's bytes: each is as long as all in front of it. */
static struct span
next_piece(struct source *src, const struct part *p, uint64_t at)
{
	size_t most = at - p->body_at < PIECE_BYTES ? (size_t)(at - p->body_at) : PIECE_BYTES;

	struct span w = source_window(src, at);

	if (w.len > p->end - at)
		w.len = (size_t)(p->end - at);
	if (most < FIRST_BYTES)
		most = FIRST_BYTES;
	if (w.len > most)
		w.len = most;
	return w;
}

bool
part_decode_text(struct source *src, const struct part *p,
                 bool (*each)(void *context, struct span utf8), void *context)
{
	struct charset *cs = open_charset(p);
	struct buf bytes = BUF_EMPTY, text = BUF_EMPTY;
	struct decoder d;
	uint64_t at = p->body_at;
	bool goes_on = true;

	decode_open(&d, decode_kind_of(p->encoding));
	while (goes_on && at < p->end) {
		struct span piece = next_piece(src, p, at);
		bool is_last = piece.len == 0 || at + piece.len >= p->end;

		at = piece.len > 0 ? at + piece.len : p->end;
		if (d.kind == DECODE_BASE64 || d.kind == DECODE_QP) {
			buf_reset(&bytes);
			decode_feed(&d, piece, is_last, &bytes);
			piece = buf_view(&bytes);
		}
		if (!charset_is_same(cs, piece)) {
			buf_reset(&text);
			charset_convert(cs, piece, is_last, &text);
			piece = buf_view(&text);
		}
		if (piece.len > 0)
			goes_on = each(context, piece);
	}
	decode_close(&d);
	charset_close(cs);
	buf_free(&bytes);
	buf_free(&text);
	return goes_on;
}

/* A text that is too long for the window is not looked at. */
bool
part_text_may_have(struct source *src, const struct part *p, const struct skim *k,
                   struct buf *spare)
{
	struct charset *cs = open_charset(p);
	bool has_ascii = charset_has_ascii(cs);
	enum decode_kind kind = decode_kind_of(p->encoding);
	struct decoder d;
	struct span text;

	charset_close(cs);
	if (!has_ascii || k->run.len == 0)
		return true;
	if (p->end == p->body_at)
		return false;
	text = source_peek(src, p->body_at, (size_t)(p->end - p->body_at));
	if (text.len < p->end - p->body_at)
		return true;
	text.len = (size_t)(p->end - p->body_at);
	if (kind == DECODE_BASE64) {
		buf_reset(spare);
		decode_open(&d, kind);
		decode_feed(&d, text, true, spare);
		decode_close(&d);
		text = buf_view(spare);
	}
	return skim_may_have(k, text, kind == DECODE_QP ? SKIM_QP : SKIM_PLAIN);
}
