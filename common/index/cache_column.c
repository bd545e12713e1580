/*
 * cache_column.c - linnet.cache.NAME: one value for each message, in blocks that are only added
 *
 *	header, 64 bytes | block | block ...
 *	block: header, 64 bytes | entries sorted by UID, 24 bytes each | data | 64 zero bytes,
 *	where the next block's header will be
 *
 * (1) The file may be deleted, cut or damaged at any moment.  Each header, the entries of a block,
 *     its data as a whole and each value have sums, tied to the file's generation and the block's
 *     place; every number is checked against what it counts.  What is not right is not there,
 *     and the next write makes the file anew of the rest.
 * (2) Readers take no lock.  Writers hold a flock() on the file; who does not get it at once keeps
 *     his values for later.  A block's header is written last: until then it is not there.
 * (3) What is written is never changed.  A newer value stands in a later block and hides the older.
 * (4) A file that is to be without its dead and hidden values is written anew and takes the place
 *     of the old one by rename, under the lock of that; who has the old one open may go on reading.
 *     So a writer who got the lock looks whether its file still has the name.
 * (5) Nothing is fsynced.
 * (6) Numbers are in the order and with the padding of the machine that wrote it; another one
 *     ignores the file, and so does another version and a mailbox of another UIDVALIDITY.
 */
#include "common/index/cache_column.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/index/cache_file.h"
#include "common/index/sum.h"

enum { SMALL_BYTES = 8 * 1024 /* so much is read at once rather than value by value */ };

void
column_open(struct column *c, int folder, const char *file, uint32_t version, uint32_t uidvalidity)
{
	memset(c, 0, sizeof(*c));
	c->folder = folder;
	c->file = file;
	c->version = version;
	c->uidvalidity = uidvalidity;
	c->fd = -1;
	c->loaded = UINT32_MAX;
}

void
column_forget_file(struct column *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		free(c->block[i].entry);
	c->count = c->hint = 0;
	c->loaded = UINT32_MAX;
	c->end = 0;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void
column_close(struct column *c)
{
	column_forget_file(c);
	free(c->block);
	free(c->waiting.entry);
	buf_free(&c->waiting.text);
	buf_free(&c->data);
	buf_free(&c->one);
	c->block = NULL;
	c->waiting.entry = NULL;
	c->count = c->room = c->waiting.count = c->waiting.room = 0;
}

void
column_settle(struct column *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		free(c->block[i].entry);
		c->block[i].entry = NULL;
	}
	buf_free(&c->data);
	buf_free(&c->one);
	c->loaded = UINT32_MAX;
	c->is_fresh = false;
}

/* ---- finding ---- */

/* The first entry with this UID or a larger one. */
static uint32_t
entry_at_or_behind(const struct cache_entry *entry, uint32_t count, uint32_t uid)
{
	uint32_t low = 0;

	while (low < count) {
		uint32_t middle = low + (count - low) / 2;

		if (entry[middle].key.uid < uid)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

static const struct cache_entry *
find_entry(const struct cache_entry *entry, uint32_t count, uint32_t uid)
{
	uint32_t at = entry_at_or_behind(entry, count, uid);

	return at < count && entry[at].key.uid == uid ? &entry[at] : NULL;
}

/* Mostly messages are asked after one behind the other. */
static const struct cache_entry *
entry_of_block(struct column *c, uint32_t number, uint32_t uid)
{
	struct cache_block *b = &c->block[number];

	if (uid < b->head.first || uid > b->head.last || b->is_bad || !column_load_entries(c, b))
		return NULL;
	if (number == c->hint && c->next < b->head.count && b->entry[c->next].key.uid == uid)
		return &b->entry[c->next];
	return find_entry(b->entry, b->head.count, uid);
}

/* The newest, and its block. */
static const struct cache_entry *
find_written(struct column *c, uint32_t uid, uint32_t *block_out)
{
	const struct cache_entry *e = NULL;

	if (c->hint < c->count && !c->block[c->hint].is_covered)
		e = entry_of_block(c, c->hint, uid);
	*block_out = c->hint;
	for (uint32_t i = c->count; !e && i-- > 0;) {
		e = entry_of_block(c, i, uid);
		*block_out = i;
	}
	return e;
}

static bool
is_found(const struct cache_entry *e, uint32_t name, struct cache_key *key_out)
{
	if (!e || e->length == CACHE_FORGOTTEN || e->key.name != name)
		return false;
	*key_out = e->key;
	return true;
}

/* All of a block's data where more of it is likely to be wanted, this value alone else. */
static bool
read_value(struct column *c, uint32_t number, const struct cache_entry *e, struct span *value_out)
{
	struct cache_block *b = &c->block[number];
	bool is_next = c->hint == number;

	c->hint = number;
	c->next = (uint32_t)(e - b->entry) + 1;
	if (c->loaded != number && (is_next || b->head.length <= SMALL_BYTES) &&
	    !column_load_data(c, number))
		return false;
	if (c->loaded == number) {
		*value_out = span_make(c->data.data + e->at, e->length);
		return true;
	}
	return column_read_one(c, b, e, value_out);
}

bool
column_find(struct column *c, uint32_t uid, uint32_t name, struct cache_key *key_out,
            struct span *value_out)
{
	const struct cache_entry *e = find_entry(c->waiting.entry, c->waiting.count, uid);
	uint32_t number;

	if (e) {
		if (!is_found(e, name, key_out))
			return false;
		*value_out = span_make(c->waiting.text.data + e->at, e->length);
		return true;
	}
	column_refresh(c);
	e = find_written(c, uid, &number);
	return is_found(e, name, key_out) && read_value(c, number, e, value_out);
}

/* ---- keeping ---- */

static struct cache_entry *
insert(struct cache_waiting *w, uint32_t uid)
{
	uint32_t at = w->count;

	if (at > 0 && w->entry[at - 1].key.uid >= uid)
		at = entry_at_or_behind(w->entry, w->count, uid);
	if (at < w->count && w->entry[at].key.uid == uid)
		return &w->entry[at];
	if (w->count == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->entry = realloc(w->entry, w->room * sizeof(*w->entry));
		if (!w->entry)
			die("out of memory: %u values to be cached", w->room);
	}
	memmove(&w->entry[at + 1], &w->entry[at], (w->count - at) * sizeof(*w->entry));
	w->count++;
	return &w->entry[at];
}

void
column_keep(struct column *c, const struct cache_key *key, struct span value)
{
	struct cache_waiting *w = &c->waiting;
	struct cache_entry *e;

	if (value.len > LIMIT_CACHE_VALUE)
		return;
	if (w->text.len > LIMIT_CACHE_MEMORY)
		column_drop_waiting(c);
	e = insert(w, key->uid);
	e->key = *key;
	e->at = (uint32_t)w->text.len;
	e->length = value.at ? (uint32_t)value.len : CACHE_FORGOTTEN;
	e->sum = 0;
	buf_add(&w->text, value.len > 0 ? value.at : "", value.len);
}

void
column_drop_waiting(struct column *c)
{
	c->waiting.count = 0;
	buf_reset(&c->waiting.text);
}
