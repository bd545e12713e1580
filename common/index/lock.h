/* lock.h - the index's lock, and what proves that a folder is as the index says */
#ifndef LINNET_INDEX_LOCK_H
#define LINNET_INDEX_LOCK_H

#include <stdint.h>
#include <time.h>

#include "common/index/guard.h"
#include "common/index/journal.h"

/* The invariants are at the head of mailbox_index.c. */

/* Descriptors, borrowed. */
struct index_folder {
	int folder, cur, new_mail;
};

/* Wait up to seconds (0: try once) for the lock.  -1: ETIMEDOUT, or what the system said. */
int  index_lock(int cur, int seconds);
void index_unlock(int cur);

/* A command that begins now has waited enough at that time of clock_ms(). */
int64_t lock_patience(void);
/* For index_lock() and uidlist_lock(): seconds until then, begun ones count. */
int     lock_seconds_left(int64_t patience);

/* Are cur/, new/ and the uidlist as this state has them? */
bool index_is_current(const struct journal_state *s, const struct index_folder *f);

/* The same, new/ left out. */
bool index_knows_cur(const struct journal_state *s, const struct index_folder *f);

/*
 * The stamp of a directory at the end of a change: before is what it had, scanned
 * (NULL: it was not looked through) what it had when it was.  None when anything is uncertain.
 */
struct stamp index_stamp(struct guard *g, const struct stamp *before, const struct stat *scanned,
                         const struct timespec *read_at);

/* Invariant (5). */
uint64_t index_next_modseq(uint64_t highest);

uint64_t index_sum_of_keywords(const char *const *name, int count);

#endif
