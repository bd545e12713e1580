/* subscriptions.h - the file of subscribed names, in both of Dovecot's forms */
#ifndef LINNET_MAILDIR_SUBSCRIPTIONS_H
#define LINNET_MAILDIR_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

struct subscriptions {
	const char **name; /* canonical, sorted by strcmp, each once */
	size_t       count;
	struct span  text; /* the file as it is */
	bool         is_old; /* the form without a header line */
	bool         is_courier; /* there is no file yet: this is what Courier had */
};

/* Read the file of this root, into mem; a missing one is empty. */
int subscriptions_read(int root, struct arena *mem, struct subscriptions *subs_out);

/*
 * Write it anew with name added or removed, keeping lines that name no mailbox;
 * under the file's own lock.  Does nothing when nothing changes.
 */
int subscriptions_change(int root, const char *name, bool on, bool sync);

/* Write what Courier had as a file of ours.  May fail unseen: then it is read again. */
void subscriptions_take_over(int root, bool sync);

bool subscriptions_have(const struct subscriptions *subs, const char *name);

/* For the fuzzer and the tests. */
void subscriptions_parse(struct span text, struct arena *mem, struct subscriptions *subs_out);

/* The text with name added or removed. */
void subscriptions_edit(const struct subscriptions *subs, const char *name, bool on,
                        struct buf *out);

#endif
