/* dir.c - files and directories by descriptor, one component at a time, no symlink followed */
#include "common/maildir/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int
file_open(int at, const char *name, int flags)
{
	int fd;

	do
		fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static int
unless_there(int at, const char *name, int lost)
{
	struct stat st;
	int saved = errno;

	if (saved == lost && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	errno = saved;
	return -1;
}

int
file_rename_new(int from_at, const char *from, int to_at, const char *to)
{
	return renameat(from_at, from, to_at, to) == 0 ? 0 : unless_there(to_at, to, ENOENT);
}

int
file_link_new(int from_at, const char *from, int to_at, const char *to)
{
	return linkat(from_at, from, to_at, to, 0) == 0 ? 0 : unless_there(to_at, to, EEXIST);
}

int
dir_open(int at, const char *name)
{
	return file_open(at, name, O_RDONLY | O_DIRECTORY);
}

DIR *
dir_list(int at, const char *name)
{
	int fd = dir_open(at, name), failed;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir || fd < 0)
		return dir;
	failed = errno;
	close(fd);
	errno = failed;
	return NULL;
}

int
dir_make(int at, const char *name)
{
	int fd = dir_open(at, name);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
		return -1;
	return dir_open(at, name);
}

int
dir_sync(int fd, bool sync)
{
	int failed;

	if (!sync)
		return 0;
	do
		failed = fsync(fd);
	while (failed && errno == EINTR);
	return failed;
}

bool
dir_is_there(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int
dir_make_maildir(int at)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int fd = dir_make(at, parts[i]);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int
remove_entry(int at, const char *name, int depth)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	return dir_remove(at, name, depth);
}

/* depth bounds the recursion; one descriptor is open for each level. */
int
dir_remove(int at, const char *name, int depth)
{
	int fd = dir_open(at, name), failed = 0;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (depth <= 0)
			errno = ELOOP;
		if (depth <= 0 || remove_entry(fd, e->d_name, depth - 1) != 0)
			failed = errno;
	}
	closedir(dir);
	if (unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT && !failed)
		failed = errno;
	errno = failed;
	return failed ? -1 : 0;
}

/* Reads up to room bytes; a file that shrinks meanwhile just ends earlier. */
static ssize_t
read_all(int fd, char *to, size_t room)
{
	size_t got = 0;

	while (got < room) {
		ssize_t n = read(fd, to + got, room - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int
file_read(int at, const char *name, size_t most, struct arena *mem, struct span *bytes_out,
          struct stat *st_out)
{
	int fd = file_open(at, name, O_RDONLY | O_NONBLOCK);
	int failed = 0;
	ssize_t n = 0;
	char *bytes = NULL;

	if (fd < 0)
		return -1;
	if (fstat(fd, st_out) != 0)
		failed = errno;
	else if (!S_ISREG(st_out->st_mode))
		failed = EINVAL;
	else if ((uintmax_t)st_out->st_size > most)
		failed = EFBIG;
	if (!failed) {
		bytes = arena_alloc(mem, (size_t)st_out->st_size + 1);
		n = read_all(fd, bytes, (size_t)st_out->st_size);
		if (n < 0)
			failed = errno;
	}
	close(fd);
	errno = failed;
	if (failed)
		return -1;
	bytes[n] = '\0';
	*bytes_out = span_make(bytes, (size_t)n);
	return 0;
}

int
file_write(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

bool
file_read_at(int fd, void *to, size_t n, uint64_t from)
{
	char *at = to;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		from += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

bool
file_write_at(int fd, const void *bytes, size_t n, uint64_t to)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t done = pwrite(fd, at, n, (off_t)to);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		to += (uint64_t)done;
		n -= (size_t)done;
	}
	return true;
}

int
file_replace(int at, const char *name, struct span bytes, bool sync, struct stat *st_out)
{
	char tmp[NAME_MAX + 1];
	int fd, failed = 0;

	snprintf(tmp, sizeof(tmp), "linnet.tmp.%s", name);
	/* a leftover may be hard-linked or a symlink: never written through */
	if (unlinkat(at, tmp, 0) != 0 && errno != ENOENT)
		return -1;
	fd = file_open(at, tmp, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0)
		return -1;
	if (file_write(fd, bytes.at, bytes.len) != 0 || dir_sync(fd, sync) != 0 ||
	    fstat(fd, st_out) != 0)
		failed = errno;
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (!failed && renameat(at, tmp, at, name) != 0)
		failed = errno;
	if (failed) {
		unlinkat(at, tmp, 0);
		errno = failed;
		return -1;
	}
	return dir_sync(at, sync);
}
