/* sum.h - a 64-bit sum over bytes, against accidents, not against intent */
#ifndef LINNET_INDEX_SUM_H
#define LINNET_INDEX_SUM_H

#include <stddef.h>
#include <stdint.h>

/* The sum of n bytes; seed ties it to a place or a kind.  Some GB/s. */
uint64_t sum_of(const void *bytes, size_t n, uint64_t seed);

#endif
