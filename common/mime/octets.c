/* octets.c - the bytes of a message file in CRLF form, piece by piece, with NUL as it is */
#include "common/mime/octets.h"

#include "common/mime/lineends.h"

enum { PIECE_BYTES = 32 * 1024 };

void
octets_open(struct octets *o, struct source *src, uint64_t at, uint64_t end, enum decode_kind kind)
{
	memset(o, 0, sizeof(*o));
	o->src = src;
	o->at = at;
	o->end = end;
	if (at > 0)
		o->before = source_peek(src, at - 1, 1).at[0];
	decode_open(&o->decoder, kind);
}

void
octets_close(struct octets *o)
{
	decode_close(&o->decoder);
	buf_free(&o->crlf);
	buf_free(&o->bytes);
}

static struct span
to_crlf(struct octets *o, struct span w)
{
	char *end = line_ends_to_crlf(w, o->before, buf_reserve(&o->crlf, 2 * w.len));

	if (w.len > 0)
		o->before = w.at[w.len - 1];
	return span_make(o->crlf.data, (size_t)(end - o->crlf.data));
}

static struct span
window(struct octets *o)
{
	struct span w = source_window(o->src, o->at);

	if (w.len > o->end - o->at)
		w.len = (size_t)(o->end - o->at);
	if (w.len > PIECE_BYTES)
		w.len = PIECE_BYTES;
	return w;
}

bool
octets_next(struct octets *o, struct span *piece_out)
{
	bool is_last;
	struct span w;

	if (o->at >= o->end)
		return false;
	w = window(o);
	is_last = w.len == 0 || o->at + w.len >= o->end;
	o->at = is_last ? o->end : o->at + w.len;
	w = to_crlf(o, w);
	if (o->decoder.kind == DECODE_NONE) {
		*piece_out = w;
		return true;
	}
	buf_reset(&o->bytes);
	decode_feed(&o->decoder, w, is_last, &o->bytes);
	*piece_out = o->bytes.data ? buf_view(&o->bytes) : span_of("");
	return true;
}
