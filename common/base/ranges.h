/* ranges.h - a set of numbers kept as sorted, merged ranges */
#ifndef LINNET_RANGES_H
#define LINNET_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

struct range {
	uint32_t first, last; /* both belong to it; first <= last */
};

/*
 * Sorted by first, never touching: {1-3,4-5} is kept as {1-5}.  Adding in
 * ascending order costs O(1), any other order O(count).  Lives in the arena
 * given to ranges_add and has no free function.
 */
struct ranges {
	struct range *range;
	size_t        count, room;
};
#define RANGES_EMPTY { NULL, 0, 0 }

void ranges_add(struct ranges *set, struct arena *mem, uint32_t first, uint32_t last);
void ranges_remove(struct ranges *set, struct arena *mem, uint32_t first, uint32_t last);
bool ranges_has(const struct ranges *set, uint32_t n); /* binary search */
uint64_t ranges_total(const struct ranges *set);       /* how many numbers */

/* "1:3,5,9:12": the form of IMAP's sequence-set and uid-set. */
void ranges_print(const struct ranges *set, struct buf *out);

/*
 * Walk all numbers in ascending order:
 *	struct ranges_walk w = { 0 };
 *	while (ranges_next(&set, &w, &n)) ...
 */
struct ranges_walk {
	size_t   at;
	uint32_t next;
	bool     inside;
};
bool ranges_next(const struct ranges *set, struct ranges_walk *w, uint32_t *n_out);

#endif
