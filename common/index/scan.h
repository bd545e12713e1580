/* scan.h - one pass over new/ and cur/, held against the uidlist */
#ifndef LINNET_INDEX_SCAN_H
#define LINNET_INDEX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/maildir/uidlist.h"

/* A message file that has a UID. */
struct scan_found {
	const char *name; /* in the scan's memory; NULL: no file was seen */
	uint64_t    size; /* the W field of the uidlist, SIZE_UNKNOWN without one */
	uint32_t    uid;
	bool        in_new;
	/* the record is of a message that was removed: a file of its base is a stranger */
	bool        is_dead;
	/* this look gave it its UID, or moved it from new/: \Recent to this session */
	bool        is_first;
};

/* One that has none yet, or must not be shown as it is. */
struct scan_stranger {
	const char *name;
	bool        in_new;
	bool        is_bad; /* its base stands on another file, too, or cannot stand in a uidlist */
	bool        is_known; /* mailbox_new.c only */
};

struct scan {
	int                   cur, new_mail; /* borrowed */
	const struct uidlist *uids;
	struct scan_found    *found;    /* for each record of the uidlist, in its order */
	size_t                count;
	struct scan_stranger *stranger;
	size_t                strangers, room;
	uint32_t              letters;  /* all keyword letters seen */
	struct span           waiting[UIDLIST_MANY]; /* names seen, to be looked up together */
	size_t                waits;
	struct arena          mem;
};

/* Begin with the records of uids; nothing seen yet. */
void scan_begin(struct scan *scan, int cur, int new_mail, const struct uidlist *uids);

/*
 * Read new/, then cur/: a message that is moved meanwhile is seen in one or in
 * both.  A rename within cur/ may hide a file from a pass, therefore a second
 * call adds what the first one missed.
 */
int scan_pass(struct scan *scan);

/* All files of new/ alone as strangers, in order. */
int scan_new(struct scan *scan, int new_mail);

/* Records without a file, but for the dead. */
size_t scan_missing(const struct scan *scan);

/* Sort strangers by arrival; those with a base that comes twice become bad. */
void scan_sort_strangers(struct scan *scan);

/* All keyword letters in the names of this directory. */
int scan_letters(int cur, uint32_t *letters_out);

void scan_end(struct scan *scan);

#endif
