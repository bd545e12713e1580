/*
 * dotlock.c - the lock files that Dovecot honours, and a kernel lock beside them
 *
 * A dotlock outlives a killed owner, so somebody has to find it stale:
 *
 * (1) "pid:host" of this host with no such process: after STALE_DEAD_MS.
 * (2) Empty (killed between open and write), or only digits and NULs (a power
 *     cut): after STALE_EMPTY_MS.
 * (3) Anything older than STALE_AGE_SECONDS, Dovecot's own rule for its uidlist.
 *
 * Each only when the file was the same at every look in between.  Only the
 * holder of the flock breaks a lock, so two sessions of linnet cannot break
 * one after the other and remove each other's new file.
 *
 * Dovecot breaks locks by the same rules at the same time, and between looking at
 * a file and removing it another may stand there.  So a stale lock is first renamed
 * and looked at again: a living one is put back.  And who has broken one waits
 * whether its own is still there, as Dovecot may have looked at the old one.
 *
 * Others go by rule (3), too: who was stopped for so long may have lost its lock,
 * and leaves alone what then stands in its place.
 */
#include "common/maildir/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"
#include "common/maildir/unique.h"

enum {
	STALE_DEAD_MS = 100,
	STALE_EMPTY_MS = 1000,
	STALE_AGE_SECONDS = 120,
	PAUSE_FIRST_MS = 1,
	PAUSE_MOST_MS = 20,
	AFTER_BREAKING_MS = 50
};

/* A lock file of another process, as it looks now. */
struct sight {
	dev_t    dev;
	ino_t    ino;
	int64_t  mtime;
	int64_t  since; /* clock_ms() of the first look at this very file */
	bool     is_empty, is_dead;
};

static void
pause_ms(long ms)
{
	struct timespec t = { 0, ms * 1000000L };

	nanosleep(&t, NULL);
}

static void
release_flock(int dir)
{
	while (flock(dir, LOCK_UN) != 0 && errno == EINTR)
		;
}

/*
 * flock() has no time limit of its own, and alarms belong
 * to others: so it is asked again and again.
 */
static int
take_flock(int dir, int64_t deadline)
{
	long ms = PAUSE_FIRST_MS;

	while (flock(dir, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return 0; /* a file system without it: the dotlock must do */
		if (clock_ms() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		pause_ms(ms);
		ms = ms * 2 < PAUSE_MOST_MS ? ms * 2 : PAUSE_MOST_MS;
	}
	return 0;
}

/*
 * "1234:host" with host being this one and no process 1234.
 * EPERM of kill() means that there is one.
 */
static bool
names_dead_process(struct span text)
{
	uint64_t pid;

	if (!number_take(&text, INT32_MAX, &pid) || pid == 0 || text.len == 0 || text.at[0] != ':')
		return false;
	text = span_trim(span_skip(text, 1));
	return span_is(text, unique_host()) && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static bool
is_begun_only(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\0' && (text.at[i] < '0' || text.at[i] > '9'))
			return false;
	return true;
}

/* False: no lock file is there any more. */
static bool
look(int dir, const char *name, struct sight *s)
{
	struct arena mem = ARENA_EMPTY;
	struct span text = SPAN_NONE;
	struct stat st;
	bool was_read = file_read(dir, name, 512, &mem, &text, &st) == 0;

	if (!was_read && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		arena_free(&mem);
		return errno != ENOENT;
	}
	if (st.st_ino != s->ino || st.st_dev != s->dev || st.st_mtime != s->mtime)
		*s = (struct sight){ st.st_dev, st.st_ino, st.st_mtime, clock_ms(), false, false };
	s->is_empty = st.st_size == 0 || (was_read && is_begun_only(text));
	s->is_dead = was_read && names_dead_process(text);
	arena_free(&mem);
	return true;
}

static bool
is_stale(const struct sight *s)
{
	int64_t watched = clock_ms() - s->since;

	if (s->is_dead && watched >= STALE_DEAD_MS)
		return true;
	if (s->is_empty && watched >= STALE_EMPTY_MS)
		return true;
	return watched >= STALE_EMPTY_MS && time(NULL) - s->mtime > STALE_AGE_SECONDS;
}

static int
make_file(int dir, const char *name, struct stat *st_out)
{
	char text[192];
	int n = snprintf(text, sizeof(text), "%ld:%s", (long)getpid(), unique_host());
	int fd = file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL);
	int failed = 0;

	if (fd < 0)
		return -1;
	if (file_write(fd, text, (size_t)n) != 0 || fstat(fd, st_out) != 0)
		failed = errno;
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (failed)
		unlinkat(dir, name, 0);
	errno = failed;
	return failed ? -1 : 0;
}

/* True: the very file that was found stale is gone. */
static bool
break_lock(int dir, const char *name, const struct sight *stale)
{
	char aside[NAME_MAX + 1];
	struct sight now = *stale;
	bool is_gone;

	snprintf(aside, sizeof(aside), "linnet.tmp.%s", name);
	unlinkat(dir, aside, 0);
	if (dir_is_there(dir, name))
		return false;
	if (renameat(dir, name, dir, aside) != 0)
		return errno == ENOENT;
	is_gone = look(dir, aside, &now) && now.since == stale->since &&
	          now.is_dead == stale->is_dead && now.is_empty == stale->is_empty;
	if (!is_gone && linkat(dir, aside, dir, name, 0) != 0)
		is_gone = true; /* somebody has made a new one by now */
	unlinkat(dir, aside, 0);
	return is_gone;
}

static bool
is_own_file(int dir, const char *name, const struct stat *made)
{
	struct stat st;

	/* inode numbers are given again at once, so the time has to be the same, too */
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == made->st_ino &&
	       st.st_mtim.tv_sec == made->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == made->st_mtim.tv_nsec;
}

/*
 * Who tries only once, to show what others put in, would never show what lies behind the
 * gap that a killed one left.
 */
static int64_t
grace(const struct sight *s)
{
	return s->is_dead ? STALE_DEAD_MS + PAUSE_MOST_MS : 0;
}

/* What cannot be removed (a directory, a foreign file) is waited for like a lock that is held. */
static int
take_file(int dir, const char *name, int64_t deadline, struct stat *st_out)
{
	struct sight sight = { 0, 0, 0, 0, false, false };
	bool has_broken = false;
	long ms = PAUSE_FIRST_MS;

	for (;;) {
		if (make_file(dir, name, st_out) == 0) {
			if (!has_broken)
				return 0;
			pause_ms(AFTER_BREAKING_MS);
			if (is_own_file(dir, name, st_out))
				return 0;
			has_broken = false;
			continue;
		}
		if (errno != EEXIST) {
			if (errno == ENOENT)
				errno = ESTALE;
			return -1;
		}
		if (!look(dir, name, &sight))
			continue;
		if (is_stale(&sight) && break_lock(dir, name, &sight)) {
			has_broken = true;
			continue;
		}
		if (clock_ms() >= deadline + grace(&sight)) {
			errno = ETIMEDOUT;
			return -1;
		}
		pause_ms(ms);
		ms = ms * 2 < PAUSE_MOST_MS ? ms * 2 : PAUSE_MOST_MS;
	}
}

/* A process waits for one lock at a time, and whoever gives up says so before the next. */
static char owner[256];

const char *
dotlock_owner(int error)
{
	return error == ETIMEDOUT ? owner : "";
}

void
dotlock_note_owner(int dir, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	char file[sizeof(((struct dotlock *)0)->name)];
	struct span text;
	struct stat st;
	int saved = errno;

	owner[0] = '\0';
	snprintf(file, sizeof(file), "%s.lock", name);
	if (file_read(dir, file, sizeof(owner) / 2, &mem, &text, &st) == 0)
		snprintf(owner, sizeof(owner), "; %s is of process %.*s", file,
		         (int)span_trim(text).len, span_trim(text).at);
	arena_free(&mem);
	errno = saved;
}

int
dotlock_take(struct dotlock *lock, int dir, const char *name, int seconds)
{
	int64_t deadline = clock_ms() + seconds * 1000;
	struct stat made;

	if (take_flock(dir, deadline) != 0) {
		dotlock_note_owner(dir, name);
		return -1;
	}
	snprintf(lock->name, sizeof(lock->name), "%s.lock", name);
	if (take_file(dir, lock->name, deadline, &made) != 0) {
		int failed = errno;

		dotlock_note_owner(dir, name);
		release_flock(dir);
		errno = failed;
		return -1;
	}
	lock->dir = dir;
	lock->made = made;
	return 0;
}

void
dotlock_release(struct dotlock *lock)
{
	int saved = errno;

	if (lock->dir < 0)
		return;
	if (is_own_file(lock->dir, lock->name, &lock->made))
		unlinkat(lock->dir, lock->name, 0);
	release_flock(lock->dir);
	lock->dir = -1;
	errno = saved;
}

bool
dotlock_is_held(const struct dotlock *lock)
{
	return lock->dir >= 0;
}
