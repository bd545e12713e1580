/* skim_plainly.c - what skim_may_have() may never deny, found by decoding all */
#include "tests/unit/skim_plainly.h"

#include "common/mime/ascii.h"
#include "common/mime/charset.h"
#include "common/mime/decode.h"
#include "common/mime/header.h"

static bool
is_in_folded(struct span needle, struct span utf8)
{
	struct buf folded = BUF_EMPTY;
	bool is_there;

	casemap_fold(utf8, &folded);
	is_there = folded.len > 0 && memmem(folded.data, folded.len, needle.at, needle.len);
	buf_free(&folded);
	return is_there;
}

static bool
is_in_fields(struct span needle, struct span block)
{
	struct arena mem = ARENA_EMPTY;
	struct field f;
	bool is_there = false;

	while (!is_there && header_next(&block, &f)) {
		struct buf text = BUF_EMPTY;

		if (header_has_words(f.value) || ascii_run(f.name.at, f.name.len) < f.name.len)
			continue;
		buf_span(&text, f.name);
		buf_str(&text, ": ");
		buf_span(&text, header_decode(f.value, &mem));
		is_there = is_in_folded(needle, buf_view(&text));
		buf_free(&text);
	}
	arena_free(&mem);
	return is_there;
}

bool
skim_plainly(struct span needle, struct span text, enum skim_kind kind, const char *charset)
{
	struct charset *cs = charset_open(span_of(charset));
	struct buf bytes = BUF_EMPTY, utf8 = BUF_EMPTY;
	struct decoder d;
	bool is_there;

	if (kind == SKIM_HEADER) {
		charset_close(cs);
		return is_in_fields(needle, text);
	}
	decode_open(&d, kind == SKIM_QP ? DECODE_QP : DECODE_NONE);
	decode_feed(&d, text, true, &bytes);
	decode_close(&d);
	buf_str(&bytes, "");
	charset_convert(cs, buf_view(&bytes), true, &utf8);
	charset_close(cs);
	is_there = utf8.len > 0 && is_in_folded(needle, buf_view(&utf8));
	buf_free(&bytes);
	buf_free(&utf8);
	return is_there;
}
