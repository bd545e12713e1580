/* guard.h - while we change a directory: did anybody else? */
#ifndef LINNET_INDEX_GUARD_H
#define LINNET_INDEX_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/index/stamp.h"

/*
 * Own renames move a directory's mtime just as foreign ones do.  To know the
 * directory again afterwards without reading it, all changes of its names are
 * counted by inotify while we make ours: more of them than ours are foreign.
 *
 *	guard_arm(&g, dir);
 *	... renameat(), and guard_out() or guard_in() for each that succeeded ...
 *	if (guard_settle(&g, &stamp)) ... the stamp stands for what we know plus our changes
 *	guard_disarm(&g);
 */
struct guard {
	int      dir;     /* borrowed */
	int      watch;   /* -1: not armed, so nothing will be certain */
	uint32_t out, in; /* names of ours that left and came */
	uint32_t seen_out, seen_in;
	bool     is_lost; /* events were */
};
#define GUARD_NONE { -1, -1, 0, 0, 0, 0, false }

enum { GUARDS = 8 /* armed at the same time */ };

/*
 * False: this cannot be known here (no inotify, a network file system); the rest may be called
 * all the same.
 */
bool guard_arm(struct guard *g, int dir);
void guard_disarm(struct guard *g);

/* A name of ours left (renamed away, unlinked), came, or changed within the directory. */
void guard_out(struct guard *g);
void guard_in(struct guard *g);
void guard_renamed(struct guard *g);

bool guard_has_changes(const struct guard *g);

/*
 * All is done: give the directory an mtime that no later change can leave, and
 * its stamp.  False: somebody else changed it too, or this cannot be known.
 */
bool guard_settle(struct guard *g, struct stamp *stamp_out);

#endif
