/* test_auth_client.c - the monitor's client against an authd that is false, slow or confused */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/start/auth_client.h"

enum { ANSWER_MS = 3000, SHORT_MS = 150 };
#define HELLO "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"
#define USER "user=u@d\tuid=5000\tgid=5001\thome=/h"

static char folder[64], path[96];

static int
listen_there(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* A child that says hello, waits for an AUTH line, says the reply, and waits for the end. */
static pid_t
serve(int listener, const char *hello, const char *reply)
{
	char drop[512];
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	fd = accept(listener, NULL, NULL);
	if (write(fd, hello, strlen(hello)) < 0 || read(fd, drop, sizeof(drop)) <= 0)
		_exit(1);
	while (!memmem(drop, sizeof(drop), "AUTH\t", 5))
		if (read(fd, drop, sizeof(drop)) <= 0)
			_exit(1);
	if (write(fd, reply, strlen(reply)) < 0)
		_exit(1);
	while (reply[0] && read(fd, drop, sizeof(drop)) > 0)
		;
	_exit(0);
}

static const struct auth_request request = { .service = "imap",
	                                     .mechanism = "PLAIN",
	                                     .response = { "AAAA", 4 } };

static const struct row {
	const char *reply;
	enum auth_verdict verdict;
	const char *reason;
} rows[] = {
	{ "OK\t1\t" USER "\n", AUTH_OK, NULL },
	{ "OK\t1\tmail=maildir:/x\t" USER "\n", AUTH_OK, NULL },
	{ "CONT\t1\tYWJj\n", AUTH_CONTINUE, NULL },
	{ "FAIL\t1\tuser=u@d\n", AUTH_FAILED, NULL },
	{ "FAIL\t1\tuser=u@d\tauthz\n", AUTH_FAILED, NULL },
	{ "FAIL\t1\ttemp\n", AUTH_UNAVAILABLE, NULL },
	{ "FAIL\t1\treason=Account closed\n", AUTH_REFUSED, "Account closed" },
	{ "FAIL\t1\treason=x\tcode=bad\n", AUTH_BAD, "x" },
	/* A29: a verdict that is not for this question, or is none */
	{ "OK\t2\t" USER "\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t0\t" USER "\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\tx\t" USER "\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\tuser=u@d\tuid=5000\tgid=5001\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\tuser=u@d\tgid=5001\thome=/h\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\tuser=\tuid=5000\tgid=5001\thome=/h\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\tuser=u\tuid=-1\tgid=5001\thome=/h\n", AUTH_UNAVAILABLE, NULL },
	{ "OK\t1\tuser=u\tuid=4294967295\tgid=5001\thome=/h\n", AUTH_UNAVAILABLE, NULL },
	{ "ok\t1\t" USER "\n", AUTH_UNAVAILABLE, NULL },
	{ "\n", AUTH_UNAVAILABLE, NULL },
	{ "", AUTH_UNAVAILABLE, NULL }, /* gone in the middle */
};

static void
test_answers_A29(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int listener = listen_there();
		pid_t server = serve(listener, HELLO, rows[i].reply);
		struct arena mem = ARENA_EMPTY;
		const char *why = NULL;
		struct auth_client *c = auth_client_open(path, clock_ms() + ANSWER_MS, &mem, &why);
		struct auth_answer a;

		if (!c)
			fail_msg("%s", why);
		a = auth_client_ask(c, &request, clock_ms() + ANSWER_MS, &mem);
		if (a.verdict != rows[i].verdict)
			fail_msg("%s: verdict %d", rows[i].reply, (int)a.verdict);
		if (rows[i].reason)
			assert_string_equal(a.reason, rows[i].reason);
		if (a.verdict == AUTH_OK) {
			assert_string_equal(a.user, "u@d");
			assert_int_equal(a.uid, 5000);
			assert_int_equal(a.gid, 5001);
			assert_string_equal(a.home, "/h");
			assert_true(!a.mail == !strstr(rows[i].reply, "mail="));
		}
		auth_client_close(c);
		close(listener);
		waitpid(server, NULL, 0);
		arena_free(&mem);
	}
}

/* B08: an authd that says nothing costs no more than the deadline. */
static void
test_silence_B08(void **state)
{
	int listener = listen_there();
	struct arena mem = ARENA_EMPTY;
	int64_t start = clock_ms();
	const char *why = NULL;

	(void)state;
	assert_null(auth_client_open(path, clock_ms() + SHORT_MS, &mem, &why));
	assert_in_range(clock_ms() - start, SHORT_MS - 20, ANSWER_MS);
	assert_non_null(why);
	close(listener);
	arena_free(&mem);
}

static void
refused(const char *socket_path)
{
	struct arena mem = ARENA_EMPTY;
	const char *why = NULL;

	assert_null(auth_client_open(socket_path, clock_ms() + SHORT_MS, &mem, &why));
	assert_non_null(why);
	arena_free(&mem);
}

/* A30: a place where others could put a socket, a link, a dead socket, nothing at all. */
static void
test_places_A30(void **state)
{
	int listener = listen_there();
	char other[128];

	(void)state;
	chmod(folder, 0777);
	refused(path);
	chmod(folder, 0775);
	refused(path);
	chmod(folder, 0755);
	snprintf(other, sizeof(other), "%s/link", folder);
	assert_int_equal(symlink(path, other), 0);
	refused(other);
	unlink(other);
	refused("login");
	refused("/nonexistent/login");
	close(listener);
	refused(path); /* nobody listens */
	unlink(path);
	refused(path);
}

/* A30: in a good place, but another user listens. */
static void
test_peer_A30(void **state)
{
	int listener, ready[2];
	char byte;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(ready), 0);
	listener = listen_there();
	close(listener);
	unlink(path);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un at = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		strcpy(at.sun_path, path);
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		    setresuid(65534, 65534, 65534) != 0 || listen(fd, 5) != 0)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		fd = accept(fd, NULL, NULL);
		_exit(write(fd, HELLO, strlen(HELLO)) > 0 ? 0 : 2);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	refused(path);
	waitpid(pid, NULL, 0);
	unlink(path);
}

static void
test_wrong_version(void **state)
{
	int listener = listen_there();
	pid_t server = serve(listener, "VERSION\t2\t0\nDONE\n", "");

	(void)state;
	refused(path);
	close(listener);
	waitpid(server, NULL, 0);
}

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/linnet-test-client-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	chmod(folder, 0755);
	snprintf(path, sizeof(path), "%s/login", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_A29), cmocka_unit_test(test_silence_B08),
		cmocka_unit_test(test_places_A30),
		cmocka_unit_test(test_peer_A30),    cmocka_unit_test(test_wrong_version),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
