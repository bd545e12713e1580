/* fuzz_header.c - any bytes as header, addresses, date, encoded words, parameters, any text */
#include <stdint.h>
#include <stdlib.h>

#include "common/mime/address.h"
#include "common/mime/charset.h"
#include "common/mime/date.h"
#include "common/mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const charsets[] = { "utf-8",  "iso-8859-1", "iso-2022-jp", "gb18030",
	                                "big5",   "utf-7",      "euc-kr",      "shift_jis",
	                                "euc-jp", "utf-16",     "iso-2022-kr", "big5-hkscs",
	                                "euc-tw", "cp1258",     "tis-620" };

/* Decoded text is valid UTF-8 without NUL: converting it again changes nothing. */
static void
check_clean(struct span text)
{
	struct charset *cs = charset_open(span_of("utf-8"));
	struct buf again = BUF_EMPTY;

	charset_convert(cs, text, true, &again);
	if (text.len > 0 && (span_find(text, '\0') || !span_equal(text, buf_view(&again))))
		abort();
	charset_close(cs);
	buf_free(&again);
}

static void
try_value(struct span value, struct arena *mem)
{
	struct address *addresses;
	struct mime_value v;
	time_t utc;
	int zone;
	int32_t day;

	check_clean(header_decode(value, mem));
	header_unfold(value, mem);
	if (header_parse_mime(value, mem, &v))
		mime_parameter(&v, "boundary");
	address_parse(value, mem, &addresses);
	date_parse(value, &utc, &zone);
	date_parse_imap(value, &utc);
	date_parse_day(value, &day);
}

/* Whole and cut in two the result must be the same but for how a cut character is replaced. */
static void
try_charset(struct span text, const char *name)
{
	struct charset *cs = charset_open(span_of(name));
	struct buf utf8 = BUF_EMPTY, folded = BUF_EMPTY;

	if (!cs)
		return;
	charset_convert(cs, span_make(text.at, text.len / 2), false, &utf8);
	charset_convert(cs, span_skip(text, text.len / 2), true, &utf8);
	casemap_fold(buf_view(&utf8), &folded);
	casemap_fold(text, &folded);
	charset_close(cs);
	buf_free(&utf8);
	buf_free(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_make((const char *)data, size), rest = all;
	struct arena mem = ARENA_EMPTY;
	struct field f;

	if (size == 0)
		return 0;
	try_charset(span_skip(all, 1),
	            charsets[data[0] % (sizeof(charsets) / sizeof(charsets[0]))]);
	try_value(all, &mem);
	while (header_next(&rest, &f))
		try_value(f.value, &mem);
	arena_free(&mem);
	return 0;
}
