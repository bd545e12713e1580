/* generation.h - numbers for new files of an index */
#ifndef LINNET_INDEX_GENERATION_H
#define LINNET_INDEX_GENERATION_H

#include <stdint.h>

/*
 * A number that no file had before it: of the clock, this process, and the object
 * whose file it is; seed ties it to a place or a kind.
 */
uint64_t generation_new(const void *whose, uint64_t seed);

#endif
