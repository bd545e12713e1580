/* cache_read.c - reading the file of a cache's column (format and invariants: cache_column.c) */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/index/cache_file.h"
#include "common/index/sum.h"
#include "common/maildir/dir.h"

enum { CACHE_ORDER = 0x01020304, CACHE_FORM = 1 };

static const char magic[8] = "linnetC";

enum {
	HEADERS_FIT = 1 / (sizeof(struct cache_file_header) == CACHE_HEADER_BYTES &&
	                   sizeof(struct cache_block_header) <= CACHE_HEADER_BYTES)
};

uint64_t
column_header_sum(const struct cache_file_header *h)
{
	return sum_of(h, offsetof(struct cache_file_header, own), CACHE_FORM);
}

uint64_t
column_block_sum(const struct cache_block_header *h, uint64_t generation, uint64_t at)
{
	return sum_of(h, offsetof(struct cache_block_header, own), generation + at);
}

uint64_t
column_part_sum(const void *bytes, size_t n, uint64_t generation, uint64_t at)
{
	return sum_of(bytes, n, generation ^ at);
}

uint32_t
column_value_sum(const void *bytes, size_t n, uint64_t generation)
{
	return (uint32_t)sum_of(bytes, n, generation);
}

struct cache_file_header
column_header(const struct column *c, uint64_t generation)
{
	struct cache_file_header h;

	memset(&h, 0, sizeof(h));
	memcpy(h.magic, magic, sizeof(h.magic));
	h.order = CACHE_ORDER;
	h.form = CACHE_FORM;
	h.version = c->version;
	h.uidvalidity = c->uidvalidity;
	h.generation = generation;
	memcpy(h.name, c->file, strnlen(c->file, sizeof(h.name)));
	h.own = column_header_sum(&h);
	return h;
}

/* Invariant (1): this block is not there. */
static bool
is_damaged(struct column *c, struct cache_block *b)
{
	if (b)
		b->is_bad = true;
	c->must_rewrite = true;
	c->trouble = c->file;
	return false;
}

/* ---- the chain of blocks ---- */

static uint64_t
block_bytes(const struct cache_block_header *h)
{
	return CACHE_HEADER_BYTES + (uint64_t)h->count * sizeof(struct cache_entry) + h->length;
}

static bool
is_sound(const struct column *c, const struct cache_block_header *h, uint64_t at, uint64_t size)
{
	return h->own == column_block_sum(h, c->generation, at) && h->count > 0 &&
	       h->count <= CACHE_BLOCK_ENTRIES && h->length <= CACHE_BLOCK_MOST &&
	       h->first <= h->last && block_bytes(h) <= size - at;
}

static void
add_block(struct column *c, uint64_t at, const struct cache_block_header *h)
{
	struct cache_block *b;

	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 16;
		c->block = realloc(c->block, c->room * sizeof(*c->block));
		if (!c->block)
			die("out of memory: %u blocks of a cache", c->room);
	}
	for (uint32_t i = 0; i < c->count; i++)
		if (c->block[i].head.first <= h->last && h->first <= c->block[i].head.last)
			c->block[i].is_covered = true;
	b = &c->block[c->count++];
	memset(b, 0, sizeof(*b));
	b->at = at;
	b->head = *h;
}

static bool
is_zero(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

bool
column_walk(struct column *c)
{
	struct stat st;
	uint64_t size;

	if (fstat(c->fd, &st) != 0 || (uint64_t)st.st_size > LIMIT_CACHE_BYTES)
		return is_damaged(c, NULL);
	size = (uint64_t)st.st_size;
	while (c->end + CACHE_HEADER_BYTES <= size && c->count < LIMIT_CACHE_BLOCKS) {
		char bytes[CACHE_HEADER_BYTES];
		struct cache_block_header h;

		if (!file_read_at(c->fd, bytes, sizeof(bytes), c->end))
			break;
		memcpy(&h, bytes, sizeof(h));
		if (is_zero(bytes, sizeof(bytes)))
			break;
		if (!is_sound(c, &h, c->end, size))
			return is_damaged(c, NULL);
		add_block(c, c->end, &h);
		c->end += block_bytes(&h);
	}
	return c->count < LIMIT_CACHE_BLOCKS || is_damaged(c, NULL);
}

/* ---- opening ---- */

static bool
is_ours(struct column *c)
{
	struct cache_file_header h, wanted;
	struct stat st;

	if (fstat(c->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return is_damaged(c, NULL);
	if (st.st_size == 0) /* somebody is just making it */
		return false;
	if (!file_read_at(c->fd, &h, sizeof(h), 0))
		return is_damaged(c, NULL);
	wanted = column_header(c, h.generation);
	if (memcmp(&h, &wanted, sizeof(h)) != 0)
		return is_damaged(c, NULL);
	c->generation = h.generation;
	c->end = sizeof(h);
	return true;
}

static void
open_file(struct column *c)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	c->fd = openat(c->folder, c->file, O_RDWR | flags);
	if (c->fd < 0 && (errno == EACCES || errno == EROFS)) {
		c->is_off = true;
		c->fd = openat(c->folder, c->file, O_RDONLY | flags);
	}
	if (c->fd < 0) {
		if (errno != ENOENT)
			is_damaged(c, NULL);
		return;
	}
	if (!is_ours(c))
		column_forget_file(c);
}

/* Is it still the file of that name?  Another session may have folded it. */
bool
column_is_there(const struct column *c)
{
	struct stat mine, there;

	return fstat(c->fd, &mine) == 0 &&
	       fstatat(c->folder, c->file, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

void
column_refresh(struct column *c)
{
	if (c->is_fresh)
		return;
	c->is_fresh = true;
	if (c->fd >= 0 && !column_is_there(c))
		column_forget_file(c);
	if (c->fd < 0 && !c->must_rewrite)
		open_file(c);
	if (c->fd >= 0)
		column_walk(c);
}

/* ---- what is in a block ---- */

static bool
are_good(const struct cache_block *b, const struct cache_entry *entry)
{
	const struct cache_block_header *h = &b->head;
	uint32_t above = 0;

	for (uint32_t i = 0; i < h->count; i++) {
		const struct cache_entry *e = &entry[i];

		if (e->key.uid <= above || e->at > h->length ||
		    (e->length != CACHE_FORGOTTEN && e->length > h->length - e->at))
			return false;
		above = e->key.uid;
	}
	return entry[0].key.uid == h->first && above == h->last;
}

bool
column_load_entries(struct column *c, struct cache_block *b)
{
	size_t n = b->head.count * sizeof(struct cache_entry);
	struct cache_entry *entry;

	if (b->entry)
		return true;
	entry = malloc(n);
	if (!entry)
		die("out of memory: %zu bytes of a cache", n);
	if (!file_read_at(c->fd, entry, n, b->at + CACHE_HEADER_BYTES) ||
	    column_part_sum(entry, n, c->generation, b->at) != b->head.entries_sum ||
	    !are_good(b, entry)) {
		free(entry);
		return is_damaged(c, b);
	}
	b->entry = entry;
	return true;
}

static uint64_t
data_at(const struct cache_block *b)
{
	return b->at + CACHE_HEADER_BYTES + b->head.count * sizeof(struct cache_entry);
}

bool
column_load_data(struct column *c, uint32_t number)
{
	struct cache_block *b = &c->block[number];

	c->loaded = UINT32_MAX;
	buf_reset(&c->data);
	if (!file_read_at(c->fd, buf_reserve(&c->data, b->head.length + 1), b->head.length,
	                  data_at(b)) ||
	    column_part_sum(c->data.data, b->head.length, c->generation, b->at) != b->head.data_sum)
		return is_damaged(c, b);
	c->loaded = number;
	return true;
}

bool
column_read_one(struct column *c, struct cache_block *b, const struct cache_entry *e,
                struct span *value_out)
{
	buf_reset(&c->one);
	if (!file_read_at(c->fd, buf_reserve(&c->one, e->length + 1), e->length,
	                  data_at(b) + e->at) ||
	    column_value_sum(c->one.data, e->length, c->generation) != e->sum)
		return is_damaged(c, b);
	*value_out = span_make(c->one.data, e->length);
	return true;
}
