/* lock.c - the index's lock, and what proves that a folder is as the index says */
#include "common/index/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/index/sum.h"

enum { PAUSE_FIRST_MS = 1, PAUSE_MOST_MS = 20 };

int64_t
lock_patience(void)
{
	return clock_ms() + LIMIT_LOCK_SECONDS * 1000LL;
}

int
lock_seconds_left(int64_t patience)
{
	return (clock_until(patience) + 999) / 1000;
}

/* flock() has no time limit of its own, so it is asked again and again. */
int
index_lock(int cur, int seconds)
{
	int64_t deadline = clock_ms() + seconds * 1000LL;
	long ms = PAUSE_FIRST_MS;

	while (flock(cur, LOCK_EX | LOCK_NB) != 0) {
		struct timespec pause = { 0, ms * 1000000L };

		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -1;
		if (clock_ms() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&pause, NULL);
		ms = ms * 2 < PAUSE_MOST_MS ? ms * 2 : PAUSE_MOST_MS;
	}
	return 0;
}

void
index_unlock(int cur)
{
	while (flock(cur, LOCK_UN) != 0 && errno == EINTR)
		;
}

uint64_t
index_next_modseq(uint64_t highest)
{
	struct timespec now;
	uint64_t clock;

	clock_gettime(CLOCK_REALTIME, &now);
	clock = (uint64_t)now.tv_sec << 20 | (uint64_t)now.tv_nsec / 1000;
	return highest < clock ? clock : highest + 1;
}

uint64_t
index_sum_of_keywords(const char *const *name, int count)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		if (name[i])
			sum = sum_of(name[i], strlen(name[i]), sum + (uint64_t)i + 1);
	return sum;
}

static bool
is_known(const struct stamp *stamp, int dir)
{
	struct stat st;
	struct stamp now;

	if (dir < 0 || fstat(dir, &st) != 0)
		return false;
	now = stamp_of_dir(&st);
	return stamp_is_same(stamp, &now);
}

bool
index_knows_cur(const struct journal_state *s, const struct index_folder *f)
{
	struct stat st;
	struct stamp uidlist;

	if (fstatat(f->folder, "dovecot-uidlist", &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	uidlist = stamp_of_file(&st);
	return stamp_is_same(&s->uidlist, &uidlist) && is_known(&s->cur, f->cur);
}

bool
index_is_current(const struct journal_state *s, const struct index_folder *f)
{
	return index_knows_cur(s, f) && is_known(&s->new_mail, f->new_mail);
}

/* Invariant (3). */
struct stamp
index_stamp(struct guard *g, const struct stamp *before, const struct stat *scanned,
            const struct timespec *read_at)
{
	struct stamp none, now, stamp;
	struct stat st;

	memset(&none, 0, sizeof(none));
	if (guard_has_changes(g))
		return guard_settle(g, &stamp) ? stamp : none;
	if (scanned && (scanned->st_ino == 0 || !stamp_is_settled(scanned, *read_at)))
		return none;
	stamp = scanned ? stamp_of_dir(scanned) : *before;
	if (g->dir < 0 || fstat(g->dir, &st) != 0)
		return none;
	now = stamp_of_dir(&st);
	return stamp_is_same(&now, &stamp) ? stamp : none;
}
