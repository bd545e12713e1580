/* test_charset.c - character sets to UTF-8, and case folding */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/mime/charset.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *charset, *bytes, *utf8;
} rows[] = {
	{ "utf-8", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "US-ASCII", "plain", "plain" },
	/* RFC 3629: overlong, surrogates, beyond the last code point, cut off */
	{ "utf-8", "\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xff|\xe2\x82",
	  BAD BAD "|" BAD BAD BAD "|" BAD BAD BAD BAD "|" BAD "|" BAD },
	{ "utf-8", "a\xe9z", "a" BAD "z" },
	{ "ISO-8859-1", "\xe9", "\xc3\xa9" },
	{ "iso-8859-15", "\xa4", "\xe2\x82\xac" },
	{ "windows-1252", "\x80", "\xe2\x82\xac" },
	{ "CP1251", "\xe0", "\xd0\xb0" },
	{ "KOI8-R", "\xc1", "\xd0\xb0" },
	{ "iso-2022-jp", "\x1b$B$\"\x1b(B", "\xe3\x81\x82" },
	{ "gb18030", "\xc4\xe3", "\xe4\xbd\xa0" },
	{ "gb2312", "\xc4\xe3", "\xe4\xbd\xa0" },
	{ "big5", "\xa7\x41", "\xe4\xbd\xa0" },
	{ "euc-kr", "\xb0\xa1", "\xea\xb0\x80" },
	{ "shift_jis", "\x82\xa0", "\xe3\x81\x82" },
	{ "utf-7", "+AOk-", "\xc3\xa9" },
	{ "shift_jis", "\x82", BAD },
};

/* Whole, and cut at every byte: the same text. */
static void
test_conversion(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span bytes = span_of(rows[i].bytes);

		print_message("%s %s\n", rows[i].charset, rows[i].bytes);
		for (size_t cut = 0; cut <= bytes.len; cut++) {
			struct charset *cs = charset_open(span_of(rows[i].charset));
			struct buf got = BUF_EMPTY;

			assert_non_null(cs);
			charset_convert(cs, span_make(bytes.at, cut), false, &got);
			charset_convert(cs, span_skip(bytes, cut), true, &got);
			assert_string_equal(got.data, rows[i].utf8);
			charset_close(cs);
			buf_free(&got);
		}
	}
}

static void
test_one_byte_at_a_time(void **state)
{
	static const char text[] = "\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82z";
	struct charset *cs = charset_open(span_of("utf-8"));
	struct buf got = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		charset_convert(cs, span_make(text + i, 1), false, &got);
	charset_convert(cs, span_of(""), true, &got);
	/* what cannot be completed is one or more U+FFFD, and the z stays */
	assert_memory_equal(got.data, "\xe2\x82\xac\xf0\x9f\x98\x80" BAD, 10);
	assert_int_equal(got.data[got.len - 1], 'z');
	charset_close(cs);
	buf_free(&got);
}

static void
test_names(void **state)
{
	static const char *const unknown[] = { "",
		                               "x",
		                               "utf-8//TRANSLIT",
		                               "../x",
		                               "iso-8859-",
		                               "iso-8859-123",
		                               "windows-12512",
		                               "ISO-2022-CN-EXT",
		                               "utf-8 ",
		                               "8859_1" };

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(charset_is_known(span_of(unknown[i])));
	assert_true(charset_is_known(span_of("Utf-8")));
	assert_true(charset_is_known(span_of("ISO-8859-9")));
	assert_false(charset_is_known(SPAN_NONE));
	assert_null(charset_close(NULL));
}

static const struct {
	const char *left, *right;
	bool        are_alike;
} folds[] = {
	{ "Hello", "hELLO", true },
	{ "\xc3\x89t\xc3\xa9", "\xc3\xa9T\xc3\x89", true },          /* É é */
	{ "\xc3\xa9", "e\xcc\x81", true },                            /* é, e with a mark */
	{ "\xc3\xa9", "e", false },
	{ "\xe1\xba\xa4", "a\xcc\x82\xcc\x81", true },               /* two marks */
	{ "\xce\xa3\xcf\x83\xcf\x82", "\xcf\x83\xcf\x83\xcf\x83", true }, /* Σσς */
	{ "\xce\x86", "\xce\xac", true },                            /* Ά ά */
	{ "\xd0\x99", "\xd0\xb9", true },                            /* Й й */
	{ "\xd0\xb9", "\xd0\xb8\xcc\x86", true },
	{ "\xe2\x84\xaa", "k", true },                               /* Kelvin sign */
	{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", true },            /* Deseret */
	{ "\xd4\xb1", "\xd5\xa1", true },                            /* Armenian */
	{ "\xe4\xbd\xa0", "\xe4\xbd\xa0", true },
	{ "\xc3\xb8", "o", false },
	{ "\xff\xc3", "\xff\xc3", true },                            /* not UTF-8 at all */
};

static void
test_folding(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		struct buf left = BUF_EMPTY, right = BUF_EMPTY;

		print_message("%s %s\n", folds[i].left, folds[i].right);
		casemap_fold(span_of(folds[i].left), &left);
		casemap_fold(span_of(folds[i].right), &right);
		assert_int_equal(span_equal(buf_view(&left), buf_view(&right)), folds[i].are_alike);
		buf_free(&left);
		buf_free(&right);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversion),
		cmocka_unit_test(test_one_byte_at_a_time),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_folding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
