/* thread.h - THREAD: keys of messages, and the forest that an algorithm makes of them (RFC 5256) */
#ifndef LINNET_THREAD_H
#define LINNET_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

struct search_message;

/* What THREAD asks of one message. */
struct thread_message {
	uint32_t number;
	int64_t  date;     /* to sort by */
	uint64_t subject;  /* hash of the base subject, 0: empty */
	bool     is_reply; /* or a forward, by its subject */
	uint64_t id;       /* hash of its Message-ID, 0: none */
	size_t   first_reference, references; /* in thread_input */
};

struct thread_input {
	struct thread_message *message; /* in mailbox order */
	size_t    count, room;
	uint64_t *reference; /* hashes, the oldest one of a message first */
	size_t    references, reference_room;
};

/* Append the message at hand.  The input has no memory but malloc's: thread_input_free(). */
void thread_input_add(struct thread_input *input, struct search_message *m);
void thread_input_free(struct thread_input *input);

/*
 * Node 0 is the root, node i + 1 is message i, those behind them stand for messages that are not
 * there.  Siblings are linked in the order of the answer.
 */
struct thread_node {
	uint32_t parent, first, last, next; /* 0: none */
};
struct thread_forest {
	const struct thread_input *input;
	struct thread_node *node;
	size_t count, room;
};

/* Link all messages as an algorithm has it. */
typedef void (*thread_algorithm)(struct thread_forest *forest);
void thread_references(struct thread_forest *forest);
void thread_refs(struct thread_forest *forest);
void thread_ordered_subject(struct thread_forest *forest);

/* Begin with no links; the input stays with the caller, who calls thread_forest_free(). */
void thread_forest_open(struct thread_forest *forest, const struct thread_input *input);
void thread_forest_free(struct thread_forest *forest);
uint32_t thread_forest_add(struct thread_forest *forest); /* a node for what is not there */

/*
 * thread-data behind "THREAD": [SP 1*thread-list].  name[i] is what message i is called.
 */
void thread_print(const struct thread_forest *forest, const uint32_t *name, struct buf *to);

/* ---- for the algorithms ---- */

static inline bool
thread_is_message(const struct thread_forest *f, uint32_t node)
{
	return node > 0 && node <= f->input->count;
}

static inline const struct thread_message *
thread_message_of(const struct thread_forest *f, uint32_t node)
{
	return &f->input->message[node - 1];
}

/* Nodes of all messages by date, and by number where that is equal; the caller frees it. */
uint32_t *thread_by_date(const struct thread_forest *f);

/* Link all nodes below their parents, each set of siblings in that order; a node that stands
 * for no message is where its first child would be. */
void thread_link(struct thread_forest *f, const uint32_t *sorted);

/* Put the children of the root into the order of the newest message of each thread. */
void thread_newest_last(struct thread_forest *f);

/* ---- a table from hashes to nodes (thread_table.c) ---- */

struct thread_table {
	struct thread_entry *entry;
	size_t   size, used; /* size is a power of two */
	uint64_t seed;       /* where an entry stands is not for the writers of mail to say */
};
void thread_table_open(struct thread_table *t, size_t expected);
void thread_table_free(struct thread_table *t);
/* The node of this hash, which must not be 0; one that was not there yet is 0 until set. */
uint32_t *thread_table_at(struct thread_table *t, uint64_t hash);

#endif
