/* stamp.c - by what a directory or file is known to be unchanged */
#include "common/index/stamp.h"

#include <string.h>

enum { FINE_TICK_MS = 20, COARSE_TICK_MS = 2000, FAR_FUTURE_MS = 60 * 1000 };

struct stamp
stamp_of_dir(const struct stat *st)
{
	struct stamp s = stamp_of_file(st);

	s.size = 0;
	s.change_seconds = st->st_ctim.tv_sec;
	s.change_nanos = (uint32_t)st->st_ctim.tv_nsec;
	return s;
}

struct stamp
stamp_of_file(const struct stat *st)
{
	struct stamp s;

	memset(&s, 0, sizeof(s));
	s.dev = st->st_dev;
	s.ino = st->st_ino;
	s.size = (uint64_t)st->st_size;
	s.seconds = st->st_mtim.tv_sec;
	s.nanos = (uint32_t)st->st_mtim.tv_nsec;
	return s;
}

bool
stamp_is_none(const struct stamp *s)
{
	return s->ino == 0;
}

bool
stamp_is_same(const struct stamp *a, const struct stamp *b)
{
	return !stamp_is_none(a) && memcmp(a, b, sizeof(*a)) == 0;
}

static int64_t
ms_between(struct timespec from, struct timespec to)
{
	return (to.tv_sec - from.tv_sec) * 1000LL + (to.tv_nsec - from.tv_nsec) / 1000000;
}

/*
 * A file system that keeps whole seconds shows so by its zeros.  A time in the
 * far future is no fresh one: it was set by hand.
 */
bool
stamp_is_settled(const struct stat *st, struct timespec read_at)
{
	int64_t age = ms_between(st->st_mtim, read_at);

	return age > (st->st_mtim.tv_nsec ? FINE_TICK_MS : COARSE_TICK_MS) || age < -FAR_FUTURE_MS;
}
