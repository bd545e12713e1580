/* courier.h - what Courier left in a Maildir, taken over once */
#ifndef LINNET_MAILDIR_COURIER_H
#define LINNET_MAILDIR_COURIER_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/span.h"

/*
 * A folder without dovecot-uidlist and linnet.uids is new to linnet.  Where
 * Courier served it, its files tell the UIDs (courierimapuiddb), the POP3 UIDLs
 * (courierpop3dsizelist) and the keywords (courierimapkeywords/); courier.c has
 * their form.  They are read until there is a dovecot-uidlist, then never again.
 */
struct uidlist;

/* UIDVALIDITY, UIDs and UIDLs into an empty list.  False: Courier was not here. */
bool courier_read_uids(struct uidlist *u, int dir);

/*
 * Under the uidlist's lock, before the first uidlist is written: keywords become
 * letters of the file names and lines of dovecot-keywords.  Costs a stat where there is
 * a uidlist.  -1 with errno: it was not done, and nothing else may be written.
 */
int courier_take_keywords(int dir, bool sync);

/* courierimapsubscribed as the text of a subscriptions file: false where there is none. */
bool courier_subscriptions(int root, struct arena *mem, struct span *text_out);

/*
 * Courier 5 names folders in UTF-8: each becomes the modified UTF-7 that all other
 * Maildir++ programs expect, where no such folder is there yet.
 */
void courier_take_folders(int root);

/* For the fuzzer and the tests: the files' texts. */
void courier_parse_sizelist(struct uidlist *u, struct span text);
struct courier_keywords {
	const char **name; /* of keywords, in the order of :list */
	size_t       names, names_room;
	struct courier_words {
		const char *base;
		uint32_t    age; /* the largest is the one that counts; 0: of :list */
		struct span words; /* numbers of names, or the names themselves where age > 0 */
	} *entry;
	size_t       count, room;
	struct arena mem;
};
void courier_parse_list(struct courier_keywords *k, struct span text);
void courier_convert_subscriptions(struct span text, struct arena *mem, struct buf *out);

#endif
