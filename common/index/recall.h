/* recall.h - the UIDs that the index still knows when dovecot-uidlist is lost or damaged */
#ifndef LINNET_INDEX_RECALL_H
#define LINNET_INDEX_RECALL_H

#include "common/maildir/uidlist.h"

/*
 * A uidlist_recall_fn: what linnet.map and linnet.journal in place say of the folder, all of mem.
 * False: they are not there, cannot be trusted, or stand elsewhere and are another folder's.
 */
bool
index_recall(int folder, int place, struct arena *mem, struct uidlist_recalled *out);

#endif
