/* cache_number.h - numbers within what is kept in the cache: bytes, the least significant first */
#ifndef LINNET_CACHE_NUMBER_H
#define LINNET_CACHE_NUMBER_H

#include <stdint.h>

#include "common/base/buf.h"

static inline uint64_t
get_number(const char *at, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = bytes; i > 0; i--)
		n = n << 8 | (unsigned char)at[i - 1];
	return n;
}

static inline void
put_number(struct buf *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_byte(to, (char)(n >> 8 * i & 0xff));
}

#endif
