/* test_tmp_clean.c - what killed deliveries left in tmp/ goes after 36 hours (omega 10) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "common/base/limits.h"
#include "common/maildir/tmp_clean.h"
#include "tests/unit/maildir_support.h"

enum { HOUR = 3600 };

/* The ctime of a file is now whatever is done to it, so the clock is moved instead. */
static time_t
in_hours(int hours)
{
	return time(NULL) + hours * HOUR;
}

static void
set_mtime(struct tree *t, const char *path, time_t when)
{
	struct timespec times[2] = { { when, 0 }, { when, 0 } };

	assert_int_equal(utimensat(t->root, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void
test_when_it_is_due(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_false(tmp_clean_is_due(t.root, time(NULL)));
	assert_false(tmp_clean_is_due(t.root, in_hours(3)));
	assert_true(tmp_clean_is_due(t.root, in_hours(5)));
	tmp_clean(t.root, in_hours(5));
	assert_false(tmp_clean_is_due(t.root, in_hours(6)));
	assert_true(tmp_clean_is_due(t.root, in_hours(10)));
	/* a clock that was wrong for a while */
	assert_true(tmp_clean_is_due(t.root, time(NULL)));
	assert_int_equal(unlinkat(t.root, "tmp", AT_REMOVEDIR), 0);
	assert_false(tmp_clean_is_due(t.root, in_hours(10)));
	tmp_clean(t.root, in_hours(10));
	assert_int_equal(symlinkat("cur", t.root, "tmp"), 0);
	assert_false(tmp_clean_is_due(t.root, in_hours(10)));
	tree_remove(&t);
}

static void
test_what_goes(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "tmp/1.old", "half a mess");
	tree_put(&t, "tmp/.hidden", "x");
	tree_put(&t, "cur/2.mail:2,S", "whole\n");
	assert_int_equal(mkdirat(t.root, "tmp/folder", 0700), 0);
	assert_int_equal(symlinkat("../cur/2.mail:2,S", t.root, "tmp/3.link"), 0);
	tree_put(&t, "tmp/4.tomorrow", "x");
	set_mtime(&t, "tmp/4.tomorrow", in_hours(30));
	tmp_clean(t.root, in_hours(35));
	assert_true(tree_has(&t, "tmp/1.old"));
	tmp_clean(t.root, in_hours(37));
	assert_false(tree_has(&t, "tmp/1.old"));
	assert_false(tree_has(&t, "tmp/3.link"));
	assert_true(tree_has(&t, "cur/2.mail:2,S"));
	assert_true(tree_has(&t, "tmp/.hidden"));
	assert_true(tree_has(&t, "tmp/folder"));
	assert_true(tree_has(&t, "tmp/4.tomorrow"));
	tree_remove(&t);
}

/* A COPY under way: the file is of last year, its name in tmp/ of this minute. */
static void
test_a_link_that_was_just_made(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "cur/1.a:2,", "x\n");
	set_mtime(&t, "cur/1.a:2,", in_hours(-9000));
	assert_int_equal(linkat(t.root, "cur/1.a:2,", t.root, "tmp/2.copy", 0), 0);
	tmp_clean(t.root, time(NULL));
	assert_true(tree_has(&t, "tmp/2.copy"));
	tree_remove(&t);
}

/* LIMIT_TMP_FILES at one opening, and the next one goes on. */
static void
test_very_many(void **state)
{
	struct tree t;
	char name[32];
	int left = 0;

	(void)state;
	tree_make(&t);
	for (int i = 0; i < LIMIT_TMP_FILES + 10; i++) {
		snprintf(name, sizeof(name), "tmp/%d", i);
		tree_put(&t, name, "");
	}
	tmp_clean(t.root, in_hours(40));
	assert_true(tmp_clean_is_due(t.root, in_hours(50)));
	for (int i = 0; i < LIMIT_TMP_FILES + 10; i++) {
		snprintf(name, sizeof(name), "tmp/%d", i);
		left += tree_has(&t, name);
	}
	assert_int_equal(left, 10);
	tmp_clean(t.root, in_hours(40));
	for (int i = 0; i < LIMIT_TMP_FILES + 10; i++) {
		snprintf(name, sizeof(name), "tmp/%d", i);
		assert_false(tree_has(&t, name));
	}
	assert_false(tmp_clean_is_due(t.root, in_hours(41)));
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_it_is_due),
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_a_link_that_was_just_made),
		cmocka_unit_test(test_very_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
