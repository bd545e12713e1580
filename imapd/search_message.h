/* search_message.h - the message that SEARCH looks at, opened once and only when asked */
#ifndef LINNET_SEARCH_MESSAGE_H
#define LINNET_SEARCH_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/index/mailbox.h"
#include "common/mime/part.h"
#include "imapd/search_text.h"

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
	struct arena   mem;
	struct search_text text; /* memory for searching, kept from message to message */
	struct source *source;
	struct part   *parts;
	struct span    header;
};
#define SEARCH_MESSAGE_EMPTY { .mem = ARENA_EMPTY, .text = SEARCH_TEXT_EMPTY }

/* Begin with message number; what the one before held is given back. */
void search_message_open(struct search_message *m, struct mailbox *box, uint32_t number);
void search_message_close(struct search_message *m); /* the file; memory stays for the next one */
void search_message_free(struct search_message *m);  /* all */

/* Each false when the message is gone or cannot be read. */
bool search_message_header(struct search_message *m, struct span *block_out);
bool search_message_parts(struct search_message *m, struct part **root_out);
bool search_message_size(struct search_message *m, uint64_t *octets_out);
bool search_message_date(struct search_message *m, time_t *date_out);

#endif
