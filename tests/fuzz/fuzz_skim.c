/*
 * fuzz_skim.c - a needle and encoded text: what is found plainly may not be denied
 *
 * Input: a byte that says which kind of text, the needle up to the first NUL, the text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/mime/charset.h"
#include "tests/unit/skim_plainly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	enum skim_kind kind;
	const char    *charset;
} kinds[] = {
	{ SKIM_PLAIN, "utf-8" },      { SKIM_PLAIN, "windows-1252" }, { SKIM_QP, "utf-8" },
	{ SKIM_QP, "iso-8859-7" },    { SKIM_HEADER, "utf-8" },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make((const char *)data, size), wanted;
	struct charset *utf8 = charset_open(span_of("utf-8"));
	struct buf valid = BUF_EMPTY, needle = BUF_EMPTY;
	size_t which = size > 0 ? data[0] % (sizeof(kinds) / sizeof(kinds[0])) : 0;
	struct skim k;

	text = span_skip(text, 1);
	if (size > 1 && span_split(&text, '\0', &wanted) && text.at) {
		charset_convert(utf8, wanted, true, &valid);
		if (valid.len > 0)
			casemap_fold(buf_view(&valid), &needle);
	}
	if (needle.len > 0) {
		skim_open(&k, buf_view(&needle));
		if (!skim_may_have(&k, text, kinds[which].kind) &&
		    skim_plainly(buf_view(&needle), text, kinds[which].kind, kinds[which].charset))
			abort();
	}
	charset_close(utf8);
	buf_free(&valid);
	buf_free(&needle);
	return 0;
}
