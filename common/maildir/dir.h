/* dir.h - files and directories by descriptor, one component at a time, no symlink followed */
#ifndef LINNET_MAILDIR_DIR_H
#define LINNET_MAILDIR_DIR_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/span.h"

/*
 * name is always one component below the directory at.  Functions return 0 (or
 * a descriptor that the caller closes), or -1 with errno.
 */

/*
 * openat() that follows no symlink, goes on after EINTR (FUSE gives it here, too)
 * and gives new files the mode 0600.
 */
int file_open(int at, const char *name, int flags);

/*
 * renameat() and linkat() to a name that nobody has used before.  A server that
 * did it and whose answer was lost says ENOENT or EEXIST to the second try (NFS,
 * K19): where the new name is there it was done.
 */
int file_rename_new(int from_at, const char *from, int to_at, const char *to);
int file_link_new(int from_at, const char *from, int to_at, const char *to);

/* Open a directory; a symlink in its place gives ELOOP or ENOTDIR (N09). */
int dir_open(int at, const char *name);

/*
 * Its entries, for readdir() and closedir(); NULL with
 * errno.  dirfd() is as good as the descriptor.
 */
DIR *dir_list(int at, const char *name);

/* As dir_open, making it (mode 0700) when it is absent. */
int dir_make(int at, const char *name);

/* fsync what is open as fd, if sync. */
int dir_sync(int fd, bool sync);

/* What makes a Maildir: cur, new and tmp below at; makes those that are absent. */
int dir_make_maildir(int at);

/* Is it a directory and no symlink? */
bool dir_is_there(int at, const char *name);

/*
 * Removes a directory with all below it, depth levels of
 * directories at most (ELOOP when it is deeper).
 */
int dir_remove(int at, const char *name, int depth);

/*
 * Read a whole regular file of at most most bytes (EFBIG) into mem.  Neither a
 * FIFO nor a device makes it wait (N10: EINVAL).  One more byte, a NUL, stands behind the span.
 */
int file_read(int at, const char *name, size_t most, struct arena *mem, struct span *bytes_out,
              struct stat *st_out);

/*
 * Replace a file by rename (mode 0600): "linnet.tmp.NAME" is written, fsynced
 * if sync, and renamed; the directory is fsynced too.  The caller holds the lock that
 * stands for name.  On failure the old file stays.
 */
int file_replace(int at, const char *name, struct span bytes, bool sync, struct stat *st_out);

/* Write all of it; EINTR and short writes are continued. */
int file_write(int fd, const char *bytes, size_t n);

/* All of it at an offset; false: the file ends before, or the system refused. */
bool file_read_at(int fd, void *to, size_t n, uint64_t from);
bool file_write_at(int fd, const void *bytes, size_t n, uint64_t to);

#endif
