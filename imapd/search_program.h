/* search_program.h - what SEARCH asks of a message: the tree of keys, its parser, its evaluation */
#ifndef LINNET_SEARCH_PROGRAM_H
#define LINNET_SEARCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imapd/cursor.h"
#include "imapd/grammar.h"

struct search_key;
struct search_message;

/* What one question costs, roughly in microseconds: AND and OR ask the cheapest first. */
enum search_cost {
	COST_VIEW   = 0,     /* flags, UIDs, numbers: in memory */
	COST_STAT   = 10,    /* INTERNALDATE, size: known, or one stat() */
	COST_HEADER = 100,   /* the file is opened, its header read */
	COST_BODY   = 100000 /* all of it is read and decoded */
};

/* One row per key.  NULL take: the key has no arguments. */
struct search_row {
	const char *name;
	enum search_cost cost;
	void      (*take)(struct cursor *c, struct search_key *key);
	bool      (*match)(struct search_message *m, const struct search_key *key);

	/* what else tells rows with the same functions apart */
	uint32_t    has, lacks; /* FLAG_... for match_flags */
	int         way;        /* comparing: -1 below, 0 equal, 1 above (dates: or equal) */
	bool        is_not;     /* UNKEYWORD is NOT KEYWORD */
	const char *field;      /* header field */
};

/* A key with its arguments, all in the command's arena. */
struct search_key {
	const struct search_row *row;
	bool                     is_not;
	uint64_t                 cost;  /* with all below it */
	struct search_key       *first; /* children of AND and OR, cheapest first */
	struct search_key       *next;  /* in the parent's list */
	struct search_key       *before; /* in the program's list of all keys */

	struct span    field;   /* HEADER's first argument */
	struct span    needle;  /* folded by casemap_fold() */
	uint64_t       octets;  /* LARGER, SMALLER */
	int32_t        day;     /* since 1970-01-01 */
	const char    *keyword;
	int            keyword_bit; /* in the mailbox at hand, by who runs it; -1: not in use there */
	bool           has_set, set_is_uids;
	struct seq_set set;
};

struct search_program {
	struct search_key *root; /* NULL until parsed */
	struct search_key *last; /* of all keys, linked by before */
	size_t             count;
};

/*
 * 1*(SP search-key) of RFC 3501 s.6.4.4, at most LIMIT_SEARCH_KEYS keys, nested
 * at most LIMIT_NESTING deep.  Fails the cursor, also for strings that are not UTF-8.
 */
void take_search_program(struct cursor *c, struct search_program *program);

/* Does the message answer to it?  False for one that vanished while it was looked at. */
bool search_matches(const struct search_program *program, struct search_message *m);

/* The rows of the keys (search_keys.c). */
extern const struct search_row search_keys[];
extern const size_t search_key_count;
extern const struct search_row search_set_row; /* a bare sequence-set */
extern const struct search_row search_and_row, search_or_row; /* with children */

#endif
