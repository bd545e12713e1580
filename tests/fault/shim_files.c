/* shim_files.c - the calls on descriptors, as the shim lets them through */
#include "tests/fault/shim.h"

#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* ---- opening and closing ---- */

static int
opened(int fd, enum whose whose, int dir, const char *path, int flags)
{
	if (fd < 0 || fd >= FDS)
		return fd;
	shim_file[fd].whose = whose;
	if (whose != WHOSE_MAIL)
		return fd;
	shim_file[fd].id = ++shim_control->opened;
	shim_file[fd].is_other = strcmp(path, shim_control->other) == 0 ||
	                         (shim_whose(dir) == WHOSE_MAIL && shim_file[dir].is_other);
	shim_note("open %u %u %s %s %s\n", shim_file[fd].id, shim_id(dir),
	          flags & O_TRUNC ? "truncate" : flags & O_CREAT ? "create" : "-",
	          flags & O_APPEND ? "append" : "-", path);
	return fd;
}

static int
open_file(int (*call)(int, const char *, int, ...), int dir, const char *path, int flags,
          mode_t mode)
{
	bool mail = shim_is_mail(dir, path);

	if (mail && shim_fails(flags & O_CREAT ? KIND_CREATE : KIND_OPEN, path))
		return -1;
	return opened(call(dir, path, flags, mode), mail ? WHOSE_MAIL : WHOSE_OTHER, dir, path,
	              flags);
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
	static const struct file client = { WHOSE_CLIENT, 0, false };

	/* a session lifts its client's socket from the standard ones to a place of its own */
	if (fd >= 0 && fd < FDS && from >= 0 && from < FDS)
		shim_file[fd] = from <= STDERR_FILENO ? client : shim_file[from];
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
		shim_file[fd] = (struct file){ WHOSE_CLIENT, 0, false };
	return REAL(close)(fd);
}

/* ---- reading and writing ---- */

static bool
kind_of(int fd, enum kind mail, enum kind client, enum kind *kind_out)
{
	enum whose whose = shim_whose(fd);

	*kind_out = whose == WHOSE_MAIL ? mail : client;
	return shim_control && whose != WHOSE_OTHER;
}

REMEMBER(read);

ssize_t
read(int fd, void *to, size_t n)
{
	enum kind kind;

	if (!kind_of(fd, KIND_READ, KIND_CLIENT_READ, &kind))
		return REAL(read)(fd, to, n);
	return shim_fails(kind, "") ? -1 : REAL(read)(fd, to, shim_part_of(kind, n));
}

REMEMBER(pread64);

ssize_t
pread64(int fd, void *to, size_t n, off64_t at)
{
	if (shim_whose(fd) != WHOSE_MAIL)
		return REAL(pread64)(fd, to, n, at);
	if (shim_fails(KIND_READ, ""))
		return -1;
	return REAL(pread64)(fd, to, shim_part_of(KIND_READ, n), at);
}

static void
note_write(int fd, long long at, const void *bytes, ssize_t n)
{
	if (n <= 0 || !shim_control->is_logging)
		return;
	shim_note("write %u %lld %zd\n", shim_id(fd), at, n);
	shim_note_bytes(bytes, (size_t)n);
}

REMEMBER(write);

ssize_t
write(int fd, const void *from, size_t n)
{
	enum kind kind;
	ssize_t done;

	if (!kind_of(fd, KIND_WRITE, KIND_CLIENT_WRITE, &kind))
		return REAL(write)(fd, from, n);
	if (shim_fails(kind, ""))
		return -1;
	done = REAL(write)(fd, from, shim_part_of(kind, n));
	if (kind == KIND_WRITE)
		note_write(fd, -1, from, done);
	shim_die_if_torn(kind);
	return done;
}

REMEMBER(pwrite64);

ssize_t
pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	ssize_t done;

	if (shim_whose(fd) != WHOSE_MAIL)
		return REAL(pwrite64)(fd, from, n, at);
	if (shim_fails(KIND_WRITE, ""))
		return -1;
	done = REAL(pwrite64)(fd, from, shim_part_of(KIND_WRITE, n), at);
	note_write(fd, (long long)at, from, done);
	shim_die_if_torn(KIND_WRITE);
	return done;
}

REMEMBER(writev);

ssize_t
writev(int fd, const struct iovec *part, int count)
{
	if (shim_whose(fd) == WHOSE_CLIENT && shim_fails(KIND_CLIENT_WRITE, ""))
		return -1;
	if (shim_control && shim_control->mode == MODE_SHORT && count > 0 && part[0].iov_len > 0)
		return REAL(write)(fd, part[0].iov_base, 1);
	return REAL(writev)(fd, part, count);
}

REMEMBER(recv);

ssize_t
recv(int fd, void *to, size_t n, int flags)
{
	if (shim_whose(fd) == WHOSE_CLIENT && shim_fails(KIND_CLIENT_READ, ""))
		return -1;
	return REAL(recv)(fd, to, shim_part_of(KIND_CLIENT_READ, n), flags);
}

REMEMBER(send);

ssize_t
send(int fd, const void *from, size_t n, int flags)
{
	if (shim_whose(fd) == WHOSE_CLIENT && shim_fails(KIND_CLIENT_WRITE, ""))
		return -1;
	return REAL(send)(fd, from, shim_part_of(KIND_CLIENT_WRITE, n), flags);
}

REMEMBER(poll);

int
poll(struct pollfd *set, nfds_t count, int wait)
{
	return shim_fails(KIND_POLL, "") ? -1 : REAL(poll)(set, count, wait);
}

REMEMBER(ppoll);

int
ppoll(struct pollfd *set, nfds_t count, const struct timespec *wait, const sigset_t *mask)
{
	return shim_fails(KIND_POLL, "") ? -1 : REAL(ppoll)(set, count, wait, mask);
}

REMEMBER(fsync);

int
fsync(int fd)
{
	int got;

	if (shim_whose(fd) != WHOSE_MAIL)
		return REAL(fsync)(fd);
	if (shim_fails(KIND_FSYNC, ""))
		return -1;
	got = REAL(fsync)(fd);
	if (got == 0)
		shim_note("fsync %u\n", shim_id(fd));
	return got;
}

REMEMBER(ftruncate64);

int
ftruncate64(int fd, off64_t size)
{
	int got;

	if (shim_whose(fd) == WHOSE_MAIL && shim_fails(KIND_TRUNCATE, ""))
		return -1;
	got = REAL(ftruncate64)(fd, size);
	if (got == 0)
		shim_note("truncate %u %lld\n", shim_id(fd), (long long)size);
	return got;
}

REMEMBER(flock);

int
flock(int fd, int how)
{
	if (shim_whose(fd) == WHOSE_MAIL && shim_fails(KIND_LOCK, ""))
		return -1;
	return REAL(flock)(fd, how);
}
