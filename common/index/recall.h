/* recall.h - the UIDs that the index still knows when dovecot-uidlist is lost or damaged */
#ifndef LINNET_INDEX_RECALL_H
#define LINNET_INDEX_RECALL_H

#include "common/maildir/uidlist.h"

/*
 * A uidlist_recall_fn: what linnet.map and linnet.journal of the folder say, all of mem.
 * False: they are not there, or cannot be trusted.
 */
bool index_recall(int folder, struct arena *mem, struct uidlist_recalled *out);

#endif
