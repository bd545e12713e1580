/* test_buf.c - growing buffers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/buf.h"

static void
test_adding(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_int_equal(buf_view(&b).len, 0);
	assert_non_null(buf_view(&b).at);
	buf_str(&b, "a");
	buf_byte(&b, '\0');
	buf_span(&b, span_of("bc"));
	buf_span(&b, SPAN_NONE);
	buf_add(&b, NULL, 0);
	buf_number(&b, 0);
	buf_number(&b, UINT64_MAX);
	buf_printf(&b, "%s-%d", "x", -1);
	assert_true(span_equal(buf_view(&b), span_make("a\0bc018446744073709551615x--1", 29)));
	assert_int_equal(b.data[b.len], '\0');
	buf_free(&b);
	assert_null(b.data);
	buf_str(&b, "again");
	assert_string_equal(b.data, "again");
	buf_free(&b);
}

/* Every length over several doublings: the content is whole and NUL-ended. */
static void
test_growing(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		buf_byte(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[i + 1], '\0');
		assert_true(b.room > b.len);
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_free(&b);
}

static void
test_reserve(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	memset(buf_reserve(&b, 1000), 'x', 1000);
	assert_int_equal(b.len, 0);
	b.len += 1000;
	buf_str(&b, "y");
	assert_int_equal(b.data[999], 'x');
	assert_string_equal(b.data + 1000, "y");
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	assert_true(b.room > 1000);
	buf_wipe_free(&b);
	assert_null(b.data);
	buf_wipe_free(&b);
	buf_reset(&b);
}

static void
test_long_printf(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	buf_str(&b, "<");
	buf_printf(&b, "%*d", 3000, 7);
	buf_str(&b, ">");
	assert_int_equal(b.len, 3002);
	assert_string_equal(b.data + 2999, " 7>");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_long_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
