/*
 * mailbox_lists.c - the lock by which Dovecot and linnet keep out of each other's way
 *
 * dovecot-uidlist.lock is about more than that file: Dovecot reads cur/ under it,
 * and believes that what it did not see is gone.  readdir() may pass over a file
 * that is renamed meanwhile, and the message would come back with another UID.  So
 * whoever renames within cur/ holds the lock, as Dovecot does for its own renames.
 */
#include "common/index/mailbox_inside.h"

int
box_lists_lock(struct mailbox *box, int seconds)
{
	if (box->lists_depth == 0 && uidlist_lock(box->folder, seconds, &box->lists) != 0)
		return -1;
	box->lists_depth++;
	return 0;
}

void
box_lists_unlock(struct mailbox *box)
{
	if (box->lists_depth > 0 && --box->lists_depth == 0)
		dotlock_release(&box->lists);
}
