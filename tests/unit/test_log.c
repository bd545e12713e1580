/* test_log.c - one line a call: its form for each target, what is cut or replaced; nothing waits */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"

enum { SAID_ROOM = 300000 };
static char said[SAID_ROOM];

/* Lines begin with "test[PID]: " on a plain descriptor; the pid is taken out. */
static const char *
without_pid(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (*from == '[' && from[1] >= '0' && from[1] <= '9') {
			from += strcspn(from, "]") + 1;
			memcpy(to, "[]", 2);
			to += 2;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

/* Runs in a process of its own whose descriptor 2 is fd; then what reader has is in said. */
static void
in_child(void (*run)(void), int fd, int reader)
{
	pid_t pid = fork();
	size_t len = 0;
	ssize_t n;
	int status;

	if (pid == 0) {
		dup2(fd, STDERR_FILENO);
		close(fd);
		close(reader);
		run();
		_exit(0);
	}
	close(fd);
	while ((n = read(reader, said + len, SAID_ROOM - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(reader);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const char *
said_on_pipe(void (*run)(void))
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	in_child(run, ends[1], ends[0]);
	return without_pid(said);
}

static void
say_all_levels(void)
{
	log_open("test", NULL);
	log_error("one %d", 1);
	log_warning("two");
	log_info("three");
	log_debug("hidden");
	log_set_debug(true);
	log_debug("four");
	log_set_prefix("imap(toto)<1>: ");
	log_info("five");
	log_error("six");
	log_set_prefix(NULL);
	log_info("seven");
}

static void
test_levels_and_prefix(void **state)
{
	(void)state;
	assert_string_equal(said_on_pipe(say_all_levels), "test[]: Error: one 1\n"
	                                                  "test[]: Warning: two\n"
	                                                  "test[]: three\n"
	                                                  "test[]: Debug: four\n"
	                                                  "test[]: imap(toto)<1>: five\n"
	                                                  "test[]: imap(toto)<1>: Error: six\n"
	                                                  "test[]: seven\n");
}

static void
say_control_bytes(void)
{
	log_open("test", NULL);
	log_set_prefix("a\nb: ");
	log_info("%s", "x\r\nFake: line\t\x1b[m\x7f\xc3\xa4");
}

/* Nobody writes a second line into the log, or colours into a terminal. */
static void
test_control_bytes(void **state)
{
	(void)state;
	assert_string_equal(said_on_pipe(say_control_bytes),
	                    "test[]: a?b: x??Fake: line??[m?\xc3\xa4\n");
}

static void
say_long(void)
{
	char text[5000];

	log_open("test", NULL);
	for (size_t n = 1900; n < 2200; n += 20) {
		memset(text, 'x', n);
		text[n] = '\0';
		log_info("%s", text);
	}
	memset(text, 'p', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_set_prefix(text);
	log_info("short");
}

static void
test_long_lines(void **state)
{
	char *line, *rest = said;
	int cut = 0, whole = 0;

	(void)state;
	said_on_pipe(say_long);
	while ((line = strsep(&rest, "\n")) && *line) {
		size_t len = strlen(line);

		assert_true(len <= 2048);
		cut += len > 3 && strcmp(line + len - 3, "...") == 0;
		whole += line[len - 1] == 'x';
	}
	assert_true(cut > 5 && whole > 5 && cut + whole == 15);
}

static void
say_to_journal(void)
{
	struct stat st;
	char stream[64];

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	         (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("test", NULL);
	log_error("one");
	log_info("two");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open("test", "");
	log_info("three");
}

/* journald takes a level of one digit, without a facility, from the head of a line. */
static void
test_journal(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	in_child(say_to_journal, ends[1], ends[0]);
	assert_string_equal(without_pid(said), "<3>Error: one\n<6>two\ntest[]: three\n");
}

static void
say_with_client_on_stderr(void)
{
	dup2(STDERR_FILENO, STDIN_FILENO);
	log_open("test", NULL);
	log_error("not for the client");
	assert_true(log_descriptor() != STDERR_FILENO);
}

/* xinetd: 0, 1 and 2 are the connection. */
static void
test_never_to_the_client(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	in_child(say_with_client_on_stderr, ends[1], ends[0]);
	assert_string_equal(said, "");
}

static char file_path[64];

static void
say_to_file(void)
{
	log_open("test", file_path);
	if (log_descriptor() <= STDERR_FILENO)
		_exit(9);
	log_info("one");
	rename(file_path, "/dev/null/none");
	unlink(file_path);
	log_info("lost with the file");
	log_reopen();
	log_info("two");
}

static void
test_file_and_reopen(void **state)
{
	char text[200] = "";
	struct stat st;
	int ends[2], fd;

	(void)state;
	snprintf(file_path, sizeof(file_path), "/tmp/linnet-log-%d", (int)getpid());
	assert_int_equal(pipe(ends), 0);
	in_child(say_to_file, ends[1], ends[0]);
	assert_string_equal(said, "");
	fd = open(file_path, O_RDONLY);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	close(fd);
	unlink(file_path);
	/* "Nov  3 20:29:01 test[]: two" */
	assert_int_equal(text[3], ' ');
	assert_int_equal(text[9], ':');
	assert_string_equal(without_pid(text) + 15, " test[]: two\n");
}

static void
say_to_missing_folder(void)
{
	log_open("test", "/nowhere/at/all.log");
	log_info("one");
}

static void
test_fallback(void **state)
{
	(void)state;
	said_on_pipe(say_to_missing_folder);
	assert_string_equal(said,
	                    "test[]: Warning: log_path = /nowhere/at/all.log cannot be opened: "
	                    "No such file or directory; logging to standard error\n"
	                    "test[]: one\n");
}

static void
keep_errno(void)
{
	log_open("test", NULL);
	errno = ENOSPC;
	log_info("%m");
	if (errno != ENOSPC)
		_exit(9);
	close(log_descriptor());
	log_info("nobody reads this");
	if (errno != ENOSPC)
		_exit(9);
}

static void
test_errno_is_kept(void **state)
{
	(void)state;
	assert_string_equal(said_on_pipe(keep_errno), "test[]: No space left on device\n");
}

/* A full pipe or socket: the caller goes on, the lines are counted, and the count is told later. */
static void
fill_and_drain(int writer, int reader)
{
	char *drained = said, *told;
	size_t len = 0;
	ssize_t n;

	dup2(writer, STDERR_FILENO);
	log_open("test", NULL);
	alarm(20);
	for (int i = 0; i < 20000; i++)
		log_info("line %d of many that nobody reads for now, long enough to fill what is "
		         "there",
		         i);
	fcntl(reader, F_SETFL, O_NONBLOCK);
	while ((n = read(reader, drained, SAID_ROOM)) > 0)
		;
	log_info("the last one");
	while ((n = read(reader, drained + len, SAID_ROOM - 1 - len)) > 0)
		len += (size_t)n;
	drained[len] = '\0';
	told = strstr(drained, " earlier lines lost) the last one\n");
	_exit(told ? 0 : 9);
}

static void
test_nothing_waits(void **state)
{
	for (int kind = 0; kind < 2; kind++) {
		int ends[2], status;
		pid_t pid;

		(void)state;
		assert_int_equal(kind ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
		pid = fork();
		if (pid == 0)
			fill_and_drain(ends[1], ends[0]);
		close(ends[0]);
		close(ends[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_and_prefix),
		cmocka_unit_test(test_control_bytes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_never_to_the_client),
		cmocka_unit_test(test_file_and_reopen),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_nothing_waits),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
