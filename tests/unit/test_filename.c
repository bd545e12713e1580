/* test_filename.c - the name of a message file */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/maildir/filename.h"

enum { A = 1, B = 2, KNOWN_AB = 3 };

/* A name, the flags in it, and its name with other flags when letters a and b are known. */
static const struct row {
	const char *id, *name;
	uint32_t    system, letters;
	uint32_t    new_system, new_letters;
	const char *renamed;
} rows[] = {
	{ "none", "1.M2P3.h:2,", 0, 0, FILE_SEEN, A, "1.M2P3.h:2,Sa" },
	{ "all", "x:2,DFRSTab", 31, 3, 0, 0, "x:2," },
	{ "unsorted", "x:2,TaS", FILE_DELETED | FILE_SEEN, A, FILE_SEEN | FILE_DRAFT, B,
	  "x:2,DSb" },
	{ "in new", "x", 0, 0, FILE_SEEN, 0, "x:2,S" },
	{ "W06 unknown", "x:2,PSXz", FILE_SEEN, 1U << 25, FILE_FLAGGED, A, "x:2,FPXaz" },
	{ "W06 other separator", "x!2,S", 0, 0, FILE_SEEN, 0, "x!2,S:2,S" },
	{ "W06 semicolon", "x;2,S", 0, 0, FILE_SEEN, 0, "x;2,S:2,S" },
	{ "W06 other info", "x:1,foo", 0, 0, FILE_SEEN, 0, "x:1,foo:2,S" },
	{ "W06 more behind", "x:2,S,extra=1", FILE_SEEN, 0, FILE_FLAGGED, 0, "x:2,F,extra=1" },
	{ "W06 8-bit", "x:2,\377S", FILE_SEEN, 0, 0, 0, "x:2,\377" },
};

static void
test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct file_flags f = filename_flags(r->name),
				  wanted = { r->new_system, r->new_letters };
		struct buf out = BUF_EMPTY;

		assert_int_equal(f.system, r->system);
		assert_int_equal(f.letters, r->letters);
		filename_with_flags(r->name, wanted, KNOWN_AB, &out);
		assert_string_equal(out.data, r->renamed);
		assert_memory_equal(out.data, r->name, filename_base_length(r->name));
		buf_free(&out);
	}
}

static const struct size_row {
	const char *base;
	char        field;
	bool        found;
	uint64_t    n;
} size_rows[] = {
	{ "1.h,S=28,W=32:2,S", 'S', true, 28 },
	{ "1.h,S=28,W=32:2,S", 'W', true, 32 },
	{ "1.h,S=28", 'W', false, 0 },
	{ "1.h,S=", 'S', false, 0 },
	{ "1.h,S=x", 'S', false, 0 },
	{ "1.h,S=5x", 'S', false, 0 },
	{ "1.h,S=-5", 'S', false, 0 },
	{ "1.h,S=99999999999999999999999", 'S', false, 0 },
	{ "1.h:2,S=5", 'S', false, 0 },
	{ "", 'S', false, 0 },
};

static void
test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(size_rows) / sizeof(size_rows[0]); i++) {
		uint64_t n = 0;

		assert_int_equal(filename_size(size_rows[i].base, size_rows[i].field, &n),
		                 size_rows[i].found);
		if (size_rows[i].found)
			assert_int_equal(n, size_rows[i].n);
	}
}

static void
test_arrival(void **state)
{
	/* in this order, each before the next */
	static const char *const names[] = { "9.M999999P1.h",  "10.M5P1.h",
		                             "10.M40P1.h",     "10.M40P2.h",
		                             "10.M40P2.h:2,S", "10.M40P2.h,S=1",
		                             "11.Q1.h",        "abc" };

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(names) / sizeof(names[0]); i++)
		assert_true(filename_compare_arrival(names[i], names[i + 1]) < 0);
	assert_true(filename_compare_arrival("abc", "9.M1") < 0); /* no seconds count as none */
	assert_int_equal(filename_compare_arrival("x", "x"), 0);
}

static void
test_odd(void **state)
{
	(void)state;
	assert_true(filename_is_odd(":2,S"));
	assert_true(filename_is_odd("a\nb"));
	assert_true(filename_is_odd("a\rb:2,"));
	assert_false(filename_is_odd("a\033b"));
	assert_false(filename_is_odd("a:2,\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_arrival),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
