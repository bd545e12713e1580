/* search_answer.h - the answer to a SEARCH or SORT: which messages, in which form */
#ifndef LINNET_SEARCH_ANSWER_H
#define LINNET_SEARCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imapd/search_return.h"

struct buf;
struct ranges;
struct session;

/* Message numbers in the order of the answer, all different; in the arena of the command. */
struct search_found {
	uint32_t *number;
	size_t    count, room;
};

/* How to tell: word is "SEARCH" or "SORT", for clients that did not ask for ESEARCH. */
struct search_answer {
	const char                 *word;
	const struct search_return *wanted;
	bool                        by_uid;
	bool                        with_modseq; /* the program had MODSEQ */
};

/* Write the untagged response; none where all that was wanted is SAVE. */
void put_search_answer(struct session *s, const struct search_answer *how,
                       const struct search_found *found);

/* Remember what "$" stands for from now on (RFC 5182 s.2.4). */
void save_search_answer(struct session *s, const struct search_return *wanted,
                        const struct search_found *found);

/* "* ESEARCH (TAG "a1") UID": behind it come items, each with a space in front, and CRLF. */
void put_esearch_start(struct session *s, struct span tag, bool by_uid);

/*
 * sequence-set of names in this order: runs that go up by one are ranges, nothing else
 * is (RFC 5267 s.3.2).
 */
void print_names(struct buf *to, const uint32_t *name, size_t count);

#endif
