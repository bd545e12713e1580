/* cache.h - what was computed of messages once, kept for this session and all later ones */
#ifndef LINNET_INDEX_CACHE_H
#define LINNET_INDEX_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/span.h"

struct mailbox;

/*
 * A column for each kind: one file, linnet.cache.NAME in the folder (cache.c has the table of
 * names, and versions that are raised when the form of a value changes).  Asking for all messages
 * in order of their numbers reads it once from front to back.
 *
 * Nothing is promised: what was kept may be gone at the next call, and then is computed
 * again.  But what is given is what was kept for this very message and this state of its file.
 */
enum cache_kind {
	CACHE_ENVELOPE,  /* text, as IMAP sends it */
	CACHE_STRUCTURE, /* BODYSTRUCTURE likewise */
	CACHE_BODY,      /* BODY likewise */
	CACHE_FIELDS,    /* header fields (imapd/fetch_fields.c) */
	CACHE_COUNTS,    /* octets of header and body */
	CACHE_PREVIEW,   /* UTF-8 */
	CACHE_SENT,      /* the Date: field */
	CACHE_SORT,      /* other keys of SORT */
	CACHE_THREAD,    /* keys of THREAD */
	CACHE_SEARCH,    /* what SEARCH looks through */
	CACHE_KINDS
};

/*
 * The value kept for message number.  Valid until the next call for the same kind, or until
 * cache_settle().  An empty value is there as any other.
 */
bool cached(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span *value_out);

/* Keep a copy of value.  One longer than LIMIT_CACHE_VALUE is not kept, and nobody is told. */
void cache_keep(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span value);

/*
 * The file of message number is open and st is what fstat() said of it; NULL: it is asked for
 * now.  Until the next message is looked at, values kept for another state of it are not given
 * (W07).  Whoever opens a file, and then keeps what is computed from it, calls this in between; a
 * command that wants few messages may look at each of them first.  False: st is NULL and there is
 * no such file.
 */
bool cache_look(struct mailbox *box, uint32_t number, const struct stat *st);

/* The message is not what it was when something was kept: forget it all. */
void cache_drop(struct mailbox *box, uint32_t number);

/*
 * At the end of a command: much that was kept is written for other sessions, and memory is given
 * back.  Returns what was found damaged since the last call, for one log line; NULL: nothing.
 */
const char *cache_settle(struct mailbox *box);

/* As the mailbox is closed: write all that was kept. */
void cache_close(struct mailbox *box);

#endif
