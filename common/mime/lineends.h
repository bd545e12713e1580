/* lineends.h - counting and finding line ends at memory speed */
#ifndef LINNET_MIME_LINEENDS_H
#define LINNET_MIME_LINEENDS_H

#include <stdint.h>

#include "common/base/span.h"

struct line_ends {
	uint64_t lines; /* LFs */
	uint64_t bare;  /* of them without a CR in front */
};

/* Add those of s to *n; before is the byte in front of s. */
void line_ends_count(struct span s, char before, struct line_ends *n);

/* The first LF of s with "--" behind it, all within s; NULL when there is none. */
const char *line_ends_find_dashes(struct span s);

/*
 * How many bytes s has in front of the first blank with a CR or LF behind it, both within s; s.len
 * when there is none.
 */
size_t line_ends_blank(struct span s);

/*
 * Copy s to to, which has room for twice as much, with a CR in front of each LF that has none;
 * before is the byte in front of s.  Returns the end of what was written.
 */
char *line_ends_to_crlf(struct span s, char before, char *to);

#endif
