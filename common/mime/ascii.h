/* ascii.h - runs of ASCII, eight bytes at a time */
#ifndef LINNET_MIME_ASCII_H
#define LINNET_MIME_ASCII_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ASCII_TOPS UINT64_C(0x8080808080808080) /* the bits that no ASCII byte has */

/*
 * How many of the eight bytes of word, as they lie in memory, come before the first that is not
 * ASCII; word has one.
 */
static inline size_t
ascii_bytes_of(uint64_t word)
{
	int bits = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(word & ASCII_TOPS)
	                                                     : __builtin_clzll(word & ASCII_TOPS);

	return (size_t)bits / 8;
}

/* How many bytes of ASCII s begins with. */
static inline size_t
ascii_run(const char *s, size_t len)
{
	enum { MANY = 8 };
	uint64_t word, many[MANY];
	size_t n = 0;

	for (; len - n >= sizeof(many); n += sizeof(many)) {
		memcpy(many, s + n, sizeof(many));
		word = 0;
		for (int i = 0; i < MANY; i++)
			word |= many[i];
		if (word & ASCII_TOPS)
			break;
	}
	for (; len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (word & ASCII_TOPS)
			return n + ascii_bytes_of(word);
	}
	while (n < len && (unsigned char)s[n] < 0x80)
		n++;
	return n;
}

#endif
