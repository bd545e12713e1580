/* charset_set.h - what is known of a character set of libc's, kept as long as the process */
#ifndef LINNET_MIME_CHARSET_SET_H
#define LINNET_MIME_CHARSET_SET_H

#include <iconv.h>
#include <stdbool.h>

enum { CHARSET_SET_NAME = 40, CHARSET_TOPS = 128 };

struct charset_set {
	struct charset_set *next;
	char    name[CHARSET_SET_NAME];
	iconv_t spare; /* a converter that nobody uses now, (iconv_t)-1: none */

	/*
	 * ASCII, and one byte for each other character, which is not ASCII; utf8[c - 0x80] is what
	 * byte c is
	 */
	bool          is_table;
	unsigned char utf8_len[CHARSET_TOPS];
	char          utf8[CHARSET_TOPS][3];
};

/* By iconv's name, shorter than CHARSET_SET_NAME; NULL: iconv does not know it. */
struct charset_set *charset_set_find(const char *name);

/*
 * Its converter, (iconv_t)-1 when there is none; given back, it is kept for the next one who asks.
 */
iconv_t charset_set_open(struct charset_set *set);
void    charset_set_close(struct charset_set *set, iconv_t cd);

#endif
