/* map.h - linnet.map: all messages of a folder as they were at one moment */
#ifndef LINNET_INDEX_MAP_H
#define LINNET_INDEX_MAP_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/index/items.h"
#include "common/index/names.h"

/* Messages that left: who knows the mailbox as of a smaller modseq has not heard of it. */
struct vanished {
	uint32_t first, last; /* UIDs */
	uint64_t modseq;
};

/* gone is sorted by modseq. */
struct map {
	uint64_t     generation; /* the journal's of the same name continues it */
	struct items items;
	struct names names;
	struct vanished *gone;
	size_t       gone_count;
};

void map_free(struct map *m);

/*
 * Read the map of a folder: what there is, not yet the messages themselves, whose parts
 * follow when they are asked for.  -1: there is none (ENOENT), or it cannot be
 * trusted (EBADMSG); *map_out is written in either case only on success.
 * What is of a session alone is set as for messages never shown: shown is what
 * is on disk, keywords are not numbered.
 */
int map_read(int folder, struct map *map_out);

/* Replace it.  Items that are gone are left out. */
int map_write(int folder, uint64_t generation, const struct items *items, struct names *names,
              const struct vanished *gone, size_t gone_count);

/* Somebody cut or changed the file that is open: nobody else shall trust it. */
void map_remove(int folder);

#endif
