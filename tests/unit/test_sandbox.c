/* test_sandbox.c - what a session may still do: Landlock, chroot's capability, system calls */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/start/privileges.h"
#include "common/start/sandbox.h"
#include "common/start/seccomp.h"

enum { OWNER = 5000, FINE = 0, NOT_HERE = 77 };

static char root[] = "/tmp/linnet-sandbox-XXXXXX";

static void
write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	assert_int_equal(fchown(fd, OWNER, OWNER), 0);
	close(fd);
}

static int
set_up(void **state)
{
	static const char *const folders[] = { "toto",     "toto/cur", "toto/new",
		                               "titi",     "titi/cur", "index",
		                               "index/toto", "index/titi" };

	(void)state;
	if (geteuid() != 0)
		return 0;
	if (!mkdtemp(root) || chmod(root, 0755) != 0 || chdir(root) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdir(folders[i], 0700) != 0 || chown(folders[i], OWNER, OWNER) != 0)
			return -1;
	write_file("toto/new/1");
	write_file("titi/cur/1");
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	if (geteuid() != 0)
		return 0;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/*
 * Run in a process of its own: what it becomes cannot be undone.  Its result is a
 * line number, or FINE.
 */
static void
in_child(int (*body)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_HERE)
		skip();
	assert_int_equal(WEXITSTATUS(status), FINE);
}

#define MUST(condition) \
	do { \
		if (!(condition)) \
			return __LINE__ % 250 + 1; \
	} while (0)

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
use_maildir_behind_landlock(void)
{
	const char *what;
	int index;

	if (!landlock_is_there())
		return NOT_HERE;
	MUST(privileges_drop(OWNER, OWNER, false, &what));
	/* one uid for all: nothing else would keep them apart */
	MUST(opens("titi/cur/1", O_RDONLY));
	index = open("index/toto", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(index >= 0 && landlock_lock("toto", index));
	MUST(mkdirat(index, ".INBOX", 0700) == 0 && opens("index/toto/.INBOX/1", O_RDWR | O_CREAT));
	MUST(!opens("index/titi", O_RDONLY | O_DIRECTORY) && errno == EACCES);
	MUST(!opens("titi/cur/1", O_RDONLY) && errno == EACCES);
	MUST(!opens("titi", O_RDONLY | O_DIRECTORY));
	MUST(!opens("/etc/passwd", O_RDONLY));
	MUST(!opens("/tmp/x", O_WRONLY | O_CREAT));
	MUST(link("titi/cur/1", "toto/cur/2") != 0);
	MUST(rename("toto/new/1", "titi/cur/2") != 0);
	MUST(symlink("../titi", "toto/link") != 0);
	MUST(chdir("titi") != 0 || !opens("cur/1", O_RDONLY));
	MUST(chdir(root) == 0);
	/* across folders: what a Maildir lives of */
	MUST(rename("toto/new/1", "toto/cur/1:2,S") == 0);
	MUST(opens("toto/cur/1:2,S", O_RDONLY));
	MUST(opens("toto/new/2", O_WRONLY | O_CREAT));
	MUST(truncate("toto/new/2", 0) == 0);
	MUST(link("toto/new/2", "toto/cur/3") == 0);
	MUST(unlink("toto/new/2") == 0 && unlink("toto/cur/3") == 0);
	MUST(mkdir("toto/.Sent", 0700) == 0 && rmdir("toto/.Sent") == 0);
	MUST(rename("toto/cur/1:2,S", "toto/new/1") == 0);
	return FINE;
}

static void
test_landlock(void **state)
{
	(void)state;
	in_child(use_maildir_behind_landlock);
}

static int
see_nothing(void)
{
	if (!landlock_is_there())
		return NOT_HERE;
	MUST(landlock_lock(NULL, -1));
	MUST(!opens("/", O_RDONLY | O_DIRECTORY));
	MUST(!opens("/etc/passwd", O_RDONLY));
	return FINE;
}

static void
test_landlock_of_nothing(void **state)
{
	(void)state;
	in_child(see_nothing);
}

static int
use_maildir_under_chroot(void)
{
	const char *what;

	MUST(privileges_drop(OWNER, OWNER, true, &what));
	MUST(chdir("toto") == 0);
	MUST(privileges_chroot());
	MUST(!opens("/etc/passwd", O_RDONLY));
	MUST(!opens("../titi/cur/1", O_RDONLY));
	MUST(opens("/new/1", O_RDONLY) && opens("new/1", O_RDONLY));
	MUST(chroot("/") != 0); /* the capability is gone */
	MUST(setuid(0) != 0 && setgid(0) != 0);
	return FINE;
}

static void
test_chroot(void **state)
{
	(void)state;
	in_child(use_maildir_under_chroot);
}

static int
drop_for_good(void)
{
	const char *what = "";

	MUST(!privileges_drop(0, 0, false, &what));
	MUST(privileges_keep_monitor());
	MUST(privileges_drop(OWNER, OWNER, false, &what));
	MUST(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && setgroups(0, NULL) != 0);
	MUST(kill(getppid(), 0) != 0);
	return FINE;
}

static void
test_drop(void **state)
{
	(void)state;
	in_child(drop_for_good);
}

static int
call_forbidden(void)
{
	pid_t parent = getppid();

	MUST(seccomp_filter(SECCOMP_SESSION));
	MUST(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == ENOSYS);
	MUST(fork() < 0 && errno == ENOSYS);
	MUST(kill(parent, SIGUSR1) < 0 && errno == EPERM);
	MUST(kill(parent, 0) == 0 || errno != ENOSYS); /* is the owner of a lock still there? */
	MUST(setuid(OWNER) < 0 && errno == ENOSYS);
	MUST(chroot("/") < 0 && errno == ENOSYS);
	MUST(symlink("a", "b") < 0 && errno == ENOSYS);
	MUST(opens("toto/new/1", O_RDONLY));
	MUST(malloc(10 * 1024 * 1024) != NULL);
	return FINE;
}

static void
test_seccomp(void **state)
{
	(void)state;
	in_child(call_forbidden);
}

/* Starting a program ends the process. */
static void
test_seccomp_exec(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		seccomp_filter(SECCOMP_SESSION);
		execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void
test_strict(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		seccomp_strict();
		socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* SIGSYS where a filter stands in for strict mode */
	assert_true(WIFSIGNALED(status) &&
	            (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGSYS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_landlock),
		cmocka_unit_test(test_landlock_of_nothing),
		cmocka_unit_test(test_chroot),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_seccomp),
		cmocka_unit_test(test_seccomp_exec),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
