/* cache_file.h - the file of a column: what cache_column.c, cache_read.c and cache_write.c share */
#ifndef LINNET_INDEX_CACHE_FILE_H
#define LINNET_INDEX_CACHE_FILE_H

#include "common/index/cache_column.h"

enum {
	CACHE_HEADER_BYTES = 64,         /* of the file, and of a block */
	CACHE_BLOCK_BYTES = 256 * 1024,  /* of data that make a block */
	CACHE_BLOCK_ENTRIES = 8192,
	CACHE_BLOCK_MOST = CACHE_BLOCK_BYTES + 64 * 1024 /* bytes of data that a block may have */
};

struct cache_file_header {
	char     magic[8];
	uint32_t order, form, version, uidvalidity;
	uint64_t generation;
	char     name[24];
	uint64_t own;
};

uint64_t column_header_sum(const struct cache_file_header *h);
uint64_t column_block_sum(const struct cache_block_header *h, uint64_t generation, uint64_t at);
uint64_t column_part_sum(const void *bytes, size_t n, uint64_t generation, uint64_t at);
uint32_t column_value_sum(const void *bytes, size_t n, uint64_t generation);
struct cache_file_header column_header(const struct column *c, uint64_t generation);

/* cache_read.c */
void column_refresh(struct column *c); /* open it, and see what was added, once in a while */
bool column_walk(struct column *c);    /* see what was added.  False: there is damage in it */
bool column_is_there(const struct column *c); /* still the file of its name */
bool column_load_entries(struct column *c, struct cache_block *b);
bool column_load_data(struct column *c, uint32_t number);
bool column_read_one(struct column *c, struct cache_block *b, const struct cache_entry *e,
                     struct span *value_out);

/* cache_column.c */
void column_forget_file(struct column *c);
void column_drop_waiting(struct column *c);

/*
 * cache_fold.c: the file anew, without what is dead, hidden or damaged.  The caller has its lock.
 */
bool column_fold(struct column *c, const struct column_life *life);

/* cache_write.c: one block of these entries, behind at; their at and sum are set. */
uint64_t column_put_block(int fd, uint64_t generation, uint64_t at, struct cache_entry *entry,
                          uint32_t count, const char *text);
bool column_put_header(int fd, const struct column *c, uint64_t generation);

#endif
