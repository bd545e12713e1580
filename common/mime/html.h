/* html.h - the text of an HTML page, as far as a preview needs it */
#ifndef LINNET_MIME_HTML_H
#define LINNET_MIME_HTML_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/span.h"

enum html_state { HTML_TEXT, HTML_TAG, HTML_QUOTED, HTML_ENTITY, HTML_COMMENT };

/* A stripper keeps its place between two pieces of UTF-8, which may be cut anywhere. */
struct html {
	enum html_state state;
	char   quote;      /* of the attribute's value */
	char   word[12];   /* name of the tag or entity; longer ones are cut */
	size_t word_len;
	bool   has_name;   /* the tag's name is over */
	bool   is_end_tag;
	size_t dashes;     /* of "-->" */
	const char *hidden; /* nothing is shown until this tag ends: script, style ... */
};
#define HTML_START { .state = HTML_TEXT }

/* Append the text of piece: entities resolved, a space for each tag that divides. */
void html_text(struct html *h, struct span piece, struct buf *out);

#endif
