/*
 * arena.c - memory that is given back all at once
 *
 * Blocks are chained newest first; a request that does not fit opens a new
 * block of at least BLOCK_BYTES.  After a reset only the oldest block stays,
 * so an idle session holds one page of it.
 */
#include "common/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/die.h"

enum { BLOCK_BYTES = 4096 - 32, ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t              room;
	char                data[] __attribute__((aligned(ALIGN)));
};

static void
open_block(struct arena *a, size_t n)
{
	size_t room = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct arena_block *b = n < SIZE_MAX / 2 ? malloc(sizeof(*b) + room) : NULL;

	if (!b)
		die("out of memory: %zu bytes", n);
	b->older = a->block;
	b->room = room;
	a->block = b;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *got;

	if (n > SIZE_MAX / 2)
		die("out of memory: %zu bytes", n);
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->block || n > a->block->room - a->used)
		open_block(a, n);
	got = a->block->data + a->used;
	a->used += n;
	a->total += n;
	return got;
}

void *
arena_zero(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / 2 / size)
		die("out of memory: %zu elements of %zu bytes", count, size);
	return arena_zero(a, count * size);
}

char *
arena_string(struct arena *a, struct span s)
{
	char *copy = arena_alloc(a, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct span
arena_copy(struct arena *a, struct span s)
{
	return span_make(arena_string(a, s), s.len);
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		bug("a format that vsnprintf refuses: %s", format);
	text = arena_alloc(a, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}

void *
arena_grow(struct arena *a, void *old, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 16;
	void *bigger;

	if (count < *room)
		return old;
	if (wanted > SIZE_MAX / 2 / size)
		die("out of memory: %zu elements of %zu bytes", wanted, size);
	bigger = arena_alloc(a, wanted * size);
	if (count > 0)
		memcpy(bigger, old, count * size);
	*room = wanted;
	return bigger;
}

struct arena_mark
arena_mark(const struct arena *a)
{
	struct arena_mark m = { a->block, a->used, a->total };

	return m;
}

void
arena_release(struct arena *a, struct arena_mark m)
{
	while (a->block != m.block) {
		struct arena_block *older = a->block->older;

		free(a->block);
		a->block = older;
	}
	a->used = m.used;
	a->total = m.total;
}

void
arena_reset(struct arena *a)
{
	while (a->block && (a->block->older || a->block->room > BLOCK_BYTES)) {
		struct arena_block *older = a->block->older;

		free(a->block);
		a->block = older;
	}
	a->used = 0;
	a->total = 0;
}

void
arena_free(struct arena *a)
{
	arena_release(a, (struct arena_mark){ NULL, 0, 0 });
}
