/* cache_column.h - linnet.cache.NAME: one value for each message, in blocks that are only added */
#ifndef LINNET_INDEX_CACHE_COLUMN_H
#define LINNET_INDEX_CACHE_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/* What a value belongs to. */
struct cache_key {
	uint32_t uid;
	uint32_t name; /* sum of the base name of the message's file */
	uint32_t file; /* sum of the file's size and mtime */
};

/* As in memory, so in the file. */
struct cache_entry {
	struct cache_key key;
	uint32_t at, length; /* in the block's data; CACHE_FORGOTTEN: there is no value any more */
	uint32_t sum;
};
#define CACHE_FORGOTTEN UINT32_MAX

/* In front of each block; the invariants are in cache_column.c. */
struct cache_block_header {
	uint32_t count, length; /* entries; bytes of data behind them */
	uint32_t first, last;   /* UIDs */
	uint64_t entries_sum, data_sum;
	uint64_t own, pad;
};

struct cache_block {
	uint64_t at; /* offset of its header */
	struct cache_block_header head;
	struct cache_entry *entry; /* NULL: not read yet */
	bool     is_bad;
	bool     is_covered; /* a later block may have a newer value */
};

/* Values that are not written yet, sorted by UID. */
struct cache_waiting {
	struct cache_entry *entry;
	uint32_t count, room;
	struct buf text;
};

struct column {
	const char *file;     /* its name */
	uint32_t    version;
	uint32_t    uidvalidity;
	int         folder;   /* borrowed */

	int         fd;
	bool        is_fresh; /* looked at since the last column_settle() */
	bool        is_off;   /* nothing can be written in this session */
	bool        must_rewrite;
	const char *trouble;
	uint64_t    generation, end;
	struct cache_block *block;
	uint32_t    count, room;
	uint32_t    hint;      /* the block that was asked last */
	uint32_t    next;      /* its entry behind the one that was found last */
	uint32_t    loaded;    /* the block whose data is in data; UINT32_MAX: none */
	struct buf  data, one; /* one: a single value */

	struct cache_waiting waiting;
};

/* What a column that is made anew asks: is this message not there any more?  How many are there? */
struct column_life {
	bool   (*is_dead)(void *context, const struct cache_key *key);
	void    *context;
	uint32_t messages;
};

void column_open(struct column *c, int folder, const char *file, uint32_t version,
                 uint32_t uidvalidity);
void column_close(struct column *c); /* what waits is lost */

/* The newest value of this message whatever the state of its file (key_out); false: none. */
bool column_find(struct column *c, uint32_t uid, uint32_t name, struct cache_key *key_out,
                 struct span *value_out);

/* To be written by column_write().  SPAN_NONE: what there is, is forgotten. */
void column_keep(struct column *c, const struct cache_key *key, struct span value);

/*
 * Write what waits.  When another session is writing just now, or nothing can be written, it stays
 * in memory, if it is not too much of it.
 */
void column_write(struct column *c, const struct column_life *life);

/* Give memory back; the file is looked at again when it is next asked. */
void column_settle(struct column *c);

#endif
