/* search_text.h - finding a string in text that comes in pieces */
#ifndef LINNET_SEARCH_TEXT_H
#define LINNET_SEARCH_TEXT_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/*
 * Case is ignored as i;unicode-casemap does.  Memory is a few times the length
 * of the needle, time is linear in the text however small the pieces are.
 */
struct search_text {
	struct span needle; /* folded UTF-8; stays with the caller */
	/* folded text: the end of what was looked through, and what was not yet */
	struct buf  window;
	char        tail[4];  /* a character cut by the end of a piece */
	size_t      tail_len;
	bool        is_found;
};
#define SEARCH_TEXT_EMPTY { .window = BUF_EMPTY }

/* t keeps the memory of a search before */
void search_text_begin(struct search_text *t, struct span needle);

/* The next piece.  True once the needle is known to be there; more pieces change nothing then. */
bool search_text_add(struct search_text *t, struct span utf8);

/* One text ends here, another one may follow: nothing is found across. */
void search_text_pause(struct search_text *t);

bool search_text_end(struct search_text *t); /* was it there? */
void search_text_free(struct search_text *t);

/* Is needle (folded) in text?  window is for folding and keeps its memory for the next call. */
bool search_text_has(struct span utf8, struct span needle, struct buf *window);

#endif
