/* metadata.h - linnet.metadata: annotations of a mailbox or of the server (RFC 5464) */
#ifndef LINNET_MAILDIR_METADATA_H
#define LINNET_MAILDIR_METADATA_H

#include "common/base/arena.h"
#include "common/base/buf.h"

struct metadata_entry {
	const char *name;  /* "/private/comment", in small letters */
	struct span value; /* any bytes; SPAN_NONE: the entry is to go (metadata_change) */
};

struct metadata {
	struct metadata_entry *entry; /* in the order in which they were made */
	size_t                 count;
};

/* In a mailbox's folder, and beside it in the root: what is about the server. */
#define METADATA_OF_MAILBOX "linnet.metadata"
#define METADATA_OF_SERVER  "linnet.metadata-server"

/*
 * Read them from file below the directory at (a path of two components at most), into mem; where
 * there is no file there are none.  0, or -1 with errno.
 */
int metadata_read(int at, const char *file, struct arena *mem, struct metadata *found_out);

/* The value of one entry, SPAN_NONE where there is none. */
struct span metadata_find(const struct metadata *m, const char *name);

/*
 * Make all count changes or none, under the folder's lock; the file goes with its last entry.
 * 0, or -1 with errno: EMLINK where there would be more than LIMIT_METADATA_ENTRIES, EMSGSIZE
 * where a value would be longer than LIMIT_METADATA_VALUE, or as store.h lists them.
 */
int metadata_change(int folder, const char *file, const struct metadata_entry *change, size_t count,
                    bool sync);

/* For the fuzzer and the tests: the file's text read, and written. */
void metadata_parse(struct span text, struct arena *mem, struct metadata *found_out);
void metadata_write(const struct metadata *m, struct buf *out);

#endif
