/*
 * charset_set.c - what is known of a character set of libc's
 *
 * Opening a converter loads a library, and calling it costs more than a
 * character does.  So one is kept for each set that mail has used - there are only as
 * many as charset.c has names for - and sets of one byte a character become a table.
 */
#include "common/mime/charset_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"

static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */

static struct charset_set *sets;

/*
 * What byte c alone is, into to; 0 when it is no character alone: the set has longer ones, or
 * states.
 */
static size_t
convert_byte(iconv_t cd, unsigned char c, char to[3])
{
	char   in = (char)c, *from = &in, *end = to;
	size_t left = 1, room = 3;

	if (iconv(cd, &from, &left, &end, &room) != (size_t)-1)
		return 3 - room;
	if (errno != EILSEQ)
		return 0;
	iconv(cd, NULL, NULL, NULL, NULL);
	memcpy(to, unknown, 3);
	return 3;
}

static bool
fill_table(struct charset_set *set, iconv_t cd)
{
	char ascii[3];

	for (unsigned char c = 1; c < CHARSET_TOPS; c++)
		if (convert_byte(cd, c, ascii) != 1 || ascii[0] != (char)c)
			return false;
	for (int i = 0; i < CHARSET_TOPS; i++) {
		size_t n = convert_byte(cd, (unsigned char)(CHARSET_TOPS + i), set->utf8[i]);

		if (n == 0 || set->utf8[i][0] == '\0' || !(set->utf8[i][0] & 0x80))
			return false;
		set->utf8_len[i] = (unsigned char)n;
	}
	return true;
}

iconv_t
charset_set_open(struct charset_set *set)
{
	iconv_t cd = set->spare;

	set->spare = (iconv_t)-1;
	return cd != (iconv_t)-1 ? cd : iconv_open("UTF-8", set->name);
}

void
charset_set_close(struct charset_set *set, iconv_t cd)
{
	if (set->spare != (iconv_t)-1) {
		iconv_close(cd);
		return;
	}
	iconv(cd, NULL, NULL, NULL, NULL);
	set->spare = cd;
}

static struct charset_set *
new_set(const char *name, iconv_t cd)
{
	struct charset_set *set = calloc(1, sizeof(*set));

	if (!set)
		die("out of memory: a character set");
	strncpy(set->name, name, sizeof(set->name) - 1);
	set->spare = (iconv_t)-1;
	set->is_table = fill_table(set, cd);
	if (set->is_table)
		iconv_close(cd);
	else
		charset_set_close(set, cd);
	set->next = sets;
	sets = set;
	return set;
}

struct charset_set *
charset_set_find(const char *name)
{
	struct charset_set *set = sets;
	iconv_t cd;

	while (set && strcmp(set->name, name) != 0)
		set = set->next;
	if (set)
		return set;
	cd = iconv_open("UTF-8", name);
	return cd == (iconv_t)-1 ? NULL : new_set(name, cd);
}
