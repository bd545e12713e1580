/* search_program.h - what SEARCH asks of a message: the tree of keys, its parser, its evaluation */
#ifndef LINNET_SEARCH_PROGRAM_H
#define LINNET_SEARCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/mime/skim.h"
#include "imapd/cursor.h"
#include "imapd/grammar.h"

struct mailbox;
struct search_key;
struct search_message;
struct search_program;

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

/* Bits of search_program.uses: what a command must know about the keys it has. */
enum {
	SEARCH_USES_MODSEQ  = 1 << 0, /* the answer has the highest one found (RFC 7162 s.3.1.5) */
	SEARCH_USES_NUMBERS = 1 << 1  /* message numbers: not allowed with UIDONLY (RFC 9586) */
};

/* A key with its arguments, all in the command's arena. */
struct search_key {
	const struct search_row *row;
	struct search_program   *program; /* while it is parsed */
	bool                     is_not;
	uint64_t                 cost;  /* with all below it */
	struct search_key       *first; /* children of AND and OR, cheapest first */
	struct search_key       *next;  /* in the parent's list */
	struct search_key       *before; /* in the program's list of all keys */

	struct span    field;   /* name of a header field */
	int            known;   /* enum search_field of it, -1: another one */
	struct span    needle;  /* folded by casemap_fold() */
	struct skim    skim;    /* of the needle */
	uint64_t       number;  /* LARGER, SMALLER: octets; YOUNGER, OLDER: seconds; MODSEQ */
	int32_t        day;     /* since 1970-01-01 */
	const char    *keyword;
	const char    *id;      /* EMAILID, THREADID */
	bool           has_set, set_is_uids;
	struct seq_set set;

	/* what the arguments mean in the mailbox at hand: search_program_resolve() */
	time_t         now;         /* YOUNGER and OLDER count from here */
	int            keyword_bit; /* -1: not in use there */
	struct ranges  uids;        /* of the set */
};

struct search_program {
	struct search_key *root; /* NULL until parsed */
	struct search_key *last; /* of all keys, linked by before */
	size_t             count;
	struct span        charset; /* of the strings; SPAN_NONE: UTF-8.  Set before parsing */
	unsigned           uses;    /* SEARCH_USES_... */
};

/* No strings of another character set, nothing parsed. */
#define SEARCH_PROGRAM_EMPTY { NULL, NULL, 0, { NULL, 0 }, 0 }

/*
 * 1*(SP search-key) of RFC 3501 s.6.4.4 and its extensions, at most LIMIT_SEARCH_KEYS
 * keys, nested at most LIMIT_NESTING deep.  Fails the cursor, also for strings that are
 * not of the program's character set.
 */
void take_search_program(struct cursor *c, struct search_program *program);

/*
 * Find out what sets, keywords and "now" mean in box.  Numbers become UIDs, so that the
 * program keeps its meaning while messages leave (RFC 5267 s.4.3).  saved: the UIDs of "$".
 * mem must live as long as the program is used.  False: a message number that does not
 * exist, which is the client's mistake.
 */
bool search_program_resolve(struct search_program *program, const struct mailbox *box,
                            const struct ranges *saved, struct arena *mem);

/*
 * The numbers among which all matches are, by the sets that every match must be in; last is below
 * first for none.
 */
void search_program_span(const struct search_program *program, const struct mailbox *box,
                         uint32_t *first_out, uint32_t *last_out);

/* What the flags of each match have and lack; is_all: nothing else is asked. */
struct search_flags {
	uint32_t has, lacks;
	bool     is_all;
};
struct search_flags search_program_flags(const struct search_program *program);

/* Does the message answer to it?  False for one that vanished while it was looked at. */
bool search_matches(const struct search_program *program, struct search_message *m);

/* The rows of the keys (search_keys.c). */
extern const struct search_row search_keys[];
extern const size_t search_key_count;
extern const struct search_row search_set_row; /* a bare sequence-set */
extern const struct search_row search_and_row, search_or_row; /* with children */

#endif
