/* index_place.h - where a mailbox's index is kept: in its folder, or below index_dir */
#ifndef LINNET_MAILDIR_INDEX_PLACE_H
#define LINNET_MAILDIR_INDEX_PLACE_H

#include <stdbool.h>

#include "common/maildir/store.h"

/* In place of a directory. */
enum { INDEX_IN_FOLDER = -1, INDEX_NOWHERE = -2 };

/*
 * Keep the indexes of this store's mailboxes below the directory dir, which stays with the
 * caller, or in place of it INDEX_IN_FOLDER (as every store begins) or INDEX_NOWHERE.  The
 * mail root itself as dir is INDEX_IN_FOLDER.
 */
void store_set_index(struct store *s, int dir);

/*
 * The directory of the index of the mailbox whose folder (name_to_dir()) is open: below
 * index_dir it has the folder's name, INBOX that of ".INBOX".  With make it is made.  -1:
 * there is none.  To be closed with index_place_close().
 */
int  index_place_open(const struct store *s, int folder, const char *folder_name, bool make);
void index_place_close(int place, int folder);

/*
 * A mailbox was deleted, or renamed: what stands below index_dir under the name goes, or goes
 * along.  What fails here is no harm: an index knows its folder.
 */
void index_place_forget(const struct store *s, const char *folder_name);
void index_place_move(const struct store *s, const char *from, const char *to);

#endif
