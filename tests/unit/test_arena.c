/* test_arena.c - memory that is given back all at once; die() where none is left */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/die.h"
#include "common/base/log.h"

static void
test_alignment_and_zero(void **state)
{
	struct arena a = ARENA_EMPTY;

	(void)state;
	for (size_t n = 0; n < 300; n++) {
		char *got = arena_zero(&a, n);

		assert_int_equal((uintptr_t)got % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i], 0);
		memset(got, 0xff, n);
	}
	arena_free(&a);
	assert_null(a.block);
}

/* What was given out stays where and what it is, however much comes after. */
static void
test_never_moves(void **state)
{
	struct arena a = ARENA_EMPTY;
	char *small[500];

	(void)state;
	for (int i = 0; i < 500; i++) {
		small[i] = arena_printf(&a, "%d", i);
		if (i % 50 == 0)
			arena_alloc(&a, 20000);
	}
	for (int i = 0; i < 500; i++)
		assert_int_equal(atoi(small[i]), i);
	arena_free(&a);
}

static void
test_strings(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct span copy = arena_copy(&a, span_make("a\0b", 3));

	(void)state;
	assert_string_equal(arena_string(&a, span_of("abc")), "abc");
	assert_string_equal(arena_string(&a, SPAN_NONE), "");
	assert_true(span_equal(copy, span_make("a\0b", 3)));
	assert_int_equal(copy.at[3], '\0');
	assert_int_equal(strlen(arena_printf(&a, "%*d", 10000, 1)), 10000);
	assert_non_null(arena_array(&a, 0, 8));
	arena_free(&a);
}

static void
test_marks(void **state)
{
	struct arena a = ARENA_EMPTY;
	char *kept = arena_string(&a, span_of("kept"));
	struct arena_mark m = arena_mark(&a);
	size_t total = a.total;

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 20; i++)
			arena_alloc(&a, 1000);
		arena_release(&a, m);
		assert_int_equal(a.total, total);
	}
	assert_string_equal(kept, "kept");
	arena_free(&a);
}

/* One block stays, so that the next command costs no malloc; a large one does not. */
static void
test_reset(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct arena_block *first;

	(void)state;
	arena_alloc(&a, 10);
	first = a.block;
	for (int i = 0; i < 100; i++)
		arena_alloc(&a, 3000);
	arena_reset(&a);
	assert_ptr_equal(a.block, first);
	assert_int_equal(a.total, 0);
	arena_free(&a);
	arena_alloc(&a, 1000000);
	arena_reset(&a);
	assert_null(a.block);
	arena_reset(&a);
	arena_free(&a);
}

static void
test_grow(void **state)
{
	struct arena a = ARENA_EMPTY;
	size_t room = 0;
	int *list = NULL;

	(void)state;
	for (size_t count = 0; count < 10000; count++) {
		list = arena_grow(&a, list, count, &room, sizeof(*list));
		assert_true(room > count);
		list[count] = (int)count;
	}
	for (int i = 0; i < 10000; i++)
		assert_int_equal(list[i], i);
	arena_free(&a);
}

static void
ask_for_all(void)
{
	struct arena a = ARENA_EMPTY;

	arena_alloc(&a, SIZE_MAX - 5);
}

static void
multiply_over(void)
{
	struct arena a = ARENA_EMPTY;

	arena_array(&a, SIZE_MAX / 4, 8);
}

static void
call_die(void)
{
	die("the disk %s", "is gone");
}

static void
call_bug(void)
{
	bug("seven is %d", 8);
}

/* Runs in a process of its own; its wait status, and its log line in said. */
static int
status_of(void (*run)(void), char *said, size_t room)
{
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		log_open("test", NULL);
		run();
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = read(pipes[0], said, room - 1);
	said[n > 0 ? n : 0] = '\0';
	close(pipes[0]);
	return status;
}

static void
test_the_end(void **state)
{
	static const struct {
		void (*run)(void);
		int         exit_status, signal;
		const char *said;
	} rows[] = {
		{ ask_for_all, EXIT_DIED, 0, "out of memory" },
		{ multiply_over, EXIT_DIED, 0, "out of memory" },
		{ call_die, EXIT_DIED, 0, "Error: the disk is gone\n" },
		{ call_bug, 0, SIGABRT, "Error: seven is 8\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char said[500];
		int status = status_of(rows[i].run, said, sizeof(said));

		assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, rows[i].signal);
		assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 0, rows[i].exit_status);
		assert_non_null(strstr(said, rows[i].said));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment_and_zero),
		cmocka_unit_test(test_never_moves),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
