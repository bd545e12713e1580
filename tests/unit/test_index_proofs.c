/* test_index_proofs.c - when an index may be believed: own changes, times of a directory, names */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "common/index/guard.h"
#include "common/index/lock.h"
#include "tests/unit/maildir_support.h"

static void
rename_in(int dir, const char *from, const char *to)
{
	assert_int_equal(renameat(dir, from, dir, to), 0);
}

/* Own changes alone are proven, not with a foreign one in between; one behind them shows. */
static void
test_guard(void **state)
{
	struct stamp stamp, now;
	struct guard g;
	struct stat st;
	struct tree t;
	int cur;

	(void)state;
	tree_make(&t);
	cur = openat(t.root, "cur", O_RDONLY | O_DIRECTORY);
	tree_put(&t, "cur/a", "x");
	tree_put(&t, "cur/f", "x");
	if (!guard_arm(&g, cur))
		skip();
	for (int round = 0; round < 300; round++) {
		rename_in(cur, "a", "b");
		guard_renamed(&g);
		rename_in(cur, "b", "a");
		guard_renamed(&g);
		assert_true(guard_settle(&g, &stamp));
		fstat(cur, &st);
		now = stamp_of_dir(&st);
		assert_true(stamp_is_same(&stamp, &now));
		rename_in(cur, "f", "f2"); /* at once */
		fstat(cur, &st);
		now = stamp_of_dir(&st);
		assert_false(stamp_is_same(&stamp, &now));
		assert_false(guard_settle(&g, &stamp));
		rename_in(cur, "f2", "f");
		guard_disarm(&g);
		assert_true(guard_arm(&g, cur));
	}
	guard_disarm(&g);
	close(cur);
	tree_remove(&t);
}

static struct timespec
after(struct timespec t, int64_t ms)
{
	int64_t nanos = t.tv_sec * 1000000000LL + t.tv_nsec + ms * 1000000;

	return (struct timespec){ nanos / 1000000000, nanos % 1000000000 };
}

static void
force_mtime(int dir, time_t seconds, long nanos)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { seconds, nanos } };

	assert_int_equal(futimens(dir, times), 0);
}

/* A directory that was looked through so long after its last change: is it known from then on? */
static void
test_stamp_of_coarse_times(void **state)
{
	static const struct {
		time_t  shift; /* mtime before now, seconds */
		long    nanos; /* 0: the file system keeps whole seconds, or even ones */
		int64_t ms;    /* from mtime to the look */
		bool    is_known;
	} rows[] = {
		{ 100, 123456789, 0, false },  { 100, 123456789, 4, false },
		{ 100, 123456789, 20, false }, { 100, 123456789, 21, true },
		{ 100, 0, 21, false },         { 100, 0, 1000, false },
		{ 100, 0, 2000, false },       { 100, 0, 2001, true },
		{ 100, 0, -30000, false },     { 100, 5, -60000, false },
		{ 100, 5, -60001, true }, /* set by hand to the far future */
	};
	struct guard g = GUARD_NONE;
	struct timespec read_at;
	struct stat st;
	struct tree t;

	(void)state;
	tree_make(&t);
	g.dir = openat(t.root, "cur", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stamp before = { 0 }, got;

		force_mtime(g.dir, time(NULL) - rows[i].shift, rows[i].nanos);
		fstat(g.dir, &st);
		read_at = after(st.st_mtim, rows[i].ms);
		got = index_stamp(&g, &before, &st, &read_at);
		assert_int_equal(!stamp_is_none(&got), rows[i].is_known);
		tree_put(&t, "cur/more",
		         "x"); /* a change since, whatever the mtime is made to say */
		unlinkat(t.root, "cur/more", 0);
		force_mtime(g.dir, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		got = index_stamp(&g, &before, &st, &read_at);
		assert_true(stamp_is_none(&got)); /* its ctime tells */
	}
	close(g.dir);
	tree_remove(&t);
}

/* Only what cannot be the base of another message is above all that were added. */
static void
test_newest(void **state)
{
	static const struct {
		const char *base;
		bool        is_above;
	} rows[] = {
		{ "1700000001.a", true },  { "1700000000.b", true },  { "1700000000.a", false },
		{ "1699999999.c", false }, { "x", false },            { "1700000001", false },
		{ "1700000001x", false },  { "99999999999.a", false },
	};
	struct newest n = { 0, { 0 } };

	(void)state;
	newest_add(&n, "1600000000.z", 12);
	newest_add(&n, "1700000000.a", 12);
	newest_add(&n, "1650000000.y", 12);
	newest_add(&n, "no time", 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(newest_is_above(&n, rows[i].base, strlen(rows[i].base)),
		                 rows[i].is_above);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_stamp_of_coarse_times),
		cmocka_unit_test(test_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
