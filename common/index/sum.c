/* sum.c - a 64-bit sum over bytes, against accidents, not against intent */
#include "common/index/sum.h"

#include <string.h>

static const uint64_t factor = 0x9e3779b97f4a7c15ULL;

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * factor;
	return h ^ h >> 29;
}

static uint64_t
word_at(const unsigned char *at, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, at, n);
	return word;
}

/* Four lanes, so that one multiplication need not wait for the other. */
uint64_t
sum_of(const void *bytes, size_t n, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t lane[4] = { seed, seed ^ factor, seed + n, ~seed };
	uint64_t h = n;

	for (; n >= 32; at += 32, n -= 32)
		for (int i = 0; i < 4; i++)
			lane[i] = mix(lane[i], word_at(at + 8 * i, 8));
	for (; n > 0; at += n < 8 ? n : 8, n -= n < 8 ? n : 8)
		lane[0] = mix(lane[0], word_at(at, n < 8 ? n : 8));
	for (int i = 0; i < 4; i++)
		h = mix(h, lane[i]);
	return h ^ h >> 32;
}
