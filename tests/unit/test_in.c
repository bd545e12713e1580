/* test_in.c - reading from the client: lines across reads, limits, push back, ways to be gone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/unit/stream_pair.h"

static void
read_line(struct pair *p)
{
	struct span line;

	in_line(&p->in, 10, &line);
}

static void
wait_idle(struct pair *p)
{
	in_wait(&p->in, NULL, 0, -1, clock_ms() - 1000);
}

static void
say(struct pair *p, const char *text)
{
	assert_int_equal(write(p->client, text, strlen(text)), strlen(text));
}

static void
assert_line(struct pair *p, size_t max, const char *text)
{
	struct span line;

	assert_int_equal(in_line(&p->in, max, &line), IN_LINE);
	if (!span_is(line, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)line.len, line.at, text);
}

static void
test_lines(void **state)
{
	struct pair *p = *state;
	struct span line;

	say(p, "one\r\ntwo\n\r\n\nfi\rve\r\r\n");
	assert_int_equal(write(p->client, "a\0b\n", 4), 4);
	assert_line(p, 10, "one");
	assert_line(p, 10, "two");
	assert_line(p, 10, "");
	assert_line(p, 10, "");
	assert_line(p, 10, "fi\rve\r");
	assert_int_equal(in_line(&p->in, 10, &line), IN_LINE);
	assert_true(span_equal(line, span_make("a\0b", 3)));
	assert_int_equal(p->in.total, 24);
}

/*
 * A process that writes one byte at a time, with pauses, so that CR and LF come
 * in different reads.
 */
static void
dribble(struct pair *p, const char *text)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (; *text; text++) {
			if (write(p->client, text, 1) != 1)
				_exit(1);
			usleep(200);
		}
		_exit(0);
	}
}

static void
test_split_everywhere(void **state)
{
	struct pair *p = *state;

	dribble(p, "one\r\ntwo\r\n\r\nthree\n");
	assert_line(p, 5, "one");
	assert_line(p, 5, "two");
	assert_line(p, 5, "");
	assert_line(p, 5, "three");
	wait(NULL);
}

/* The limit is one of what stands in the line: neither CR nor LF counts. */
static void
test_line_limit(void **state)
{
	static const struct {
		const char  *text;
		enum in_line result;
	} rows[] = {
		{ "abcd\n", IN_LINE },        { "abcd\r\n", IN_LINE },
		{ "abcde\n", IN_LINE_TOO_LONG },
		{ "abcde\r\n", IN_LINE_TOO_LONG }, { "abcd\r\r\n", IN_LINE_TOO_LONG },
		{ "abcdefgh", IN_LINE_TOO_LONG },
		{ "abcd\rx\n", IN_LINE_TOO_LONG },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span line;

		say(p, rows[i].text);
		if (in_line(&p->in, 4, &line) != rows[i].result)
			fail_msg("%s", rows[i].text);
		if (rows[i].result == IN_LINE) {
			assert_true(span_is(line, "abcd"));
			continue;
		}
		say(p, "\n");
		in_skip_line(&p->in);
		if (in_has(&p->in))
			in_skip_line(&p->in);
	}
	dribble(p, "abcd\r\n");
	assert_line(p, 4, "abcd");
	wait(NULL);
}

/* A megabyte without a line end is read over in constant memory. */
static void
test_skip_line(void **state)
{
	struct pair *p = *state;
	struct span line;
	pid_t pid = fork();

	if (pid == 0) {
		char block[1000];

		memset(block, 'x', sizeof(block));
		for (int i = 0; i < 1000; i++)
			if (write(p->client, block, sizeof(block)) < 0)
				_exit(1);
		_exit(write(p->client, "\r\nnext\r\n", 8) != 8);
	}
	assert_int_equal(in_line(&p->in, 8192, &line), IN_LINE_TOO_LONG);
	in_skip_line(&p->in);
	assert_line(p, 8192, "next");
	assert_true(p->in.room <= 16384);
	wait(NULL);
}

static void
test_long_line(void **state)
{
	struct pair *p = *state;
	char *text = malloc(70001);
	struct span line;
	pid_t pid;

	for (int i = 0; i < 70000; i++)
		text[i] = (char)('a' + i % 26);
	text[70000] = '\n';
	pid = fork();
	if (pid == 0)
		_exit(write(p->client, "x\n", 2) != 2 || write(p->client, text, 70001) != 70001);
	assert_line(p, 70000, "x");
	assert_int_equal(in_line(&p->in, 70000, &line), IN_LINE);
	assert_true(span_equal(line, span_make(text, 70000)));
	wait(NULL);
	free(text);
}

static void
test_bytes_some_and_skip(void **state)
{
	struct pair *p = *state;
	char four[4];
	struct span some;

	say(p, "LIT\r\nabcdefghijrest\r\n");
	assert_line(p, 10, "LIT");
	in_bytes(&p->in, four, 4);
	assert_memory_equal(four, "abcd", 4);
	some = in_some(&p->in, 3);
	assert_true(span_is(some, "efg"));
	in_skip(&p->in, 3);
	assert_line(p, 10, "rest");
	in_skip(&p->in, 0);
	in_bytes(&p->in, four, 0);
}

static void
test_bytes_over_many_reads(void **state)
{
	struct pair *p = *state;
	static char got[200000];
	pid_t pid = fork();

	if (pid == 0) {
		static char all[200000];

		for (size_t i = 0; i < sizeof(all); i++)
			all[i] = (char)(i * 7 % 251);
		_exit(write(p->client, all, sizeof(all)) != (ssize_t)sizeof(all));
	}
	in_bytes(&p->in, got, 100000);
	in_skip(&p->in, 50000);
	in_bytes(&p->in, got, 50000);
	for (size_t i = 0; i < 50000; i++)
		assert_int_equal(got[i], (char)((i + 150000) * 7 % 251));
	wait(NULL);
}

/*
 * G: what the greeter had read too much comes first, before what is here and what
 * is still to come.
 */
static void
test_push_back(void **state)
{
	struct pair *p = *state;
	char *large = malloc(10000);

	in_push_back(&p->in, span_of("b NOOP\r\nc NO"));
	in_push_back(&p->in, span_of("a NOOP\r\n"));
	in_push_back(&p->in, SPAN_NONE);
	say(p, "OP\r\nd NOOP\r\n");
	assert_true(in_has(&p->in));
	assert_line(p, 100, "a NOOP");
	in_push_back(&p->in, span_of("between\r\n"));
	assert_line(p, 100, "between");
	assert_line(p, 100, "b NOOP");
	assert_line(p, 100, "c NOOP");
	memset(large, 'x', 10000);
	large[9999] = '\n';
	in_push_back(&p->in, span_make(large, 10000));
	large[9999] = '\0';
	assert_line(p, 10000, large);
	assert_line(p, 100, "d NOOP");
	assert_false(in_has(&p->in));
	free(large);
}

/* Before a wait the tied stream is flushed; with bytes in the buffer nothing is written yet. */
static void
test_flush_before_waiting(void **state)
{
	struct pair *p = *state;
	char answer[10];

	say(p, "a\r\nb\r\n");
	assert_line(p, 10, "a");
	out_str(&p->out, "one");
	assert_line(p, 10, "b");
	assert_int_equal(recv(p->client, answer, sizeof(answer), MSG_DONTWAIT), -1);
	dribble(p, "c\n");
	assert_line(p, 10, "c");
	assert_int_equal(recv(p->client, answer, sizeof(answer), MSG_DONTWAIT), 3);
	wait(NULL);
}

static void
test_has_and_wait(void **state)
{
	struct pair *p = *state;
	int other[2], none = -1;

	assert_int_equal(pipe(other), 0);
	assert_false(in_has(&p->in));
	assert_false(in_wait(&p->in, &none, 1, 0, clock_ms()));
	assert_false(in_wait(&p->in, other, 1, 10, clock_ms()));
	assert_int_equal(write(other[1], "x", 1), 1);
	assert_false(in_wait(&p->in, other, 1, -1, clock_ms()));
	say(p, "a\r\nb\r\n");
	assert_true(in_wait(&p->in, other, 1, -1, clock_ms()));
	assert_line(p, 10, "a");
	assert_true(in_wait(&p->in, NULL, 0, -1, clock_ms()));
	close(other[0]);
	close(other[1]);
}

static void
test_release(void **state)
{
	struct pair *p = *state;

	say(p, "a\r\nb\r\n");
	assert_line(p, 10, "a");
	in_release(&p->in);
	assert_non_null(p->in.data);
	assert_line(p, 10, "b");
	in_release(&p->in);
	assert_null(p->in.data);
	say(p, "c\r\n");
	assert_line(p, 10, "c");
}

static void
test_gone_closed(void **state)
{
	struct pair *p = *state;

	say(p, "whole\r\nhalf");
	pair_hang_up(p);
	assert_line(p, 10, "whole");
	assert_int_equal(pair_gone_by(read_line, p), GONE_CLOSED);
}

static void
test_gone_idle(void **state)
{
	struct pair *p = *state;
	int64_t before = clock_ms();

	p->in.idle_seconds = 1;
	say(p, "no end");
	assert_int_equal(pair_gone_by(read_line, p), GONE_IDLE);
	assert_in_range(clock_ms() - before, 950, 5000);
	in_skip(&p->in, 6);
	assert_int_equal(pair_gone_by(wait_idle, p), GONE_IDLE);
}

static volatile int told_to_end;

static void
on_term(int number)
{
	(void)number;
	told_to_end = 1;
}

static pid_t
start_killer(unsigned after_us)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		usleep(after_us);
		kill(parent, SIGTERM);
		_exit(0);
	}
	return pid;
}

/* SIGTERM is blocked but while waiting: neither one before nor one during the wait is missed. */
static void
test_gone_terminated(void **state)
{
	struct sigaction action = { .sa_handler = on_term };
	struct pair *p = *state;
	sigset_t term;
	pid_t pid;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
	p->in.signal_flag = &told_to_end;
	waitpid(start_killer(0), NULL, 0);
	assert_int_equal(pair_gone_by(read_line, p), GONE_TERMINATED);
	told_to_end = 0;
	pid = start_killer(50000);
	assert_int_equal(pair_gone_by(read_line, p), GONE_TERMINATED);
	waitpid(pid, NULL, 0);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_split_everywhere, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_line_limit, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_skip_line, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_long_line, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_some_and_skip, pair_set_up,
		pair_tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_over_many_reads, pair_set_up,
		pair_tear_down),
		cmocka_unit_test_setup_teardown(test_push_back, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_flush_before_waiting, pair_set_up,
		pair_tear_down),
		cmocka_unit_test_setup_teardown(test_has_and_wait, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_release, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_gone_closed, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_gone_idle, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_gone_terminated, pair_set_up, pair_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
