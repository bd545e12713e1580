/*
 * shim.c - stands before a program's system calls: fails, shortens or ends them, writes them down
 *
 * Preloaded (LD_PRELOAD) into store_tool, imapd or pop3d by shim.py, which maps
 * the same control file and may write its orders there at any moment:
 *
 *	control, 4096 bytes | log: one line a call, and behind that of a write its bytes
 *
 * (1) Only what belongs to the Maildir (LINNET_FAULT_ROOT), to the client or to
 *     memory counts, so number N is the same call in each run.
 * (2) The shim makes no system call of its own after it was loaded: a session's
 *     seccomp filter and the order of calls are what they are without it.
 * (3) _exit() in the middle of a call is what kill -9 leaves behind: no handler
 *     runs, no buffer is written, the kernel's locks are gone.
 */
#include "tests/fault/shim.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { PAGE = 4096 };
static const char *const kind_names[KINDS] = {
	"open",  "create", "read",  "write", "fsync",   "rename", "link",        "unlink",
	"mkdir", "truncate", "utime", "flock", "stat", "readdir", "watch", "client-read",
	"client-write", "poll", "malloc",
};

struct file     shim_file[FDS];
struct control *shim_control;
static const char *root;

void *
shim_real(const char *name, void **known)
{
	if (!*known)
		*known = dlsym(RTLD_NEXT, name);
	return *known;
}

static void
on_alarm(int number)
{
	(void)number;
}

/* A timer whose signal breaks off every call that can be (K17). */
static void
start_storm(void)
{
	struct timeval pause = { 0, (suseconds_t)shim_control->storm_us };
	struct itimerval often = { pause, pause };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("LINNET_FAULT_CONTROL");
	struct stat st;
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0 || fstat(fd, &st) != 0)
		return;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	root = getenv("LINNET_FAULT_ROOT");
	root = root ? strdup(root) : "/nowhere";
	for (int i = 0; i <= STDERR_FILENO; i++)
		shim_file[i].whose = WHOSE_OTHER;
	shim_control = at;
	if (shim_control->storm_us)
		start_storm();
}

/* ---- whose is it, and what is written down ---- */

enum whose
shim_whose(int fd)
{
	return fd >= 0 && fd < FDS ? shim_file[fd].whose : WHOSE_OTHER;
}

bool
shim_is_mail(int dir, const char *path)
{
	size_t length;

	if (!shim_control)
		return false;
	if (path[0] != '/')
		return shim_whose(dir) == WHOSE_MAIL;
	length = strlen(root);
	return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

unsigned
shim_id(int fd)
{
	return shim_whose(fd) == WHOSE_MAIL ? shim_file[fd].id : 0;
}

bool
shim_is_across(int from_dir, int to_dir)
{
	if (shim_whose(from_dir) != WHOSE_MAIL || shim_whose(to_dir) != WHOSE_MAIL ||
	    shim_file[from_dir].is_other == shim_file[to_dir].is_other)
		return false;
	errno = EXDEV;
	return true;
}

void
shim_note_bytes(const void *bytes, size_t n)
{
	char *log = (char *)shim_control + CONTROL_BYTES;

	if (shim_control->log_length + n > shim_control->log_room)
		n = 0;
	memcpy(log + shim_control->log_length, bytes, n);
	shim_control->log_length += n;
}

void
shim_note(const char *format, ...)
{
	char line[2 * PATH_BYTES];
	va_list args;
	int n, saved = errno;

	if (!shim_control || !shim_control->is_logging)
		return;
	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(line))
		shim_note_bytes(line, (size_t)n);
	errno = saved;
}

/* ---- the verdict on one call ---- */

static void
die_here(void)
{
	_exit(137);
}

static bool
is_due(void)
{
	return shim_control->at == 0 || shim_control->count == shim_control->at ||
	       (shim_control->forever && shim_control->count > shim_control->at);
}

bool
shim_fails(enum kind kind, const char *what)
{
	if (!shim_control || !(shim_control->kinds >> kind & 1))
		return false;
	shim_control->count++;
	if (shim_control->mode == MODE_COUNT || !is_due())
		return false;
	if (shim_control->hits++ == 0)
		snprintf(shim_control->hit, sizeof(shim_control->hit), "%s %.40s", kind_names[kind],
		         what);
	if (shim_control->mode == MODE_KILL)
		die_here();
	if (shim_control->mode == MODE_SIGNAL)
		raise((int)shim_control->error);
	errno = (int)shim_control->error;
	return shim_control->mode == MODE_ERROR ||
	       (shim_control->mode == MODE_FULL && shim_control->count > shim_control->at);
}

size_t
shim_part_of(enum kind kind, size_t n)
{
	if (!shim_control || !(shim_control->kinds >> kind & 1) || n < 2 || !is_due())
		return n;
	if (shim_control->mode == MODE_TORN)
		return n > PAGE ? n / 2 / PAGE * PAGE : n;
	if (shim_control->mode == MODE_FULL)
		return shim_control->count == shim_control->at ? n / 2 : n;
	return shim_control->mode == MODE_SHORT ? 1 : n;
}

int
shim_answer(enum kind kind, int got)
{
	if (got != 0 || !shim_control || shim_control->mode != MODE_LOST ||
	    !(shim_control->kinds >> kind & 1) || !is_due())
		return got;
	errno = kind == KIND_LINK || kind == KIND_MKDIR ? EEXIST : ENOENT;
	return -1;
}

void
shim_die_if_torn(enum kind kind)
{
	if (shim_control && shim_control->mode == MODE_TORN && shim_control->kinds >> kind & 1 &&
	    is_due())
		die_here();
}

/* ---- memory: glibc's own names, as dlsym() itself may want some ---- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *old, size_t n);

void *
malloc(size_t n)
{
	return shim_fails(KIND_MALLOC, "") ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t n)
{
	return shim_fails(KIND_MALLOC, "") ? NULL : __libc_calloc(count, n);
}

void *
realloc(void *old, size_t n)
{
	return shim_fails(KIND_MALLOC, "") ? NULL : __libc_realloc(old, n);
}
