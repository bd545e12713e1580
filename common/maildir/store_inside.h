/* store_inside.h - what the files of the store share */
#ifndef LINNET_MAILDIR_STORE_INSIDE_H
#define LINNET_MAILDIR_STORE_INSIDE_H

#include "common/maildir/store.h"

struct store {
	int             root;
	enum store_sync sync;
	const struct quota *quota; /* NULL: none */
	int             index; /* index_dir, borrowed, or INDEX_... (index_place.h) */
};

/* fsync the root, if the store is to. */
int store_sync_root(const struct store *s);

/*
 * All names of mailboxes below the root (not INBOX), in mem, sorted: *count_out
 * of them.  EMLINK: more than ten times LIMIT_MAILBOXES.
 */
int store_names(struct store *s, struct arena *mem, const char ***names_out, size_t *count_out);

#endif
