/* search_return.h - what a SEARCH or SORT is asked to give back: RETURN (...) */
#ifndef LINNET_SEARCH_RETURN_H
#define LINNET_SEARCH_RETURN_H

#include <stdbool.h>
#include <stdint.h>

#include "imapd/cursor.h"

enum {
	RETURN_MIN     = 1 << 0,
	RETURN_MAX     = 1 << 1,
	RETURN_ALL     = 1 << 2,
	RETURN_COUNT   = 1 << 3,
	RETURN_SAVE    = 1 << 4, /* RFC 5182 */
	RETURN_PARTIAL = 1 << 5, /* RFC 9394 */
	RETURN_UPDATE  = 1 << 6, /* RFC 5267 */
	RETURN_CONTEXT = 1 << 7  /* a hint that nothing follows from */
};

/* Results first ... last, counted from 1; from_end: the last result is 1. */
struct partial_range {
	uint32_t first, last;
	bool     from_end;
	struct span text; /* as the client wrote it */
};

struct search_return {
	bool     is_there; /* the answer is an ESEARCH response */
	unsigned items;    /* RETURN_... */
	struct partial_range partial;
};

/*
 * [SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"], RFC 4731 s.4.
 * An empty list is (ALL).
 */
struct search_return take_search_return(struct cursor *c);

/* partial-range of RFC 9394 s.4 */
struct partial_range take_partial_range(struct cursor *c);

/* Which of count results it has: *first_out ... *last_out from 1; false: none. */
bool partial_of(const struct partial_range *p, uint32_t count, uint32_t *first_out,
                uint32_t *last_out);

#endif
