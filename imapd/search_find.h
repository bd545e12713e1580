/* search_find.h - what SEARCH, SORT and THREAD share: criteria, and who answers to them */
#ifndef LINNET_SEARCH_FIND_H
#define LINNET_SEARCH_FIND_H

#include "imapd/search_answer.h"
#include "imapd/search_program.h"

struct session;

struct search_request {
	struct search_return  wanted;
	bool                  has_charset, is_charset_known;
	struct search_program program; /* not parsed where the charset is not known */
	struct span           text;    /* of the whole command behind its name */
};

/* The charset's name (astring) and what stands behind it: 1*(SP search-key). */
void take_search_criteria(struct cursor *c, struct search_request *r);
/* [SP "CHARSET" SP astring] 1*(SP search-key) */
void take_search_keys(struct cursor *c, struct search_request *r);

/*
 * Is it possible in this session, in the selected mailbox?  Then the program is resolved
 * in s->mem.  False: the reply is set, and "$" is empty where it should have been set.
 */
bool search_begin(struct session *s, struct search_request *r);

/*
 * Numbers of what matches, ascending, in s->mem.  Returns the errno of a message that could
 * not be read, or 0.
 */
int search_find(struct session *s, const struct search_program *program,
                struct search_found *found_out);

/*
 * Behind the answer: keep it (SAVE), and set the reply: OK, or NO where error is one of
 * search_find().
 */
void search_end(struct session *s, const struct search_request *r,
                const struct search_found *found, int error, const char *done);

#endif
