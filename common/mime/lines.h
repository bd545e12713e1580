/* lines.h - moving over the lines of a message file, counting what they are in CRLF form */
#ifndef LINNET_MIME_LINES_H
#define LINNET_MIME_LINES_H

#include <stdint.h>

#include "common/mime/source.h"

/* A place in the file, with what came before it in CRLF form. */
struct point {
	uint64_t at, octets, lines;
};

/* Each function below begins and ends at the begin of a line, or at the end of the file. */
struct lines {
	struct source *src;
	bool           is_uncounted; /* octets and lines are not asked for */
	struct point   here;
	/* end of the line in front, without its line end; not at the end of the file */
	struct point   before;
};

void lines_take(struct lines *l);      /* over one line */
void lines_take_rest(struct lines *l); /* to the end of the file */

/*
 * Over this line and on to the next one that begins with "--": the only ones that may be a
 * boundary.
 */
void lines_to_dashes(struct lines *l);

/*
 * Over all lines, if any, up to one that is empty, begins with '-' or CR, or may not be whole in
 * the window.
 */
void lines_to_unusual(struct lines *l);

#endif
