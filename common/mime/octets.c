/* octets.c - the bytes of a message file in CRLF form, piece by piece, with NUL as it is */
#include "common/mime/octets.h"

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

/* A CR in front of each LF that has none. */
static struct span
to_crlf(struct octets *o, struct span w)
{
	struct span rest = w;

	buf_reset(&o->crlf);
	while (rest.len > 0) {
		const char *lf = span_find(rest, '\n');
		size_t n = lf ? (size_t)(lf - rest.at) : rest.len;

		buf_add(&o->crlf, rest.at, n);
		if (n > 0)
			o->before = rest.at[n - 1];
		if (lf)
			buf_str(&o->crlf, o->before == '\r' ? "\n" : "\r\n");
		if (lf)
			o->before = '\n';
		rest = span_skip(rest, lf ? n + 1 : n);
	}
	return o->crlf.data ? buf_view(&o->crlf) : span_of("");
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
