/* stamp.h - by what a directory or file is known to be unchanged */
#ifndef LINNET_INDEX_STAMP_H
#define LINNET_INDEX_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/*
 * As it stands in the index.  All zero: nothing is known, so whatever is there counts as
 * changed.
 */
struct stamp {
	uint64_t dev, ino, size;
	int64_t  seconds, change_seconds; /* mtime and ctime */
	uint32_t nanos, change_nanos;
};

/* Of a directory: its size says nothing and is left out. */
struct stamp stamp_of_dir(const struct stat *st);
/*
 * Of a file that is replaced by rename or appended to: its ctime changes by the rename itself
 * and is left out.
 */
struct stamp stamp_of_file(const struct stat *st);

bool stamp_is_none(const struct stamp *s);
bool stamp_is_same(const struct stamp *a, const struct stamp *b);

/*
 * Equal times prove nothing while they are as fresh as the clock is coarse: a
 * later change may leave the same time.  True: read_at, when the directory was
 * looked at, is late enough for the mtime it had then.
 */
bool stamp_is_settled(const struct stat *st, struct timespec read_at);

#endif
