/* names.h - the file names of a mailbox's messages, without one allocation for each */
#ifndef LINNET_INDEX_NAMES_H
#define LINNET_INDEX_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/index/items.h"

/*
 * An item knows the place of its base name here.  The rest of a name follows
 * from flags and letters ("base:2,FSab"), so changing flags costs no memory; a name
 * that is spelt in another way (W06) is kept whole, its item being odd.
 */
struct names {
	struct buf text;      /* each with a NUL behind it */
	size_t     dead;      /* bytes of it that no item uses any more */
	char       name[NAME_MAX + 1];
};

void names_free(struct names *n);

/* Take over the name of a file: sets name, flags, letters and in_new of the item. */
void names_set(struct names *n, struct item *it, const char *name, bool in_new);

/* The file's name; valid until the next call. */
const char *names_of(struct names *n, const struct item *it);

/* The base; not ended by a NUL when the item is odd: base_length bytes. */
const char *names_base(const struct names *n, const struct item *it);

/* Is this its file? */
bool names_is(struct names *n, const struct item *it, const char *name, bool in_new);

/* Leave out the dead, when much of it is. */
void names_compact(struct names *n, struct items *items);

#endif
