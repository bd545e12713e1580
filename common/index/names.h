/* names.h - the file names of a mailbox's messages, without one allocation for each */
#ifndef LINNET_INDEX_NAMES_H
#define LINNET_INDEX_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/index/items.h"

/*
 * An item knows the place of its base name here.  The rest of a name follows
 * from flags and letters ("base:2,FSab"), so changing flags costs no memory; a name
 * that is spelt in another way (W06) is kept whole, its item being odd.
 *
 * Names of a map are read when the first of them is asked for: opening a mailbox
 * and listing flags need none.
 */
struct names {
	struct buf text;      /* of the map, places [0, length) */
	struct buf added;     /* places from length on */
	size_t     length;
	size_t     dead;      /* bytes that no item uses any more */
	bool       is_pending; /* text is not read yet: */
	bool       is_damaged; /* it could not be read; those names are empty until the folder is looked through */
	int        fd;
	uint64_t   at, sum;
	char       name[NAME_MAX + 1];
};

void names_free(struct names *n);

/* The names stand at this place of a file that is open as fd, which is taken over. */
void names_pending(struct names *n, int fd, uint64_t at, size_t length, uint64_t sum);
/* Read them now.  False: they are damaged. */
bool names_load(struct names *n);

/* Sum of so many bytes of names, as a map has it. */
uint64_t names_sum(const char *text, size_t length);

/* Take over the name of a file: sets name, flags, letters and in_new of the item. */
void names_set(struct names *n, struct item *it, const char *name, bool in_new);

/* The file's name; valid until the next call. */
const char *names_of(struct names *n, const struct item *it);

/* The base; not ended by a NUL when the item is odd: base_length bytes. */
const char *names_base(struct names *n, const struct item *it);

/* Is this its file? */
bool names_is(struct names *n, const struct item *it, const char *name, bool in_new);

/* Leave out the dead, when much of it is. */
void names_compact(struct names *n, struct items *items);

#endif
