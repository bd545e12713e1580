/* arena.h - memory that is given back all at once */
#ifndef LINNET_ARENA_H
#define LINNET_ARENA_H

#include <stddef.h>

#include "common/base/span.h"

/*
 * An arena hands out memory and takes it all back in one call: one for each
 * command, one for each open mailbox.  What it gives is aligned for any type
 * and never moves.  Memory that cannot be had ends the process (die.h).
 *
 *	struct arena mem = ARENA_EMPTY;
 *	...
 *	arena_free(&mem);
 */
struct arena_block;
struct arena {
	struct arena_block *block; /* newest first */
	size_t              used;  /* in the newest block */
	size_t              total; /* bytes asked for since the last reset: budgets look here */
};
#define ARENA_EMPTY { NULL, 0, 0 }

void *arena_alloc(struct arena *a, size_t n);                   /* not cleared */
void *arena_zero(struct arena *a, size_t n);                    /* cleared */
/* cleared; count * size is checked */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_string(struct arena *a, struct span s);             /* copy with a NUL behind it */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct span arena_copy(struct arena *a, struct span s);

/*
 * Grow an array that lives in the arena: returns an array with room for at
 * least count + 1 elements of size bytes, holding what old held, and updates
 * *room (elements).  old may be NULL with *room 0.
 */
void *arena_grow(struct arena *a, void *old, size_t count, size_t *room, size_t size);

struct arena_mark {
	struct arena_block *block;
	size_t              used, total;
};
struct arena_mark arena_mark(const struct arena *a);
/* give back all that came after the mark */
void arena_release(struct arena *a, struct arena_mark m);

/* empty it; keeps one block so that the next command costs no malloc */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
