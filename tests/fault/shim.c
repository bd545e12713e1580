/*
 * shim.c - stands between a program and its system calls: fails, shortens or ends them, writes them down
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
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
	KIND_OPEN,
	KIND_CREATE,
	KIND_READ,
	KIND_WRITE,
	KIND_FSYNC,
	KIND_RENAME,
	KIND_LINK,
	KIND_UNLINK,
	KIND_MKDIR,
	KIND_TRUNCATE,
	KIND_UTIME,
	KIND_LOCK,
	KIND_STAT,
	KIND_READDIR,
	KIND_WATCH,
	KIND_CLIENT_READ,
	KIND_CLIENT_WRITE,
	KIND_POLL,
	KIND_MALLOC,
	KINDS
};
static const char *const kind_names[KINDS] = {
	"open",     "create", "read",  "write", "fsync",   "rename", "link",        "unlink",       "mkdir",
	"truncate", "utime",  "flock", "stat",  "readdir", "watch",  "client-read", "client-write", "poll",
	"malloc",
};

enum mode {
	MODE_COUNT, /* only count and write down */
	MODE_KILL,  /* end before the call */
	MODE_TORN,  /* a write: half of it, then end */
	MODE_ERROR, /* fail with error */
	MODE_SHORT, /* reads and writes of one byte */
	MODE_SIGNAL /* send itself a signal (error is its number), then go on */
};

/* At the head of the control file; shim.py knows the same layout. */
struct control {
	uint32_t mode, kinds /* bits */, at /* 0: every call */, forever, error;
	uint32_t count, hits, is_logging, storm_us, opened;
	uint64_t log_length, log_room;
	char     hit[64];
};
enum { CONTROL_BYTES = 4096, FDS = 1024, PATH_BYTES = 512 };

enum whose { WHOSE_CLIENT, WHOSE_MAIL, WHOSE_OTHER };
static struct file {
	enum whose whose;
	unsigned   id; /* of this opening, for the log */
} file[FDS];

static struct control *control;
static const char *root;

#define REAL(name) ((__typeof__(&name))real(#name, &real_##name))
#define REMEMBER(name) static void *real_##name

static void *
real(const char *name, void **known)
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
	struct itimerval often = { { 0, (suseconds_t)control->storm_us }, { 0, (suseconds_t)control->storm_us } };
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
		file[i].whose = WHOSE_OTHER;
	control = at;
	if (control->storm_us)
		start_storm();
}

/* ---- whose is it, and what is written down ---- */

static enum whose
whose_fd(int fd)
{
	return fd >= 0 && fd < FDS ? file[fd].whose : WHOSE_OTHER;
}

static bool
is_mail(int dir, const char *path)
{
	size_t length;

	if (!control)
		return false;
	if (path[0] != '/')
		return whose_fd(dir) == WHOSE_MAIL;
	length = strlen(root);
	return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static unsigned
id_of(int fd)
{
	return whose_fd(fd) == WHOSE_MAIL ? file[fd].id : 0;
}

static void
append(const char *bytes, size_t n)
{
	char *log = (char *)control + CONTROL_BYTES;

	if (control->log_length + n > control->log_room)
		n = 0;
	memcpy(log + control->log_length, bytes, n);
	control->log_length += n;
}

/* Only what has been done is written down. */
__attribute__((format(printf, 1, 2))) static void
note(const char *format, ...)
{
	char line[2 * PATH_BYTES];
	va_list args;
	int n, saved = errno;

	if (!control || !control->is_logging)
		return;
	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(line))
		append(line, (size_t)n);
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
	return control->at == 0 || control->count == control->at ||
	       (control->forever && control->count > control->at);
}

/* True: the call is to be left out and to fail with errno. */
static bool
fails(enum kind kind, const char *what)
{
	if (!control || !(control->kinds >> kind & 1))
		return false;
	control->count++;
	if (control->mode == MODE_COUNT || !is_due())
		return false;
	if (control->hits++ == 0)
		snprintf(control->hit, sizeof(control->hit), "%s %.40s", kind_names[kind], what);
	if (control->mode == MODE_KILL)
		die_here();
	if (control->mode == MODE_SIGNAL)
		raise((int)control->error);
	errno = (int)control->error;
	return control->mode == MODE_ERROR;
}

/* How many bytes of n are to be read or written now. */
static size_t
part_of(enum kind kind, size_t n)
{
	if (!control || !(control->kinds >> kind & 1) || n < 2 || !is_due())
		return n;
	return control->mode == MODE_SHORT ? 1 : control->mode == MODE_TORN ? n / 2 : n;
}

static void
die_if_torn(enum kind kind)
{
	if (control && control->mode == MODE_TORN && control->kinds >> kind & 1 && is_due())
		die_here();
}

/* ---- opening and closing ---- */

static int
opened(int fd, enum whose whose, int dir, const char *path, int flags)
{
	if (fd < 0 || fd >= FDS)
		return fd;
	file[fd].whose = whose;
	if (whose != WHOSE_MAIL)
		return fd;
	file[fd].id = ++control->opened;
	note("open %u %u %s %s\n", file[fd].id, id_of(dir),
	     flags & O_CREAT ? "create" : flags & O_TRUNC ? "truncate" : "-", path);
	return fd;
}

static int
open_file(int (*call)(int, const char *, int, ...), int dir, const char *path, int flags, mode_t mode)
{
	bool mail = is_mail(dir, path);

	if (mail && fails(flags & O_CREAT ? KIND_CREATE : KIND_OPEN, path))
		return -1;
	return opened(call(dir, path, flags, mode), mail ? WHOSE_MAIL : WHOSE_OTHER, dir, path, flags);
}

#define TAKE_MODE(flags, mode) \
	va_list args; \
	mode_t mode; \
	va_start(args, flags); \
	mode = flags & O_CREAT ? (mode_t)va_arg(args, int) : 0; \
	va_end(args)

REMEMBER(openat64);

int
openat64(int dir, const char *path, int flags, ...)
{
	TAKE_MODE(flags, mode);
	return open_file(REAL(openat64), dir, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	TAKE_MODE(flags, mode);
	return open_file(REAL(openat64), dir, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	TAKE_MODE(flags, mode);
	return open_file(REAL(openat64), AT_FDCWD, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	TAKE_MODE(flags, mode);
	return open_file(REAL(openat64), AT_FDCWD, path, flags, mode);
}

static int
copied(int from, int fd)
{
	if (fd >= 0 && fd < FDS && from >= 0 && from < FDS)
		file[fd] = file[from];
	return fd;
}

REMEMBER(dup);

int
dup(int fd)
{
	return copied(fd, REAL(dup)(fd));
}

REMEMBER(fcntl64);

int
fcntl64(int fd, int what, ...)
{
	va_list args;
	void *value;
	int got;

	va_start(args, what);
	value = va_arg(args, void *);
	va_end(args);
	got = REAL(fcntl64)(fd, what, value);
	return what == F_DUPFD || what == F_DUPFD_CLOEXEC ? copied(fd, got) : got;
}

REMEMBER(close);

int
close(int fd)
{
	if (fd > STDERR_FILENO && fd < FDS)
		file[fd] = (struct file){ WHOSE_CLIENT, 0 };
	return REAL(close)(fd);
}

/* ---- reading and writing ---- */

static bool
kind_of(int fd, enum kind mail, enum kind client, enum kind *kind_out)
{
	enum whose whose = whose_fd(fd);

	*kind_out = whose == WHOSE_MAIL ? mail : client;
	return control && whose != WHOSE_OTHER;
}

REMEMBER(read);

ssize_t
read(int fd, void *to, size_t n)
{
	enum kind kind;

	if (!kind_of(fd, KIND_READ, KIND_CLIENT_READ, &kind))
		return REAL(read)(fd, to, n);
	return fails(kind, "") ? -1 : REAL(read)(fd, to, part_of(kind, n));
}

REMEMBER(pread64);

ssize_t
pread64(int fd, void *to, size_t n, off64_t at)
{
	if (whose_fd(fd) == WHOSE_MAIL && fails(KIND_READ, ""))
		return -1;
	return REAL(pread64)(fd, to, whose_fd(fd) == WHOSE_MAIL ? part_of(KIND_READ, n) : n, at);
}

static void
note_write(int fd, long long at, const void *bytes, ssize_t n)
{
	if (n <= 0 || !control->is_logging)
		return;
	note("write %u %lld %zd\n", id_of(fd), at, n);
	append(bytes, (size_t)n);
}

REMEMBER(write);

ssize_t
write(int fd, const void *from, size_t n)
{
	enum kind kind;
	ssize_t done;

	if (!kind_of(fd, KIND_WRITE, KIND_CLIENT_WRITE, &kind))
		return REAL(write)(fd, from, n);
	if (fails(kind, ""))
		return -1;
	done = REAL(write)(fd, from, part_of(kind, n));
	if (kind == KIND_WRITE)
		note_write(fd, -1, from, done);
	die_if_torn(kind);
	return done;
}

REMEMBER(pwrite64);

ssize_t
pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	ssize_t done;

	if (whose_fd(fd) != WHOSE_MAIL)
		return REAL(pwrite64)(fd, from, n, at);
	if (fails(KIND_WRITE, ""))
		return -1;
	done = REAL(pwrite64)(fd, from, part_of(KIND_WRITE, n), at);
	note_write(fd, (long long)at, from, done);
	die_if_torn(KIND_WRITE);
	return done;
}

REMEMBER(writev);

ssize_t
writev(int fd, const struct iovec *part, int count)
{
	if (whose_fd(fd) == WHOSE_CLIENT && fails(KIND_CLIENT_WRITE, ""))
		return -1;
	if (control && control->mode == MODE_SHORT && count > 0 && part[0].iov_len > 0)
		return REAL(write)(fd, part[0].iov_base, 1);
	return REAL(writev)(fd, part, count);
}

REMEMBER(recv);

ssize_t
recv(int fd, void *to, size_t n, int flags)
{
	if (whose_fd(fd) == WHOSE_CLIENT && fails(KIND_CLIENT_READ, ""))
		return -1;
	return REAL(recv)(fd, to, part_of(KIND_CLIENT_READ, n), flags);
}

REMEMBER(send);

ssize_t
send(int fd, const void *from, size_t n, int flags)
{
	if (whose_fd(fd) == WHOSE_CLIENT && fails(KIND_CLIENT_WRITE, ""))
		return -1;
	return REAL(send)(fd, from, part_of(KIND_CLIENT_WRITE, n), flags);
}

REMEMBER(poll);

int
poll(struct pollfd *set, nfds_t count, int wait)
{
	return fails(KIND_POLL, "") ? -1 : REAL(poll)(set, count, wait);
}

REMEMBER(ppoll);

int
ppoll(struct pollfd *set, nfds_t count, const struct timespec *wait, const sigset_t *mask)
{
	return fails(KIND_POLL, "") ? -1 : REAL(ppoll)(set, count, wait, mask);
}

REMEMBER(fsync);

int
fsync(int fd)
{
	int got;

	if (whose_fd(fd) != WHOSE_MAIL)
		return REAL(fsync)(fd);
	if (fails(KIND_FSYNC, ""))
		return -1;
	got = REAL(fsync)(fd);
	if (got == 0)
		note("fsync %u\n", id_of(fd));
	return got;
}

REMEMBER(ftruncate64);

int
ftruncate64(int fd, off64_t size)
{
	int got;

	if (whose_fd(fd) == WHOSE_MAIL && fails(KIND_TRUNCATE, ""))
		return -1;
	got = REAL(ftruncate64)(fd, size);
	if (got == 0)
		note("truncate %u %lld\n", id_of(fd), (long long)size);
	return got;
}

REMEMBER(flock);

int
flock(int fd, int how)
{
	return whose_fd(fd) == WHOSE_MAIL && fails(KIND_LOCK, "") ? -1 : REAL(flock)(fd, how);
}

/* ---- names ---- */

REMEMBER(renameat);

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int got;

	if (is_mail(to_dir, to) && fails(KIND_RENAME, to))
		return -1;
	got = REAL(renameat)(from_dir, from, to_dir, to);
	if (got == 0)
		note("rename %u %u %s\t%s\n", id_of(from_dir), id_of(to_dir), from, to);
	return got;
}

REMEMBER(linkat);

int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	int got;

	if (is_mail(to_dir, to) && fails(KIND_LINK, to))
		return -1;
	got = REAL(linkat)(from_dir, from, to_dir, to, flags);
	if (got == 0)
		note("link %u %u %s\t%s\n", id_of(from_dir), id_of(to_dir), from, to);
	return got;
}

REMEMBER(unlinkat);

int
unlinkat(int dir, const char *path, int flags)
{
	int got;

	if (is_mail(dir, path) && fails(KIND_UNLINK, path))
		return -1;
	got = REAL(unlinkat)(dir, path, flags);
	if (got == 0)
		note("unlink %u %s\n", id_of(dir), path);
	return got;
}

REMEMBER(mkdirat);

int
mkdirat(int dir, const char *path, mode_t mode)
{
	int got;

	if (is_mail(dir, path) && fails(KIND_MKDIR, path))
		return -1;
	got = REAL(mkdirat)(dir, path, mode);
	if (got == 0)
		note("mkdir %u %s\n", id_of(dir), path);
	return got;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

REMEMBER(futimens);

int
futimens(int fd, const struct timespec times[2])
{
	int got;

	if (whose_fd(fd) == WHOSE_MAIL && fails(KIND_UTIME, ""))
		return -1;
	got = REAL(futimens)(fd, times);
	if (got == 0 && times)
		note("utime %u %lld\n", id_of(fd), (long long)times[1].tv_sec);
	return got;
}

REMEMBER(utimensat);

int
utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
	return is_mail(dir, path) && fails(KIND_UTIME, path) ? -1 : REAL(utimensat)(dir, path, times, flags);
}

REMEMBER(fstatat64);

int
fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	return is_mail(dir, path) && fails(KIND_STAT, path) ? -1 : REAL(fstatat64)(dir, path, st, flags);
}

REMEMBER(fstat64);

int
fstat64(int fd, struct stat64 *st)
{
	return whose_fd(fd) == WHOSE_MAIL && fails(KIND_STAT, "") ? -1 : REAL(fstat64)(fd, st);
}

REMEMBER(readdir64);

struct dirent64 *
readdir64(DIR *dir)
{
	return whose_fd(dirfd(dir)) == WHOSE_MAIL && fails(KIND_READDIR, "") ? NULL : REAL(readdir64)(dir);
}

REMEMBER(inotify_init1);

int
inotify_init1(int flags)
{
	int fd = fails(KIND_WATCH, "inotify") ? -1 : REAL(inotify_init1)(flags);

	if (fd >= 0 && fd < FDS)
		file[fd].whose = WHOSE_OTHER;
	return fd;
}

REMEMBER(inotify_add_watch);

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return fails(KIND_WATCH, path) ? -1 : REAL(inotify_add_watch)(fd, path, mask);
}

/* ---- memory: glibc's own names, as dlsym() itself may want some ---- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *old, size_t n);

void *
malloc(size_t n)
{
	return fails(KIND_MALLOC, "") ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t n)
{
	return fails(KIND_MALLOC, "") ? NULL : __libc_calloc(count, n);
}

void *
realloc(void *old, size_t n)
{
	return fails(KIND_MALLOC, "") ? NULL : __libc_realloc(old, n);
}
