/* sort.h - SORT: its criteria, the keys of messages, and their order (RFC 5256) */
#ifndef LINNET_SORT_H
#define LINNET_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/span.h"

struct search_found;
struct search_message;
struct session;
struct cursor;

/* Texts that messages are sorted by, as they are kept (sort_keys.c). */
enum sort_text {
	SORT_SUBJECT,
	SORT_FROM,
	SORT_TO,
	SORT_CC,
	SORT_DISPLAYFROM,
	SORT_DISPLAYTO,
	SORT_TEXTS
};

/* One row per criterion: a number or a text. */
struct sort_row {
	const char *name;
	int64_t   (*number)(struct search_message *m); /* NULL: a text */
	enum sort_text text;
};

struct sort_criterion {
	const struct sort_row *row;
	bool                   is_reverse;
};

struct sort_criteria {
	struct sort_criterion criterion[LIMIT_SORT_KEYS];
	size_t                count;
};

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" */
struct sort_criteria take_sort_criteria(struct cursor *c);

/* Put the messages, which stand in mailbox order, into that order. */
void sort_found(struct session *s, const struct sort_criteria *criteria,
                struct search_found *found);

/*
 * Bytes to compare by, of at most LIMIT_SORT_TEXT, empty where there is no such text; valid
 * until the next call.  What cannot be read any more has no texts.
 */
struct span sort_text(struct search_message *m, enum sort_text which);

/* RFC 5256 s.2.2: INTERNALDATE where the message tells no date. */
int64_t sort_sent_date(struct search_message *m);

/* ---- ordering (sort_order.c) ---- */

/* A column has numbers or texts for each of the things to be ordered. */
struct sort_column {
	const int64_t     *number;
	const struct span *text; /* NULL: numbers */
	bool               is_reverse;
};

/*
 * The order of count things by the first column, where that is equal by the next, and at last
 * as they stand: order_out[i] is the index of the one that comes as the i-th.
 */
void sort_order(const struct sort_column *column, size_t columns, size_t count,
                uint32_t *order_out);

#endif
