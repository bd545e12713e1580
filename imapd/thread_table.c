/* thread_table.c - a table from hashes to nodes */
#include <stdlib.h>
#include <time.h>

#include "common/base/die.h"
#include "imapd/thread.h"

struct thread_entry {
	uint64_t hash; /* 0: free */
	uint32_t node;
};

static struct thread_entry *
new_entries(size_t size)
{
	struct thread_entry *entry = calloc(size, sizeof(*entry));

	if (!entry)
		die("out of memory: a table of %zu messages", size);
	return entry;
}

void
thread_table_open(struct thread_table *t, size_t expected)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	t->seed = ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uintptr_t)t) | 1;
	for (t->size = 64; t->size < 2 * expected; t->size *= 2)
		;
	t->used = 0;
	t->entry = new_entries(t->size);
}

void
thread_table_free(struct thread_table *t)
{
	free(t->entry);
	t->entry = NULL;
}

static struct thread_entry *
find(struct thread_table *t, uint64_t hash)
{
	size_t i = (size_t)((hash ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15) >> 32 ^ hash * t->seed);

	for (i &= t->size - 1; t->entry[i].hash != 0 && t->entry[i].hash != hash;
	     i = (i + 1) & (t->size - 1))
		;
	return &t->entry[i];
}

static void
grow(struct thread_table *t)
{
	struct thread_entry *old = t->entry;
	size_t size = t->size;

	t->size *= 2;
	t->entry = new_entries(t->size);
	for (size_t i = 0; i < size; i++)
		if (old[i].hash)
			*find(t, old[i].hash) = old[i];
	free(old);
}

uint32_t *
thread_table_at(struct thread_table *t, uint64_t hash)
{
	struct thread_entry *e = find(t, hash);

	if (e->hash)
		return &e->node;
	if (2 * t->used >= t->size) {
		grow(t);
		e = find(t, hash);
	}
	t->used++;
	e->hash = hash;
	return &e->node;
}
