/* test_ranges.c - sets of numbers as sorted, merged ranges */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/ranges.h"

struct pair {
	uint32_t first, last;
};

/* Each row: what is added in this order, and how the set then prints. */
static const struct row {
	struct pair added[6];
	size_t      count;
	const char *printed;
} rows[] = {
	{ { { 1, 1 } }, 1, "1" },
	{ { { 1, 3 }, { 4, 5 } }, 2, "1:5" },
	{ { { 4, 5 }, { 1, 3 } }, 2, "1:5" },
	{ { { 1, 1 }, { 3, 3 }, { 2, 2 } }, 3, "1:3" },
	{ { { 10, 20 }, { 1, 2 }, { 5, 30 } }, 3, "1:2,5:30" },
	{ { { 1, 2 }, { 4, 5 }, { 7, 8 }, { 2, 7 } }, 4, "1:8" },
	{ { { UINT32_MAX, UINT32_MAX }, { 0, 0 } }, 2, "0,4294967295" },
	{ { { 5, UINT32_MAX }, { 1, 4 } }, 2, "1:4294967295" },
	{ { { 3, 9 }, { 4, 5 } }, 2, "3:9" },
};

static void
test_adding_merges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct ranges set = RANGES_EMPTY;
		struct buf text = BUF_EMPTY;

		for (size_t k = 0; k < rows[i].count; k++)
			ranges_add(&set, &mem, rows[i].added[k].first, rows[i].added[k].last);
		ranges_print(&set, &text);
		assert_string_equal(text.data, rows[i].printed);
		buf_free(&text);
		arena_free(&mem);
	}
}

/* Against the plainest form there is: an array of booleans. */
static void
test_like_a_bitmap(void **state)
{
	enum { WIDTH = 200, ROUNDS = 300 };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena mem = ARENA_EMPTY;
		struct ranges set = RANGES_EMPTY;
		bool wanted[WIDTH] = { false };
		struct ranges_walk w = { 0 };
		uint32_t n, before = 0;
		uint64_t count = 0;

		for (int k = 0; k < 20; k++) {
			uint32_t a, b;

			seed = seed * 1103515245 + 12345;
			a = (seed >> 8) % (WIDTH - 12);
			b = a + (seed >> 20) % 12;
			ranges_add(&set, &mem, a, b);
			for (uint32_t i = a; i <= b; i++)
				wanted[i] = true;
		}
		for (uint32_t i = 0; i < WIDTH; i++)
			assert_int_equal(ranges_has(&set, i), wanted[i]);
		while (ranges_next(&set, &w, &n)) {
			assert_true(wanted[n]);
			assert_true(count == 0 || n > before);
			before = n;
			count++;
		}
		assert_int_equal(count, ranges_total(&set));
		for (size_t i = 1; i < set.count; i++)
			assert_true(set.range[i].first > set.range[i - 1].last + 1);
		arena_free(&mem);
	}
}

/* Against a plain array of what is in the set. */
static void
test_removing(void **state)
{
	enum { NUMBERS = 64, ROUNDS = 20000 };
	bool has[NUMBERS] = { false };
	struct arena mem = ARENA_EMPTY;
	struct ranges set = RANGES_EMPTY;

	(void)state;
	srand(3);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t a = (uint32_t)(rand() % NUMBERS), b = (uint32_t)(rand() % NUMBERS);
		uint32_t first = a < b ? a : b, last = a < b ? b : a;
		bool adds = rand() % 3 == 0;

		for (uint32_t n = first; n <= last; n++)
			has[n] = adds;
		if (adds)
			ranges_add(&set, &mem, first, last);
		else
			ranges_remove(&set, &mem, first, last);
		for (uint32_t n = 0; n < NUMBERS; n++)
			assert_int_equal(ranges_has(&set, n), has[n]);
		for (size_t i = 1; i < set.count; i++)
			assert_true(set.range[i].first > set.range[i - 1].last + 1);
	}
	ranges_add(&set, &mem, 5, UINT32_MAX);
	ranges_remove(&set, &mem, UINT32_MAX, UINT32_MAX);
	assert_true(ranges_has(&set, UINT32_MAX - 1) && !ranges_has(&set, UINT32_MAX));
	ranges_remove(&set, &mem, 0, UINT32_MAX);
	assert_int_equal(set.count, 0);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removing),
		cmocka_unit_test(test_adding_merges),
		cmocka_unit_test(test_like_a_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
