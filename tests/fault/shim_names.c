/* shim_names.c - the calls on names, as the shim lets them through */
#include "tests/fault/shim.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/inotify.h>

REMEMBER(renameat);

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int got;

	if ((shim_is_mail(to_dir, to) && shim_fails(KIND_RENAME, to)) ||
	    shim_is_across(from_dir, to_dir))
		return -1;
	got = REAL(renameat)(from_dir, from, to_dir, to);
	if (got == 0)
		shim_note("rename %u %u %s\t%s\n", shim_id(from_dir), shim_id(to_dir), from, to);
	return shim_answer(KIND_RENAME, got);
}

REMEMBER(linkat);

int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	int got;

	if ((shim_is_mail(to_dir, to) && shim_fails(KIND_LINK, to)) ||
	    shim_is_across(from_dir, to_dir))
		return -1;
	got = REAL(linkat)(from_dir, from, to_dir, to, flags);
	if (got == 0)
		shim_note("link %u %u %s\t%s\n", shim_id(from_dir), shim_id(to_dir), from, to);
	return shim_answer(KIND_LINK, got);
}

REMEMBER(unlinkat);

int
unlinkat(int dir, const char *path, int flags)
{
	int got;

	if (shim_is_mail(dir, path) && shim_fails(KIND_UNLINK, path))
		return -1;
	got = REAL(unlinkat)(dir, path, flags);
	if (got == 0)
		shim_note("unlink %u %s\n", shim_id(dir), path);
	return shim_answer(KIND_UNLINK, got);
}

REMEMBER(mkdirat);

int
mkdirat(int dir, const char *path, mode_t mode)
{
	int got;

	if (shim_is_mail(dir, path) && shim_fails(KIND_MKDIR, path))
		return -1;
	got = REAL(mkdirat)(dir, path, mode);
	if (got == 0)
		shim_note("mkdir %u %s\n", shim_id(dir), path);
	return shim_answer(KIND_MKDIR, got);
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

	if (shim_whose(fd) == WHOSE_MAIL && shim_fails(KIND_UTIME, ""))
		return -1;
	got = REAL(futimens)(fd, times);
	if (got == 0 && times)
		shim_note("utime %u %lld\n", shim_id(fd), (long long)times[1].tv_sec);
	return got;
}

REMEMBER(utimensat);

int
utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
	if (shim_is_mail(dir, path) && shim_fails(KIND_UTIME, path))
		return -1;
	return REAL(utimensat)(dir, path, times, flags);
}

REMEMBER(fstatat64);

int
fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	if (shim_is_mail(dir, path) && shim_fails(KIND_STAT, path))
		return -1;
	return REAL(fstatat64)(dir, path, st, flags);
}

REMEMBER(fstat64);

int
fstat64(int fd, struct stat64 *st)
{
	if (shim_whose(fd) == WHOSE_MAIL && shim_fails(KIND_STAT, ""))
		return -1;
	return REAL(fstat64)(fd, st);
}

REMEMBER(readdir64);

struct dirent64 *
readdir64(DIR *dir)
{
	if (shim_whose(dirfd(dir)) == WHOSE_MAIL && shim_fails(KIND_READDIR, ""))
		return NULL;
	return REAL(readdir64)(dir);
}

REMEMBER(inotify_init1);

int
inotify_init1(int flags)
{
	int fd = shim_fails(KIND_WATCH, "inotify") ? -1 : REAL(inotify_init1)(flags);

	if (fd >= 0 && fd < FDS)
		shim_file[fd].whose = WHOSE_OTHER;
	return fd;
}

REMEMBER(inotify_add_watch);

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return shim_fails(KIND_WATCH, path) ? -1 : REAL(inotify_add_watch)(fd, path, mask);
}
