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
 * Names of a map are read by parts, when one of a part is asked for: opening a mailbox
 * and listing flags need none.
 */
struct names_part {
	size_t   at, length; /* places [at, at + length) */
	uint64_t sum;
	char    *text;       /* NULL: not read yet */
	bool     is_kept;    /* not only read to be looked at once */
};
struct names {
	struct names_part *part; /* of the map, places [0, length) */
	uint32_t   parts, last;  /* last: the one used last */
	size_t     length;
	int        fd;           /* of the map, when there are parts */
	uint64_t   file_at;
	struct buf added;        /* places from length on */
	size_t     dead;         /* bytes that no item uses any more */
	/* some could not be read, and are empty until the folder is looked through */
	bool       is_damaged;
	char       name[NAME_MAX + 1];
};

void names_free(struct names *n);

/*
 * Names stand from this place on in a file that is open as fd, which is taken over; then each
 * part of them.
 */
void names_from(struct names *n, int fd, uint64_t file_at, uint32_t parts);
void names_add_part(struct names *n, size_t length, uint64_t sum);

/* Is this one's name known?  False: its part is damaged. */
bool names_has(struct names *n, const struct item *it);
/* Read all now.  False: some are damaged. */
bool names_load(struct names *n);
/* Forget what was read since the last call, if only names_base() was asked for it. */
void names_let_go(struct names *n);

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
