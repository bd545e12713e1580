/* map_file.h - linnet.map: its form (invariants: map.c) */
#ifndef LINNET_INDEX_MAP_FILE_H
#define LINNET_INDEX_MAP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/index/items.h"
#include "common/index/sum.h"

enum { MAP_ORDER = 0x01020304, MAP_VERSION = 4 };

#define MAP_NAME "linnet.map"
static const char map_magic[8] = "linnetM";

struct map_header {
	char     magic[8];
	uint32_t order, version;
	uint32_t item_size, count;
	uint32_t parts, gone_count;
	uint64_t generation, names_length;
	uint64_t parts_sum, gone_sum;
	uint64_t own; /* of all above */
};

struct map_part {
	uint32_t first_uid, last_uid, count, unseen, in_new, deleted;
	uint64_t names_at, names_length; /* within the names */
	uint64_t modseq; /* the largest in it */
	uint64_t items_sum, names_sum;
};

/* Where the sections stand in the file. */
static inline uint64_t
map_items_at(const struct map_header *h)
{
	return sizeof(*h) + (uint64_t)h->parts * sizeof(struct map_part);
}

static inline uint64_t
map_names_at(const struct map_header *h)
{
	return map_items_at(h) + (uint64_t)h->count * sizeof(struct item);
}

static inline uint64_t
map_gone_at(const struct map_header *h)
{
	return map_names_at(h) + h->names_length;
}

static inline uint64_t
map_own_sum(const struct map_header *h)
{
	return sum_of(h, offsetof(struct map_header, own), MAP_VERSION);
}

#endif
