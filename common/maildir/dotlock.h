/* dotlock.h - the lock files that Dovecot honours, and a kernel lock beside them */
#ifndef LINNET_MAILDIR_DOTLOCK_H
#define LINNET_MAILDIR_DOTLOCK_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Two locks are taken one after the other: flock() on the directory itself,
 * which keeps sessions of linnet apart, dies with its owner and needs no room
 * on a full disk; and the file NAME.lock with "pid:host" in it, which keeps
 * Dovecot and linnet apart.
 *
 * A process holds at most one of these locks at any time, so two sessions that
 * copy A to B and B to A cannot wait for each other.
 */
struct dotlock {
	int  dir;   /* borrowed; the directory the lock is about, -1 when not held */
	char name[64];

	struct stat made; /* dotlock.c only: the lock file; one that took its place is another's */
};
#define DOTLOCK_NONE { .dir = -1 }

/*
 * Wait up to seconds (0: try once; a dead owner's lock is broken all the same).
 * 0 or -1 with errno: ETIMEDOUT, or what the system said (EACCES, EROFS,
 * ENOSPC ... on creating the file, ESTALE when the directory has been
 * removed); nothing is held then.
 */
int  dotlock_take(struct dotlock *lock, int dir, const char *name, int seconds);
void dotlock_release(struct dotlock *lock); /* does nothing when not held */
bool dotlock_is_held(const struct dotlock *lock);

/*
 * Words for the log, to stand behind what failed with error: "; NAME.lock is of process 1234:host"
 * where a lock was waited for in vain (ETIMEDOUT) and its file names who has it; else "".
 */
const char *dotlock_owner(int error);
/* Name the owner of this lock: one in front of it was waited for; he is likely to have both. */
void dotlock_note_owner(int dir, const char *name);

#endif
