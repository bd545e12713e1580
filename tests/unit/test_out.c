/* test_out.c - writing to the client: order, large writes, a client that takes little or is gone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/stream_pair.h"

static void
flush(struct pair *p)
{
	out_flush(&p->out);
}

static void
assert_got(struct pair *p, const char *text)
{
	char got[1000];
	ssize_t n = recv(p->client, got, sizeof(got) - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, text);
}

static void
test_order_of_all_kinds(void **state)
{
	struct pair *p = *state;

	out_str(&p->out, "a");
	out_byte(&p->out, 'b');
	out_span(&p->out, span_of("cd"));
	out_span(&p->out, SPAN_NONE);
	out_add(&p->out, NULL, 0);
	out_number(&p->out, 0);
	out_number(&p->out, UINT64_MAX);
	out_printf(&p->out, "<%s>", "x");
	assert_got(p, "");
	out_flush(&p->out);
	assert_got(p, "abcd018446744073709551615<x>");
	assert_int_equal(p->out.total, 28);
	out_flush(&p->out);
	assert_got(p, "");
}

static void
test_byte_first(void **state)
{
	struct pair *p = *state;

	out_byte(&p->out, 'x');
	out_flush(&p->out);
	assert_got(p, "x");
}

/*
 * Reads everything in a process of its own, slowly; its status is 0 when bytes
 * are (i * 31 % 253) throughout.
 */
static pid_t
start_reader(struct pair *p, size_t total)
{
	pid_t pid = fork();
	unsigned char got[5000];
	size_t at = 0;
	ssize_t n;

	if (pid != 0) {
		pair_hang_up(p);
		return pid;
	}
	close(p->out.fd);
	while ((n = read(p->client, got, sizeof(got))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (got[i] != (unsigned char)(at++ * 31 % 253))
				_exit(1);
		if (at % 7 == 0)
			usleep(100);
	}
	_exit(at != total);
}

/* Sizes around the buffer's and far beyond the socket's: nothing lost, doubled or out of order. */
static void
test_large_writes(void **state)
{
	static const size_t sizes[] = { 1, 7,      8191, 8192,    8193,  16383, 16384, 16385,
		                        3, 100000, 5,    1000000, 16384, 16384, 2 };
	struct pair *p = *state;
	size_t total = 0, at = 0;
	unsigned char *all;
	int status;
	pid_t pid;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		total += sizes[i];
	all = malloc(total);
	for (size_t i = 0; i < total; i++)
		all[i] = (unsigned char)(i * 31 % 253);
	pid = start_reader(p, total);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		out_add(&p->out, all + at, sizes[i]);
		at += sizes[i];
	}
	out_flush(&p->out);
	shutdown(p->out.fd, SHUT_WR);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(p->out.total, total);
	free(all);
}

static void
test_release(void **state)
{
	struct pair *p = *state;

	out_str(&p->out, "a");
	out_release(&p->out);
	assert_null(p->out.data);
	assert_got(p, "a");
	out_release(&p->out);
	out_str(&p->out, "b");
	out_flush(&p->out);
	assert_got(p, "b");
}

static void
test_close_does_not_flush(void **state)
{
	struct pair *p = *state;

	out_str(&p->out, "a");
	out_close(&p->out);
	assert_got(p, "");
}

static void
test_gone(void **state)
{
	struct pair *p = *state;

	pair_hang_up(p);
	out_str(&p->out, "a");
	assert_int_equal(pair_gone_by(flush, p), GONE_RESET);
	assert_int_equal(p->out.len, 0);
	out_str(&p->out, "BYE");
	out_flush_last(&p->out);
	assert_int_equal(p->out.len, 0);
}

/* A last word goes out when there is room for it, and waits for nobody when there is not. */
static void
test_flush_last(void **state)
{
	struct pair *p = *state;
	char block[4096] = "";

	out_str(&p->out, "BYE");
	out_flush_last(&p->out);
	assert_got(p, "BYE");
	while (send(p->out.fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	alarm(20);
	out_str(&p->out, "BYE");
	out_flush_last(&p->out);
	assert_int_equal(p->out.len, 0);
	alarm(0);
}

/* The flag would outlive us on a file or terminal that others use too. */
static void
test_nonblocking_only_where_ours(void **state)
{
	struct pair *p = *state;
	int null = open("/dev/null", O_WRONLY);
	struct out file;

	assert_true(fcntl(p->out.fd, F_GETFL) & O_NONBLOCK);
	out_open(&file, null, p->out.gone);
	assert_false(fcntl(null, F_GETFL) & O_NONBLOCK);
	out_str(&file, "x");
	out_release(&file);
	close(null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_of_all_kinds, pair_set_up,
		pair_tear_down),
		cmocka_unit_test_setup_teardown(test_byte_first, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_large_writes, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_release, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_close_does_not_flush, pair_set_up,
		pair_tear_down),
		cmocka_unit_test_setup_teardown(test_gone, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_flush_last, pair_set_up, pair_tear_down),
		cmocka_unit_test_setup_teardown(test_nonblocking_only_where_ours, pair_set_up,
		pair_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
