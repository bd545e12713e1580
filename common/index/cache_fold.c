/* cache_fold.c - the file of a cache's column anew, without what is dead, hidden or damaged */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/index/cache_file.h"
#include "common/index/generation.h"
#include "common/maildir/dir.h"

/* A value as it stands in the old file. */
struct place {
	uint32_t uid, block, entry;
};

struct fold {
	struct column *c;
	int            fd;
	uint64_t       generation, end;
	struct cache_entry entry[CACHE_BLOCK_ENTRIES]; /* of the block being filled */
	uint32_t       count;
	struct buf     text;
};

/* By UID, the newest first. */
static int
compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return a->block > b->block ? -1 : a->block < b->block;
}

static uint32_t
collect(struct column *c, struct place **places_out)
{
	uint64_t room = 0;
	struct place *place;
	uint32_t count = 0;

	for (uint32_t i = 0; i < c->count; i++)
		room += c->block[i].head.count;
	place = malloc((size_t)room * sizeof(*place) + 1);
	if (!place)
		die("out of memory: %llu values of a cache", (unsigned long long)room);
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->block[i].is_bad || !column_load_entries(c, &c->block[i]))
			continue;
		for (uint32_t k = 0; k < c->block[i].head.count; k++)
			place[count++] = (struct place){ c->block[i].entry[k].key.uid, i, k };
	}
	if (count > 0)
		qsort(place, count, sizeof(*place), compare);
	*places_out = place;
	return count;
}

static bool
put_block(struct fold *f)
{
	if (f->count == 0)
		return true;
	f->end = column_put_block(f->fd, f->generation, f->end, f->entry, f->count,
	                          f->text.len ? f->text.data : "");
	f->count = 0;
	buf_reset(&f->text);
	return f->end > 0 && f->end <= LIMIT_CACHE_BYTES / 2;
}

/* One value into the new file; false: it cannot be written. */
static bool
take(struct fold *f, const struct place *p, const struct column_life *life)
{
	struct column *c = f->c;
	struct cache_entry e = c->block[p->block].entry[p->entry];
	struct span value;

	if (e.length == CACHE_FORGOTTEN || life->is_dead(life->context, &e.key))
		return true;
	if (c->loaded != p->block && !column_load_data(c, p->block))
		return true;
	value = span_make(c->data.data + e.at, e.length);
	e.at = (uint32_t)f->text.len;
	buf_span(&f->text, value);
	f->entry[f->count++] = e;
	return (f->count < CACHE_BLOCK_ENTRIES && f->text.len < CACHE_BLOCK_BYTES) || put_block(f);
}

static bool
copy_living(struct fold *f, const struct column_life *life)
{
	struct place *place;
	uint32_t count = collect(f->c, &place), before = 0;
	bool done = true;

	for (uint32_t i = 0; done && i < count; i++) {
		if (place[i].uid == before || f->c->block[place[i].block].is_bad)
			continue;
		before = place[i].uid;
		done = take(f, &place[i], life);
	}
	free(place);
	return done && put_block(f);
}

/* The column is from now on the new file, which is locked before it gets its name. */
static void
become(struct column *c, const struct fold *f)
{
	column_forget_file(c);
	c->fd = f->fd;
	c->generation = f->generation;
	c->end = CACHE_HEADER_BYTES;
	c->must_rewrite = false;
	column_walk(c);
}

bool
column_fold(struct column *c, const struct column_life *life)
{
	struct fold *f = calloc(1, sizeof(*f));
	char tmp[64];
	bool done;

	if (!f)
		die("out of memory: a cache");
	snprintf(tmp, sizeof(tmp), "linnet.tmp.%s", c->file);
	unlinkat(c->folder, tmp, 0);
	f->c = c;
	f->generation = generation_new(c, c->uidvalidity);
	f->end = CACHE_HEADER_BYTES;
	f->fd = file_open(c->folder, tmp, O_RDWR | O_CREAT | O_EXCL);
	done = f->fd >= 0 && flock(f->fd, LOCK_EX | LOCK_NB) == 0 &&
	       column_put_header(f->fd, c, f->generation) && copy_living(f, life) &&
	       renameat(c->folder, tmp, c->folder, c->file) == 0;
	if (done) {
		become(c, f);
	} else if (f->fd >= 0) {
		close(f->fd);
		unlinkat(c->folder, tmp, 0);
	}
	buf_free(&f->text);
	free(f);
	return done;
}
