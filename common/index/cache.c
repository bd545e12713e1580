/*
 * cache.c - what was computed of messages once, kept for this session and all later ones
 *
 * (1) A value belongs to a UID of the mailbox's UIDVALIDITY, to the base name of the message's
 *     file, and to the size and mtime that the file had: a uidlist that came from a backup, or a
 *     file changed in place (W07), makes what was kept not be found.
 * (2) The file is not asked for its state each time: that would cost as much as the answer.
 *     It is when it is open anyway, or when a command wants few messages (cache_look()).
 * (3) Whatever fails here, fails in silence: a cache that cannot be written is one of this session.
 */
#include "common/index/cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/index/cache_column.h"
#include "common/index/cache_file.h"
#include "common/index/mailbox_inside.h"
#include "common/index/sum.h"

enum { SETTLE_VALUES = 64 /* fewer wait for more, or for the mailbox to be closed */ };

/* The version is raised whenever the form of a value changes, or how it is computed. */
static const struct {
	const char *file;
	uint32_t    version;
} kinds[CACHE_KINDS] = {
	[CACHE_ENVELOPE]  = { "linnet.cache.envelope",  1 },
	[CACHE_STRUCTURE] = { "linnet.cache.structure", 1 },
	[CACHE_BODY]      = { "linnet.cache.body",      1 },
	[CACHE_FIELDS]    = { "linnet.cache.fields",    1 },
	[CACHE_COUNTS]    = { "linnet.cache.counts",    1 },
	[CACHE_PREVIEW]   = { "linnet.cache.preview",   1 },
	[CACHE_SENT]      = { "linnet.cache.sent",      1 },
	[CACHE_SORT]      = { "linnet.cache.sort",      1 },
	[CACHE_THREAD]    = { "linnet.cache.thread",    1 },
	[CACHE_SEARCH]    = { "linnet.cache.search",    1 },
};

struct cache {
	struct column column[CACHE_KINDS];
	struct cache_key here; /* the message asked for last; file 0: not looked at */
};

static struct cache *
cache_of(struct mailbox *box)
{
	struct cache *c = box->cache;

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		die("out of memory: a cache");
	for (int i = 0; i < CACHE_KINDS; i++) {
		column_open(&c->column[i], box->place, kinds[i].file, kinds[i].version,
		            box->uidvalidity);
		c->column[i].is_off = !box->can_assign || box->place < 0;
	}
	box->cache = c;
	return c;
}

static uint32_t
name_sum(struct mailbox *box, const struct item *it)
{
	return (uint32_t)sum_of(names_base(&box->names, it), it->base_length, 0);
}

/* Make message number the one at hand.  False: its name is not known now. */
static bool
take_up(struct mailbox *box, struct cache *c, uint32_t number)
{
	const struct item *it = items_at(&box->items, number - 1);

	if (c->here.uid == it->shown.uid)
		return true;
	if (!names_has(&box->names, it))
		return false;
	c->here = (struct cache_key){ it->shown.uid, name_sum(box, it), 0 };
	return true;
}

static uint32_t
file_sum(const struct stat *st)
{
	const int64_t state[3] = { st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec };
	uint32_t sum = (uint32_t)sum_of(state, sizeof(state), 0);

	return sum ? sum : 1;
}

bool
cache_look(struct mailbox *box, uint32_t number, const struct stat *st)
{
	struct cache *c = cache_of(box);
	struct stat asked;

	if (!st && box_stat(box, number, &asked) != 0)
		return false;
	if (take_up(box, c, number))
		c->here.file = file_sum(st ? st : &asked);
	return true;
}

bool
cached(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span *value_out)
{
	struct cache *c = cache_of(box);
	struct cache_key key;
	struct span value;

	if (!take_up(box, c, number) ||
	    !column_find(&c->column[kind], c->here.uid, c->here.name, &key, &value) ||
	    (c->here.file && key.file != c->here.file))
		return false;
	*value_out = value;
	return true;
}

/* ---- writing ---- */

/* Expunged, or another message: it is left out when a column is folded. */
static bool
is_dead(void *context, const struct cache_key *key)
{
	struct mailbox *box = context;
	uint32_t index = box_index_of(box, key->uid);
	const struct item *it = index == UINT32_MAX ? NULL : items_at(&box->items, index);

	return !it || it->is_gone || name_sum(box, it) != key->name;
}

static void
write_column(struct mailbox *box, struct column *column)
{
	struct column_life life = { is_dead, box, box->items.count };

	if (!box->is_lost && names_load(&box->names))
		column_write(column, &life);
}

void
cache_keep(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span value)
{
	struct cache *c = cache_of(box);
	struct column *column = &c->column[kind];

	if (!take_up(box, c, number) || (!c->here.file && !cache_look(box, number, NULL)))
		return;
	column_keep(column, &c->here, value);
	if (column->waiting.count >= CACHE_BLOCK_ENTRIES ||
	    column->waiting.text.len >= CACHE_BLOCK_BYTES)
		write_column(box, column);
}

void
cache_drop(struct mailbox *box, uint32_t number)
{
	struct cache *c = box->cache ? box->cache : cache_of(box);
	struct cache_key key;
	struct span value;

	if (!take_up(box, c, number))
		return;
	for (int i = 0; i < CACHE_KINDS; i++)
		if (column_find(&c->column[i], c->here.uid, c->here.name, &key, &value))
			column_keep(&c->column[i], &key, SPAN_NONE);
}

const char *
cache_settle(struct mailbox *box)
{
	struct cache *c = box->cache;
	const char *trouble = NULL;

	if (!c)
		return NULL;
	for (int i = 0; i < CACHE_KINDS; i++) {
		struct column *column = &c->column[i];

		if (column->waiting.count >= SETTLE_VALUES)
			write_column(box, column);
		if (column->trouble)
			trouble = column->trouble;
		column->trouble = NULL;
		column_settle(column);
	}
	c->here = (struct cache_key){ 0, 0, 0 };
	return trouble;
}

void
cache_close(struct mailbox *box)
{
	struct cache *c = box->cache;

	if (!c)
		return;
	for (int i = 0; i < CACHE_KINDS; i++) {
		write_column(box, &c->column[i]);
		column_close(&c->column[i]);
	}
	free(c);
	box->cache = NULL;
}
