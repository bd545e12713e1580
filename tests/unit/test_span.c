/* test_span.c - comparing and cutting borrowed bytes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/span.h"

#define S(literal) span_make(literal, sizeof(literal) - 1)

static void
test_comparing(void **state)
{
	static const struct {
		struct span a, b;
		bool        equal, equal_nocase;
	} rows[] = {
		{ { "", 0 }, { "", 0 }, true, true },
		{ { NULL, 0 }, { "", 0 }, true, true },
		{ { "abc", 3 }, { "abc", 3 }, true, true },
		{ { "abc", 3 }, { "abC", 3 }, false, true },
		{ { "abc", 3 }, { "abcd", 4 }, false, false },
		{ { "a\0b", 3 }, { "a\0b", 3 }, true, true },
		{ { "a\0b", 3 }, { "a\0c", 3 }, false, false },
		{ { "[", 1 }, { "{", 1 }, false, false },
		{ { "@", 1 }, { "`", 1 }, false, false },
		{ { "\xc4", 1 }, { "\xe4", 1 }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(span_equal(rows[i].a, rows[i].b), rows[i].equal);
		assert_int_equal(span_equal(rows[i].b, rows[i].a), rows[i].equal);
		assert_int_equal(span_equal_nocase(rows[i].a, rows[i].b), rows[i].equal_nocase);
	}
	assert_true(span_is(S("NOOP"), "NOOP"));
	assert_false(span_is(S("NOOP"), "NOO"));
	assert_false(span_is(S("NOOP"), "noop"));
	assert_true(span_is_nocase(S("NooP"), "nOOp"));
	assert_false(span_is(S("a\0"), "a"));
}

static void
test_starting(void **state)
{
	(void)state;
	assert_true(span_starts(S("abc"), "ab"));
	assert_true(span_starts(S("abc"), ""));
	assert_true(span_starts(SPAN_NONE, ""));
	assert_false(span_starts(S("ab"), "abc"));
	assert_false(span_starts(S("ABC"), "ab"));
	assert_true(span_starts_nocase(S("ABC"), "ab"));
	assert_false(span_starts_nocase(SPAN_NONE, "a"));
}

static void
test_skip_and_trim(void **state)
{
	struct span none = span_skip(SPAN_NONE, 5);

	(void)state;
	assert_null(none.at);
	assert_true(span_is(span_skip(S("abc"), 1), "bc"));
	assert_int_equal(span_skip(S("abc"), SIZE_MAX).len, 0);
	assert_true(span_is(span_trim(S(" \t\r\na b\n ")), "a b"));
	assert_int_equal(span_trim(S(" \t ")).len, 0);
	assert_true(span_is(span_trim(S("\va")), "\va"));
	assert_int_equal(span_of(NULL).len, 0);
}

static void
test_split(void **state)
{
	static const struct {
		struct span text;
		const char *words[4];
		size_t      count;
	} rows[] = {
		{ { NULL, 0 }, { NULL }, 0 },
		{ { "", 0 }, { "" }, 1 },
		{ { "a", 1 }, { "a" }, 1 },
		{ { "a,b", 3 }, { "a", "b" }, 2 },
		{ { "a,", 2 }, { "a", "" }, 2 },
		{ { ",", 1 }, { "", "" }, 2 },
		{ { ",,a", 3 }, { "", "", "a" }, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span rest = rows[i].text, word;
		size_t count = 0;

		while (span_split(&rest, ',', &word)) {
			assert_in_range(count, 0, rows[i].count - 1);
			assert_true(span_is(word, rows[i].words[count++]));
		}
		assert_int_equal(count, rows[i].count);
		assert_null(rest.at);
	}
}

static void
test_find(void **state)
{
	struct span s = S("a\0b");

	(void)state;
	assert_ptr_equal(span_find(s, 'b'), s.at + 2);
	assert_ptr_equal(span_find(s, '\0'), s.at + 1);
	assert_null(span_find(s, 'c'));
	assert_null(span_find(SPAN_NONE, 'c'));
}

static void
test_ascii(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char lower = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;

		assert_int_equal(ascii_lower((char)c), lower);
		assert_int_equal(ascii_is_digit((char)c), c >= '0' && c <= '9');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparing),
		cmocka_unit_test(test_starting),
		cmocka_unit_test(test_skip_and_trim),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
