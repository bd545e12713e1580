/* test_command_reader.c - collecting one bounded command from the stream (G01, G02) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "imapd/command_reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void gone(enum gone why) __attribute__((noreturn));

static void
gone(enum gone why)
{
	(void)why;
	_exit(3);
}

static struct settings settings;
static struct login login;

/* A session that reads input; the other end of its connection is returned. */
static int
open_session(struct session *s, const char *input, size_t n)
{
	int pair[2];

	memset(s, 0, sizeof(*s));
	settings.mail_max_append_size = 1000;
	settings.imap_capability = "";
	login.settings = &settings;
	s->login = &login;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	out_open(&s->out, pair[0], gone);
	in_open(&s->in, pair[0], &s->out, gone);
	in_push_back(&s->in, span_make(input, n));
	return pair[1];
}

static struct buf
close_session(struct session *s, int other)
{
	struct buf sent = BUF_EMPTY;

	buf_str(&sent, "");
	out_flush(&s->out);
	close(s->out.fd);
	for (;;) {
		ssize_t n = read(other, buf_reserve(&sent, 4096), 4096);

		if (n <= 0)
			break;
		sent.len += (size_t)n;
		sent.data[sent.len] = '\0';
	}
	close(other);
	in_close(&s->in);
	out_close(&s->out);
	buf_free(&s->command);
	arena_free(&s->mem);
	return sent;
}

static const struct row {
	const char *input, *command, *sent;
	bool        is_pending;
	uint64_t    left;
} rows[] = {
	{ "a NOOP\r\n", "a NOOP", "", false, 0 },
	{ "a NOOP\n", "a NOOP", "", false, 0 },
	{ "\r\n", "", "", false, 0 },
	{ "a X {3}\r\nabc d\r\n", "a X {3}\r\nabc d", "+ OK\r\n", false, 0 },
	{ "a X {3+}\r\nabc d\r\n", "a X {3+}\r\nabc d", "", false, 0 },
	{ "a X {0}\r\n\r\n", "a X {0}\r\n", "+ OK\r\n", false, 0 },
	{ "a X {2}\r\n\r\n{1}\r\nx\r\n", "a X {2}\r\n\r\n{1}\r\nx", "+ OK\r\n+ OK\r\n", false, 0 },
	{ "a X {1}\r\n}{2+}\n{5\r\n", "a X {1}\r\n}{2+}\r\n{5", "+ OK\r\n", false, 0 },
	/* no announcements */
	{ "a X {}\r\n", "a X {}", "", false, 0 },
	{ "a X {-1}\r\n", "a X {-1}", "", false, 0 },
	{ "a X { 1}\r\n", "a X { 1}", "", false, 0 },
	{ "a X {1 }\r\n", "a X {1 }", "", false, 0 },
	{ "a X {1}x\r\n", "a X {1}x", "", false, 0 },
	{ "a X {+}\r\n", "a X {+}", "", false, 0 },
	{ "a X {1++}\r\n", "a X {1++}", "", false, 0 },
	{ "a X 1}\r\n", "a X 1}", "", false, 0 },
	{ "1}\r\n", "1}", "", false, 0 },
	{ "}\r\n", "}", "", false, 0 },
	/* APPEND's message stays, its mailbox does not */
	{ "a APPEND x {5}\r\nhello", "a APPEND x {5}", "", true, 5 },
	{ "a append x (\\Seen) {5+}\r\nhello", "a append x (\\Seen) {5+}", "", true, 5 },
	{ "a APPEND {1}\r\nx {5}\r\nhello", "a APPEND {1}\r\nx {5}", "+ OK\r\n", true, 5 },
	{ "a APPEND {1+}\r\nx () {5+}\r\nhello", "a APPEND {1+}\r\nx () {5+}", "", true, 5 },
	{ "a APPEND x {18446744073709551616}\r\n", "a APPEND x {18446744073709551616}", "", true,
	  UINT64_MAX },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session s;
		struct buf sent;
		int other = open_session(&s, rows[i].input, strlen(rows[i].input));

		assert_null(command_read(&s));
		assert_true(span_is(buf_view(&s.command), rows[i].command));
		assert_int_equal(s.literal.is_there, rows[i].is_pending);
		if (rows[i].is_pending)
			assert_true(s.literal.left == rows[i].left);
		sent = close_session(&s, other);
		assert_string_equal(sent.data, rows[i].sent);
		buf_free(&sent);
	}
}

/* What is too large is refused without being asked for, and the next command is there. */
static void
test_G01_sizes(void **state)
{
	static const struct {
		const char *announcement, *why;
	} sizes[] = {
		{ "{65536}", NULL },
		{ "{65537}", "Literal is too large" },
		{ "{4294967296}", "Literal is too large" },
		{ "{18446744073709551616}", "Literal is too large" },
		{ "{99999999999999999999999999}", "Literal is too large" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct session s;
		struct buf input = BUF_EMPTY, sent;
		const char *why;
		int other;

		buf_printf(&input, "a X %s\r\n", sizes[i].announcement);
		if (!sizes[i].why)
			memset(buf_reserve(&input, 65536), 'x', 65536), input.len += 65536,
				buf_str(&input, "\r\n");
		buf_str(&input, "b NOOP\r\n");
		other = open_session(&s, input.data, input.len);
		why = command_read(&s);
		if (sizes[i].why) {
			assert_string_equal(why, sizes[i].why);
			assert_string_equal(s.reply_code, "TOOBIG");
			assert_true(s.command.room < 8192);
		} else {
			assert_null(why);
		}
		assert_null(command_read(&s));
		assert_true(span_is(buf_view(&s.command), "b NOOP"));
		sent = close_session(&s, other);
		assert_string_equal(sent.data, sizes[i].why ? "" : "+ OK\r\n");
		buf_free(&sent);
		buf_free(&input);
	}
}

static void
test_G01_total(void **state)
{
	struct session s;
	struct buf input = BUF_EMPTY, sent;
	const char *why;
	int other;

	(void)state;
	buf_str(&input, "a SEARCH SUBJECT {65536}\r\n");
	for (int i = 0; i < 15; i++) {
		memset(buf_reserve(&input, 65536), 'x', 65536);
		input.len += 65536;
		buf_str(&input, " SUBJECT {65536}\r\n");
	}
	buf_str(&input, "b NOOP\r\n");
	other = open_session(&s, input.data, input.len);
	why = command_read(&s);
	assert_non_null(why);
	assert_string_equal(why, "Command is too large");
	assert_true(s.command.len <= LIMIT_COMMAND);
	assert_null(command_read(&s));
	assert_true(span_is(buf_view(&s.command), "b NOOP"));
	assert_true(s.command.room <= 8192);
	sent = close_session(&s, other);
	buf_free(&sent);
	buf_free(&input);
}

/*
 * Lines around and far beyond the limit; the tag of a long one is kept, the next
 * command is found.
 */
static void
test_long_lines(void **state)
{
	static const size_t lengths[] = { LIMIT_LINE - 1, LIMIT_LINE, LIMIT_LINE + 1,
		                          2 * LIMIT_LINE, 700000 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct session s;
		struct buf input = BUF_EMPTY, sent;
		int other;

		buf_str(&input, "tag ");
		while (input.len < lengths[i])
			buf_byte(&input, 'x');
		buf_str(&input, "\nb NOOP\r\n");
		other = open_session(&s, input.data, input.len);
		if (lengths[i] <= LIMIT_LINE) {
			assert_null(command_read(&s));
			assert_int_equal(s.command.len, lengths[i]);
		} else {
			assert_string_equal(command_read(&s), "Command line is too long");
			assert_true(span_starts(buf_view(&s.command), "tag x"));
		}
		assert_null(command_read(&s));
		assert_true(span_is(buf_view(&s.command), "b NOOP"));
		sent = close_session(&s, other);
		buf_free(&sent);
		buf_free(&input);
	}
}

/*
 * Whatever a failed APPEND left unread: the next command is found, and nothing
 * more is asked for.
 */
static void
test_dropping_the_rest(void **state)
{
	static const char *const inputs[] = {
		"a APPEND x {5}\r\n",
		"a APPEND x {5+}\r\nhello\r\n",
		"a APPEND x {5+}\r\nhello (\\Seen) {6+}\r\n\r\n b N\r\n",
		"a APPEND x {5+}\r\nhello {6}\r\n",
		"a APPEND x {0+}\r\n\r\n",
		"a APPEND x {5+}\r\nhello garbage\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(inputs); i++) {
		struct session s;
		struct buf input = BUF_EMPTY, sent;
		int other;

		buf_str(&input, inputs[i]);
		buf_str(&input, "b NOOP\r\n");
		other = open_session(&s, input.data, input.len);
		assert_null(command_read(&s));
		command_drop_rest(&s);
		assert_false(s.literal.is_there);
		assert_null(command_read(&s));
		assert_true(span_is(buf_view(&s.command), "b NOOP"));
		sent = close_session(&s, other);
		assert_string_equal(sent.data, "");
		buf_free(&sent);
		buf_free(&input);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),       cmocka_unit_test(test_G01_sizes),
		cmocka_unit_test(test_G01_total),  cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_dropping_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
