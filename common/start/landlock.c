/*
 * landlock.c - the file system a session sees, by Linux's Landlock
 *
 * Numbers and structures are written out here, so that a build on an old kernel's
 * headers still locks all that a newer kernel knows at run time.
 */
#include "common/start/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1, FIRST_VERSION_WITH_REFER = 2 };

enum access {
	ACCESS_EXECUTE     = 1 << 0,
	ACCESS_WRITE_FILE  = 1 << 1,
	ACCESS_READ_FILE   = 1 << 2,
	ACCESS_READ_DIR    = 1 << 3,
	ACCESS_REMOVE_DIR  = 1 << 4,
	ACCESS_REMOVE_FILE = 1 << 5,
	ACCESS_MAKE_DIR    = 1 << 7,
	ACCESS_MAKE_REG    = 1 << 8,
	ACCESS_REFER       = 1 << 13,
	ACCESS_TRUNCATE    = 1 << 14, /* version 3 */
	ACCESS_ALL_V2      = (1 << 14) - 1,
	ACCESS_READ        = ACCESS_READ_FILE | ACCESS_READ_DIR,
	ACCESS_MAILDIR     = ACCESS_READ | ACCESS_WRITE_FILE | ACCESS_REMOVE_DIR |
	                     ACCESS_REMOVE_FILE | ACCESS_MAKE_DIR | ACCESS_MAKE_REG |
	                     ACCESS_REFER | ACCESS_TRUNCATE,
	ACCESS_OF_A_FILE   = ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE
};

struct ruleset {
	uint64_t handled;
};

struct path_beneath {
	uint64_t allowed;
	int32_t  parent;
} __attribute__((packed));

/*
 * iconv() opens its tables and converters late; localtime() its zone.  What is
 * not there is left out.
 */
static const char *const readable[] = {
	"/usr/lib64/gconv",
#ifdef __x86_64__
	"/usr/lib/x86_64-linux-gnu/gconv",
#endif
#ifdef __aarch64__
	"/usr/lib/aarch64-linux-gnu/gconv",
#endif
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/usr/share/zoneinfo",
};

static long
version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
}

bool
landlock_is_there(void)
{
	return version() >= FIRST_VERSION_WITH_REFER;
}

/* Allow access below what is open as fd, as far as it makes sense for what that is. */
static bool
allow_open(int ruleset, int fd, uint64_t access)
{
	struct path_beneath rule = { access, fd };
	struct stat st;

	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ACCESS_OF_A_FILE;
	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool
allow(int ruleset, const char *path, uint64_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	bool done = fd >= 0 && allow_open(ruleset, fd, access);

	if (fd >= 0)
		close(fd);
	return done;
}

bool
landlock_lock(const char *maildir, int index)
{
	struct ruleset rules = { ACCESS_ALL_V2 | (version() >= 3 ? ACCESS_TRUNCATE : 0) };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	bool done = fd >= 0;

	if (done && maildir)
		done = allow(fd, maildir, ACCESS_MAILDIR & rules.handled);
	if (done && index >= 0)
		done = allow_open(fd, index, ACCESS_MAILDIR & rules.handled);
	for (size_t i = 0; done && maildir && i < sizeof(readable) / sizeof(readable[0]); i++)
		allow(fd, readable[i], ACCESS_READ);
	done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}
