/* casemap.h - the tables behind casemap_fold() */
#ifndef LINNET_MIME_CASEMAP_H
#define LINNET_MIME_CASEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/* Every step-th code point from first to last folds to itself + delta. */
struct casemap_fold {
	uint32_t first, last;
	int32_t  step, delta;
};
extern const struct casemap_fold casemap_folds[];
extern const size_t casemap_fold_count;

/* A letter is the letter base with mark behind it (0: base alone); base may itself be a pair. */
struct casemap_pair {
	uint16_t letter, base, mark;
};
extern const struct casemap_pair casemap_pairs[];
extern const size_t casemap_pair_count;

/*
 * The character at the front of *rest, which is moved behind it; a byte that begins none stands
 * for itself.
 */
uint32_t casemap_take(struct span *rest);

/* Write code to a place of four bytes; returns the end of it. */
char *casemap_put(uint32_t code, char *to);

#endif
