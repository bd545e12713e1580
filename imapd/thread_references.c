/*
 * thread_references.c - the algorithms REFERENCES and REFS
 *
 * Steps are those of RFC 5256, BASE.6.4.THREAD.  While links are made only parents are known; a
 * node's children are linked at the end, in the order of their dates, which is what steps 4 and
 * 6 ask for.
 *
 * A link must not make a loop, and to see that the ancestors of the new parent are walked. A
 * sender can make them many, so all walks together are bounded: beyond that a link that would
 * need another long walk is left out as if it made a loop.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "imapd/thread.h"

struct builder {
	struct thread_forest *f;
	struct thread_table   ids;
	uint32_t *children; /* of each node: how many call it parent */
	size_t    room;
	uint64_t  steps;    /* left to walk */
};

enum { STEPS_LEAST = 10 * 1000 * 1000, STEPS_EACH = 64 };

/* ---- step 1 ---- */

static void
count_child(struct builder *b, uint32_t node, int more)
{
	if (b->room < b->f->room) {
		b->children = realloc(b->children, b->f->room * sizeof(*b->children));
		if (!b->children)
			die("out of memory: threads of %zu messages", b->f->count);
		memset(b->children + b->room, 0, (b->f->room - b->room) * sizeof(*b->children));
		b->room = b->f->room;
	}
	b->children[node] += (uint32_t)more;
}

/* Is node an ancestor of below, or that itself?  Also true where nobody can afford to know. */
static bool
is_above(struct builder *b, uint32_t node, uint32_t below)
{
	count_child(b, node, 0);
	if (node == below)
		return true;
	if (b->children[node] == 0)
		return false;
	for (uint32_t at = b->f->node[below].parent; at; at = b->f->node[at].parent) {
		if (at == node || b->steps == 0)
			return true;
		b->steps--;
	}
	return false;
}

static void
make_child(struct builder *b, uint32_t child, uint32_t parent)
{
	if (!parent || is_above(b, child, parent))
		return;
	b->f->node[child].parent = parent;
	count_child(b, parent, 1);
}

/* The node of this id; where no message has it, one that stands for it. 0: there are too many. */
static uint32_t
node_of(struct builder *b, uint64_t id)
{
	uint32_t *node = thread_table_at(&b->ids, id);

	if (!*node && b->f->count < LIMIT_THREAD_NODES + b->f->input->count)
		*node = thread_forest_add(b->f);
	return *node;
}

/* Steps 1.A and 1.B for one message. */
static void
link_message(struct builder *b, uint32_t node)
{
	const struct thread_message *m = thread_message_of(b->f, node);
	uint32_t last = 0;

	for (size_t i = 0; i < m->references; i++) {
		uint32_t next = node_of(b, b->f->input->reference[m->first_reference + i]);

		if (next && !b->f->node[next].parent)
			make_child(b, next, last);
		last = next ? next : last;
	}
	if (b->f->node[node].parent)
		count_child(b, b->f->node[node].parent, -1);
	b->f->node[node].parent = 0;
	make_child(b, node, last);
}

/* Of several messages with one id the first has it (step 1.A). */
static void
link_all(struct thread_forest *f)
{
	struct builder b = { .f = f };

	b.steps = STEPS_LEAST + STEPS_EACH * (uint64_t)(f->input->count + f->input->references);
	thread_table_open(&b.ids, f->input->count + f->input->references / 4);
	for (size_t i = 0; i < f->input->count; i++) {
		uint64_t id = f->input->message[i].id;
		uint32_t *node = id ? thread_table_at(&b.ids, id) : NULL;

		if (node && !*node)
			*node = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < f->input->count; i++)
		link_message(&b, (uint32_t)i + 1);
	thread_table_free(&b.ids);
	free(b.children);
}

/* ---- steps 2 and 3 ---- */

/*
 * Where the children of node belong that stands for no message: its nearest ancestor that is
 * one, or else its topmost one.  All on the way are moved there, so no way is gone twice.
 */
static uint32_t
end_of(struct thread_forest *f, uint32_t node)
{
	uint32_t end = node, next;

	while (!thread_is_message(f, end) && f->node[end].parent)
		end = f->node[end].parent;
	for (; node != end; node = next) {
		next = f->node[node].parent;
		f->node[node].parent = end;
	}
	return end;
}

/* Behind it only nodes below the root stand for no message, with two or more children. */
static void
prune(struct thread_forest *f)
{
	uint32_t *children = calloc(f->count, sizeof(*children));

	if (!children)
		die("out of memory: threads of %zu messages", f->count);
	for (uint32_t node = 1; node <= f->input->count; node++) {
		uint32_t parent = f->node[node].parent;

		if (parent && !thread_is_message(f, parent))
			f->node[node].parent = parent = end_of(f, parent);
		children[parent]++;
	}
	for (uint32_t node = 1; node <= f->input->count; node++) {
		uint32_t parent = f->node[node].parent;

		if (parent && !thread_is_message(f, parent) && children[parent] == 1)
			f->node[node].parent = 0;
	}
	for (size_t node = f->input->count + 1; node < f->count; node++)
		f->node[node].parent = 0;
	free(children);
}

/* ---- step 5 ---- */

/* The message that speaks for a child of the root: it, or its first child. */
static const struct thread_message *
speaker(const struct thread_forest *f, uint32_t node)
{
	return thread_message_of(f, thread_is_message(f, node) ? node : f->node[node].first);
}

/* Step 5.B.iv: is node a better root of the thread than the one that the table has? */
static bool
is_better(const struct thread_forest *f, uint32_t had, uint32_t node)
{
	if (!thread_is_message(f, had))
		return false;
	return !thread_is_message(f, node) ||
	       (thread_message_of(f, had)->is_reply && !thread_message_of(f, node)->is_reply);
}

static void
move_children(struct thread_forest *f, uint32_t from, uint32_t to)
{
	for (uint32_t child = f->node[from].first; child; child = f->node[child].next)
		f->node[child].parent = to;
}

/* Step 5.C for a child of the root; *had is what the table has for its subject. */
static void
merge(struct thread_forest *f, uint32_t node, uint32_t *had)
{
	bool had_message = thread_is_message(f, *had), is_message = thread_is_message(f, node);
	uint32_t both;

	if (!had_message && !is_message) {
		move_children(f, node, *had);
		return;
	}
	if (!had_message || (is_message && thread_message_of(f, node)->is_reply &&
	                     !thread_message_of(f, *had)->is_reply)) {
		f->node[node].parent = *had;
		return;
	}
	both = thread_forest_add(f);
	f->node[node].parent = f->node[*had].parent = both;
	*had = both;
}

/* Children of the root must be linked; they are walked before any of them moves. */
static void
gather_subjects(struct thread_forest *f)
{
	struct thread_table subjects;
	uint32_t node;

	thread_table_open(&subjects, f->input->count);
	for (node = f->node[0].first; node; node = f->node[node].next) {
		uint64_t subject = speaker(f, node)->subject;
		uint32_t *had = subject ? thread_table_at(&subjects, subject) : NULL;

		if (had && (!*had || is_better(f, *had, node)))
			*had = node;
	}
	for (node = f->node[0].first; node; node = f->node[node].next) {
		uint64_t subject = speaker(f, node)->subject;
		uint32_t *had = subject ? thread_table_at(&subjects, subject) : NULL;

		if (had && *had != node)
			merge(f, node, had);
	}
	thread_table_free(&subjects);
}

/* ---- the algorithms ---- */

void
thread_references(struct thread_forest *f)
{
	uint32_t *sorted = thread_by_date(f);

	link_all(f);
	prune(f);
	thread_link(f, sorted);
	gather_subjects(f);
	thread_link(f, sorted);
	free(sorted);
}

/*
 * As REFERENCES without step 5; threads stand in the order of their newest messages
 * (draft-ietf-morg-inthread s.4).
 */
void
thread_refs(struct thread_forest *f)
{
	uint32_t *sorted = thread_by_date(f);

	link_all(f);
	prune(f);
	thread_link(f, sorted);
	thread_newest_last(f);
	free(sorted);
}
