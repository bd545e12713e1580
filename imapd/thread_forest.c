/* thread_forest.c - nodes of THREAD: making, ordering and printing them */
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "imapd/sort.h"
#include "imapd/thread.h"

static void *
need(void *p)
{
	if (!p)
		die("out of memory: threads");
	return p;
}

void
thread_forest_open(struct thread_forest *f, const struct thread_input *input)
{
	f->input = input;
	f->count = input->count + 1;
	f->room = f->count + f->count / 2 + 64;
	f->node = need(calloc(f->room, sizeof(*f->node)));
}

void
thread_forest_free(struct thread_forest *f)
{
	free(f->node);
	f->node = NULL;
}

uint32_t
thread_forest_add(struct thread_forest *f)
{
	if (f->count == f->room) {
		f->room *= 2;
		f->node = need(realloc(f->node, f->room * sizeof(*f->node)));
	}
	memset(&f->node[f->count], 0, sizeof(*f->node));
	return (uint32_t)f->count++;
}

void
thread_input_free(struct thread_input *input)
{
	free(input->message);
	free(input->reference);
	memset(input, 0, sizeof(*input));
}

/* ---- order ---- */

uint32_t *
thread_by_date(const struct thread_forest *f)
{
	size_t count = f->input->count;
	int64_t *date = need(calloc(count + 1, sizeof(*date)));
	uint32_t *sorted = need(calloc(count + 1, sizeof(*sorted)));
	struct sort_column column = { .number = date };

	for (size_t i = 0; i < count; i++)
		date[i] = f->input->message[i].date;
	sort_order(&column, 1, count, sorted);
	for (size_t i = 0; i < count; i++)
		sorted[i]++;
	free(date);
	return sorted;
}

static void
append(struct thread_forest *f, uint32_t parent, uint32_t node)
{
	struct thread_node *p = &f->node[parent];

	if (p->last)
		f->node[p->last].next = node;
	else
		p->first = node;
	p->last = node;
}

void
thread_link(struct thread_forest *f, const uint32_t *sorted)
{
	for (size_t i = 0; i < f->count; i++)
		f->node[i].first = f->node[i].last = f->node[i].next = 0;
	for (size_t i = 0; i < f->input->count; i++) {
		uint32_t parent = f->node[sorted[i]].parent;

		if (parent && !thread_is_message(f, parent) && !f->node[parent].first)
			append(f, 0, parent);
		append(f, parent, sorted[i]);
	}
}

/* The child of the root that node is below; top is what is known of other nodes. */
static uint32_t
top_of(const struct thread_forest *f, uint32_t *top, uint32_t node)
{
	uint32_t at = node, end, next;

	while (!top[at] && f->node[at].parent)
		at = f->node[at].parent;
	end = top[at] ? top[at] : at;
	for (at = node; !top[at]; at = next) {
		next = f->node[at].parent;
		top[at] = end;
		if (at == end)
			break;
	}
	return end;
}

void
thread_newest_last(struct thread_forest *f)
{
	uint32_t *top = need(calloc(f->count, sizeof(*top)));
	uint32_t *root = need(calloc(f->count, sizeof(*root)));
	uint32_t *order = need(calloc(f->count, sizeof(*order)));
	int64_t *newest = need(calloc(f->count, sizeof(*newest)));
	int64_t *date = need(calloc(f->count, sizeof(*date)));
	struct sort_column column = { .number = date };
	size_t roots = 0;

	for (size_t i = 0; i < f->count; i++)
		newest[i] = INT64_MIN;
	for (uint32_t node = 1; node <= f->input->count; node++) {
		int64_t its = thread_message_of(f, node)->date;
		uint32_t at = top_of(f, top, node);

		newest[at] = its > newest[at] ? its : newest[at];
	}
	for (uint32_t node = f->node[0].first; node; node = f->node[node].next) {
		date[roots] = newest[node];
		root[roots++] = node;
	}
	sort_order(&column, 1, roots, order);
	f->node[0].first = f->node[0].last = 0;
	for (size_t i = 0; i < roots; i++) {
		f->node[root[order[i]]].next = 0;
		append(f, 0, root[order[i]]);
	}
	free(top);
	free(root);
	free(order);
	free(newest);
	free(date);
}

/* The searched messages by base subject; in each group the first one is above the others. */
void
thread_ordered_subject(struct thread_forest *f)
{
	uint32_t *sorted = thread_by_date(f);
	struct thread_table subjects;

	thread_table_open(&subjects, f->input->count);
	for (size_t i = 0; i < f->input->count; i++) {
		uint64_t subject = thread_message_of(f, sorted[i])->subject;
		uint32_t *first = thread_table_at(&subjects, subject ? subject : 1);

		if (*first)
			f->node[sorted[i]].parent = *first;
		else
			*first = sorted[i];
	}
	thread_table_free(&subjects);
	thread_link(f, sorted);
	free(sorted);
}

/* ---- printing ---- */

static bool
has_siblings(const struct thread_forest *f, uint32_t node)
{
	uint32_t parent = f->node[node].parent;

	return f->node[parent].first != f->node[parent].last;
}

/* Is it in parentheses of its own?  All below the root are, and all that have siblings. */
static bool
is_list(const struct thread_forest *f, uint32_t node)
{
	return !f->node[node].parent || has_siblings(f, node);
}

/*
 * thread-list    = "(" (thread-members / thread-nested) ")"
 * thread-members = nz-number *(SP nz-number) [SP thread-nested]
 * thread-nested  = 2*thread-list                             RFC 5256 s.5
 * Without recursion: down to the first child, along the siblings, and up again.
 */
void
thread_print(const struct thread_forest *f, const uint32_t *name, struct buf *to)
{
	uint32_t at = f->node[0].first;

	if (at)
		buf_byte(to, ' ');
	while (at) {
		if (is_list(f, at))
			buf_byte(to, '(');
		if (thread_is_message(f, at)) {
			buf_number(to, name[at - 1]);
			if (f->node[at].first)
				buf_byte(to, ' ');
		}
		if (f->node[at].first) {
			at = f->node[at].first;
			continue;
		}
		while (at && !f->node[at].next) {
			if (is_list(f, at))
				buf_byte(to, ')');
			at = f->node[at].parent;
		}
		if (at) {
			buf_byte(to, ')'); /* with a sibling behind it, it is one */
			at = f->node[at].next;
		}
	}
}
