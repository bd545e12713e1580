/* journal.h - linnet.journal: what changed since linnet.map, and where the folder stands now */
#ifndef LINNET_INDEX_JOURNAL_H
#define LINNET_INDEX_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/index/items.h"
#include "common/index/mailbox.h"
#include "common/index/names.h"
#include "common/index/newest.h"
#include "common/index/stamp.h"

struct counters {
	uint32_t messages, in_new, unseen, deleted;
	uint32_t sizes_unknown, deleted_unknown; /* of all, and of \Deleted ones */
	uint64_t octets, deleted_octets;         /* of those whose size is known */
};

enum {
	JOURNAL_HAS_UIDLS = 1 << 0, /* the uidlist has P fields */
	/* nothing is added any more: the one of generation next goes on */
	JOURNAL_IS_FOLDED = 1 << 1,
	JOURNAL_HAS_GUIDS = 1 << 2  /* the uidlist has G fields in records */
};

/* The folder as of the last change.  Stamps that are none: it has to be looked through. */
struct journal_state {
	uint64_t sequence, generation, next;
	uint64_t end;        /* bytes of the file that count */
	uint64_t highest;    /* HIGHESTMODSEQ */
	uint64_t gone_floor; /* messages that left before this modseq are forgotten */
	uint64_t keywords;   /* sum of the letters and their names */
	uint32_t uidvalidity, uidnext, letters, bits;
	struct stamp    cur, new_mail, uidlist;
	struct counters counters;
	struct newest   newest;
	uint64_t dead;       /* records of the uidlist whose messages were removed */
	uint64_t ino_of_cur; /* whose index this is */
	char     id[MAILBOX_ID_SIZE]; /* "": not known */
	uint64_t own;        /* the sum of all above */
};

struct journal {
	int      fd;
	uint64_t at; /* records before it have been read */
	struct journal_state state;
};
#define JOURNAL_NONE { -1, 0, { 0 } }

/*
 * Same UIDs in a row with the same flags.  What else is between first and last is not meant:
 * there is nothing.
 */
struct journal_flags {
	uint32_t first, last, flags, letters, in_new, pad;
};
struct journal_size {
	uint64_t uid, octets;
	int64_t  date;
};
/* A message that came, or whose name changed otherwise than journal_flags can tell. */
struct journal_item {
	uint32_t uid, in_new;
	uint64_t octets;
	int64_t  date;
	const char *name; /* whole */
};

/*
 * What journal_read() finds, in the order it happened; false: it cannot be, the journal is not
 * to be trusted.
 */
struct journal_reader {
	void *context;
	bool (*flags)(void *context, const struct journal_flags *f, uint64_t modseq);
	bool (*gone)(void *context, uint32_t first, uint32_t last, uint64_t modseq);
	bool (*item)(void *context, const struct journal_item *i, uint64_t modseq);
	bool (*size)(void *context, const struct journal_size *s);
};

/* Open it and read its state.  -1: ENOENT, or EBADMSG when it cannot be trusted. */
int  journal_open(int folder, struct journal *journal_out);
void journal_close(struct journal *j);

/* A new, empty one of state's generation in place of what is there. */
int journal_create(int folder, const struct journal_state *state, struct journal *journal_out);

/* Read the state anew.  False: no good one is there. */
bool journal_refresh(struct journal *j);
/* Is it still the file of that name?  Asked under the lock, before writing. */
bool journal_is_there(const struct journal *j, int folder);

/* Is it time to fold it into a new map? */
bool journal_is_long(const struct journal_state *s);

/*
 * Records from at to the state's end.  -1: it cannot be trusted; some of them may have been
 * given out.
 */
int journal_read(struct journal *j, const struct journal_reader *reader);

/* Records of one change, gathered in out, then written by journal_commit(). */
struct pending {
	struct buf bytes, group; /* group: elements of one kind that go into one record */
	unsigned   kind;
};
#define PENDING_NONE { BUF_EMPTY, BUF_EMPTY, 0 }
void pending_free(struct pending *p);
void pending_flags(struct pending *p, const struct item *it, uint32_t uid_before, uint64_t modseq);
void pending_gone(struct pending *p, uint32_t uid, uint32_t uid_before, uint64_t modseq);
void pending_item(struct pending *p, uint32_t uid, bool in_new, const char *name, uint64_t octets,
                  time_t date, uint64_t modseq);
void pending_size(struct pending *p, const struct item *it, uint64_t modseq);

/*
 * Under the lock, with all read up to the end: add the records and write the
 * state (end, sequence, generation are set here).  -1: nothing of it counts.
 */
int journal_commit(struct journal *j, struct pending *p, const struct journal_state *state);

#endif
