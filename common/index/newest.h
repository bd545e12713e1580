/* newest.h - is a base name one that no message here has? */
#ifndef LINNET_INDEX_NEWEST_H
#define LINNET_INDEX_NEWEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Base names begin with the second of their delivery.  One that is later than
 * all before it is new, without a look at the others.  Of the last second
 * itself a bit for each name is kept, chosen by its sum.
 */
struct newest {
	uint64_t seconds, bits[8];
};

void newest_add(struct newest *n, const char *base, size_t length);

/* False: it cannot be known without looking at all names. */
bool newest_is_above(const struct newest *n, const char *base, size_t length);

#endif
