/* test_number.c - decimal numbers without wraparound */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/number.h"

static const struct {
	const char *text;
	uint64_t    max, n;
	bool        ok;
} rows[] = {
	{ "0", 0, 0, true },
	{ "1", 0, 0, false },
	{ "00", 9, 0, true },
	{ "007", 7, 7, true },
	{ "4294967295", UINT32_MAX, UINT32_MAX, true },
	{ "4294967296", UINT32_MAX, 0, false },
	{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
	{ "18446744073709551616", UINT64_MAX, 0, false },
	{ "99999999999999999999999", UINT64_MAX, 0, false },
	{ "10", 9, 0, false },
	{ "9", 9, 9, true },
	{ "9", 8, 0, false },
	{ "", 9, 0, false },
	{ "-1", 9, 0, false },
	{ "+1", 9, 0, false },
	{ " 1", 9, 0, false },
	{ "1 ", 9, 0, false },
	{ "1a", 9, 0, false },
	{ "0x1", 99, 0, false },
	{ "1.0", 99, 0, false },
	{ "\xd9\xa1", 99, 0, false },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 77;

		assert_int_equal(number_parse(span_of(rows[i].text), rows[i].max, &n), rows[i].ok);
		assert_true(n == (rows[i].ok ? rows[i].n : 77));
	}
}

static void
test_take(void **state)
{
	struct span s = span_of("12:345x"), before;
	uint64_t n;

	(void)state;
	assert_true(number_take(&s, 99, &n));
	assert_int_equal(n, 12);
	assert_true(span_is(s, ":345x"));
	before = s;
	assert_false(number_take(&s, 99, &n));
	assert_ptr_equal(s.at, before.at);
	s = span_skip(s, 1);
	assert_false(number_take(&s, 344, &n));
	assert_true(span_is(s, "345x"));
	assert_true(number_take(&s, 345, &n));
	assert_true(span_is(s, "x"));
	s = SPAN_NONE;
	assert_false(number_take(&s, 9, &n));
}

/* Around every limit of up to three digits: accepted exactly when not above it. */
static void
test_every_limit(void **state)
{
	(void)state;
	for (uint64_t max = 0; max < 120; max++)
		for (uint64_t value = 0; value < 240; value++) {
			char text[4] = { 0 };
			size_t len = 0;
			uint64_t n;

			if (value >= 100)
				text[len++] = (char)('0' + value / 100);
			if (value >= 10)
				text[len++] = (char)('0' + value / 10 % 10);
			text[len++] = (char)('0' + value % 10);
			assert_int_equal(number_parse(span_make(text, len), max, &n), value <= max);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_every_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
