/* test_dotlock.c - lock files: taken, waited for, found stale (W09) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/maildir/dotlock.h"
#include "common/maildir/unique.h"
#include "tests/unit/maildir_support.h"

static pid_t
dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* What stands in the file, how old it is, and whether it gives way. */
static const struct row {
	const char *id, *text;
	bool        dead, own_host, old, is_stale;
} rows[] = {
	{ "living process", NULL, false, true, false, false },
	{ "dead process", NULL, true, true, false, true },
	{ "dead process elsewhere", NULL, true, false, false, false },
	{ "killed before writing", "", false, false, false, true },
	{ "old and alive elsewhere", NULL, false, false, true, true },
	{ "not readable as a pid", "foo", false, false, false, false },
	{ "old, not readable", "foo", false, false, true, true },
};

static void
put_lock(struct tree *t, const struct row *r)
{
	struct timespec old[2] = { { 0, UTIME_OMIT }, { time(NULL) - 1000, 0 } };
	char text[200];

	snprintf(text, sizeof(text), "%ld:%s", (long)(r->dead ? dead_pid() : getpid()),
	         r->own_host ? unique_host() : "another.example");
	tree_put(t, "file.lock", r->text ? r->text : text);
	if (r->old)
		assert_int_equal(utimensat(t->root, "file.lock", old, 0), 0);
}

/* 0 seconds: a reader behind a killed writer, which would never see the lock gone. */
static void
test_dead_owner_of_one_try(void **state)
{
	struct row dead = { "dead process", NULL, true, true, false, true };
	struct dotlock lock = DOTLOCK_NONE;
	struct tree t;

	(void)state;
	tree_make(&t);
	put_lock(&t, &dead);
	assert_int_equal(dotlock_take(&lock, t.root, "file", 0), 0);
	dotlock_release(&lock);
	tree_remove(&t);
}

static void
test_stale(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dotlock lock = DOTLOCK_NONE;
		int64_t start = clock_ms();
		struct tree t;
		int failed;

		tree_make(&t);
		put_lock(&t, &rows[i]);
		errno = 0;
		failed = dotlock_take(&lock, t.root, "file", rows[i].is_stale ? 5 : 1);
		if (rows[i].is_stale != (failed == 0))
			fail_msg("%s: %s", rows[i].id, failed ? "not taken" : "taken");
		assert_int_equal(dotlock_is_held(&lock), !failed);
		if (failed)
			assert_int_equal(errno, ETIMEDOUT);
		assert_true(clock_ms() - start < 3000);
		dotlock_release(&lock);
		assert_int_equal(tree_has(&t, "file.lock"), failed != 0);
		tree_remove(&t);
	}
}

/* Between two of us the kernel decides: the lock of a killed process is free at once. */
static void
test_between_processes(void **state)
{
	struct dotlock lock = DOTLOCK_NONE;
	int ready[2], status;
	struct tree t;
	char byte;
	pid_t pid;

	(void)state;
	tree_make(&t);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct dotlock mine = DOTLOCK_NONE;
		int dir = open(t.path, O_RDONLY | O_DIRECTORY);

		byte = dotlock_take(&mine, dir, "file", 1) == 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(dotlock_take(&lock, t.root, "file", 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(dotlock_take(&lock, t.root, "file", 2), 0);
	dotlock_release(&lock);
	close(ready[0]);
	close(ready[1]);
	tree_remove(&t);
}

/* A lock that is stale but cannot be removed is no reason to run in circles. */
static void
test_directory_in_its_place(void **state)
{
	struct timespec old[2] = { { 0, UTIME_OMIT }, { time(NULL) - 1000, 0 } };
	struct dotlock lock = DOTLOCK_NONE;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(mkdirat(t.root, "file.lock", 0700), 0);
	assert_int_equal(utimensat(t.root, "file.lock", old, 0), 0);
	alarm(10);
	assert_int_equal(dotlock_take(&lock, t.root, "file", 2), -1);
	assert_int_equal(errno, ETIMEDOUT);
	alarm(0);
	tree_remove(&t);
}

/* Stopped for minutes, its lock was broken: the file of the next holder stays. */
static void
test_lock_of_another(void **state)
{
	struct timespec later[2] = { { 0, UTIME_OMIT }, { time(NULL) + 1, 0 } };
	struct dotlock lock = DOTLOCK_NONE;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(dotlock_take(&lock, t.root, "file", 0), 0);
	assert_int_equal(unlinkat(t.root, "file.lock", 0), 0);
	tree_put(&t, "file.lock", "1:another.example");
	assert_int_equal(utimensat(t.root, "file.lock", later, 0), 0);
	dotlock_release(&lock);
	assert_false(dotlock_is_held(&lock));
	assert_true(tree_has(&t, "file.lock"));
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_dead_owner_of_one_try),
		cmocka_unit_test(test_between_processes),
		cmocka_unit_test(test_directory_in_its_place),
		cmocka_unit_test(test_lock_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
