/* search_message.h - the message that SEARCH, SORT and THREAD look at, opened once if at all */
#ifndef LINNET_SEARCH_MESSAGE_H
#define LINNET_SEARCH_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/index/cache.h"
#include "common/index/mailbox.h"
#include "common/mime/part.h"
#include "imapd/search_text.h"

/* Header fields that are searched so often that their folded texts are kept. */
enum search_field {
	SEARCH_SUBJECT,
	SEARCH_FROM,
	SEARCH_TO,
	SEARCH_CC,
	SEARCH_BCC,
	SEARCH_FIELDS
};

/* -1: none of them */
int search_known_field(struct span name);

/* The Date: field (RFC 5322 s.3.6.1). */
struct sent_date {
	bool    is_known;
	int     zone; /* minutes east of UTC */
	int64_t utc;  /* seconds */
};

/*
 * A message that vanished answers no to every question and is_gone is set.  One
 * that cannot be read for another reason does the same and leaves its errno in error.
 */
struct search_message {
	struct mailbox *box;
	uint32_t        number;
	struct message  message; /* a copy, for opening a file may move the view's own */
	bool            is_gone;
	int             error;

	/* filled when first asked for, valid until search_message_close() */
	bool           is_used; /* any of what follows */
	struct arena   mem;
	struct search_text text; /* memory for searching, kept from message to message */
	struct buf     value;    /* the same for what goes into the cache */
	struct buf     spare;
	struct source *source;
	struct part   *parts;
	struct span    header;
};
#define SEARCH_MESSAGE_EMPTY \
	{ .mem = ARENA_EMPTY, .text = SEARCH_TEXT_EMPTY, .value = BUF_EMPTY, .spare = BUF_EMPTY }

/* Begin with message number; what the one before held is given back. */
void search_message_open(struct search_message *m, struct mailbox *box, uint32_t number);
void search_message_close(struct search_message *m); /* the file; memory stays for the next one */
void search_message_free(struct search_message *m);  /* all */

/* Each false when the message is gone or cannot be read. */
bool search_message_header(struct search_message *m, struct span *block_out);
/* Their places in the file, but no counts. */
bool search_message_parts(struct search_message *m, struct part **root_out);
bool search_message_size(struct search_message *m, uint64_t *octets_out);
bool search_message_date(struct search_message *m, time_t *date_out);
bool search_message_savedate(struct search_message *m, time_t *date_out);
bool search_message_id(struct search_message *m, char id_out[MAILBOX_ID_SIZE]);

/*
 * The following are kept in the cache (search_cache.c), and valid until the next of them.
 * A field's text is folded, with the byte 0xff behind each field of that name; it is
 * empty where there is none.
 */
bool search_message_field(struct search_message *m, enum search_field which,
                          struct span *text_out);
bool search_message_sent(struct search_message *m, struct sent_date *sent_out);

#endif
