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

bool
part_decode_text(struct source *src, const struct part *p, bool (*each)(void *context, struct span utf8),
                 void *context)
{
	struct charset *cs = open_charset(p);
	struct buf bytes = BUF_EMPTY, text = BUF_EMPTY;
	struct decoder d;
	uint64_t at = p->body_at;
	bool goes_on = true;

	decode_open(&d, decode_kind_of(p->encoding));
	while (goes_on && at < p->end) {
		struct span w = source_window(src, at);

		if (w.len == 0)
			break;
		if (w.len > p->end - at)
			w.len = (size_t)(p->end - at);
		at += w.len;
		buf_reset(&bytes);
		buf_reset(&text);
		decode_feed(&d, w, at >= p->end, &bytes);
		charset_convert(cs, buf_view(&bytes), at >= p->end, &text);
		if (text.len > 0)
			goes_on = each(context, buf_view(&text));
	}
	decode_close(&d);
	charset_close(cs);
	buf_free(&bytes);
	buf_free(&text);
	return goes_on;
}
