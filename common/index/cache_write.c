/* cache_write.c - adding to the file of a cache's column (format and invariants: cache_column.c) */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/base/limits.h"
#include "common/index/cache_file.h"
#include "common/index/generation.h"
#include "common/maildir/dir.h"

enum { WORN_BLOCKS = 64 };

bool
column_put_header(int fd, const struct column *c, uint64_t generation)
{
	struct cache_file_header h = column_header(c, generation);

	return file_write_at(fd, &h, sizeof(h), 0);
}

/* The entries' data one behind the other, and where it lies now. */
static void
gather(struct cache_entry *entry, uint32_t count, const char *text, uint64_t generation,
       struct buf *data)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cache_entry *e = &entry[i];
		size_t n = e->length == CACHE_FORGOTTEN ? 0 : e->length;
		const char *value = text + e->at;

		e->at = (uint32_t)data->len;
		e->sum = column_value_sum(value, n, generation);
		buf_add(data, value, n);
	}
}

/* Invariant (2): the header last, and none yet where the next one will be. */
uint64_t
column_put_block(int fd, uint64_t generation, uint64_t at, struct cache_entry *entry,
                 uint32_t count, const char *text)
{
	static const char zero[CACHE_HEADER_BYTES];
	struct buf data = BUF_EMPTY, body = BUF_EMPTY;
	struct cache_block_header h;
	uint64_t end;
	bool done;

	gather(entry, count, text, generation, &data);
	memset(&h, 0, sizeof(h));
	h.count = count;
	h.length = (uint32_t)data.len;
	h.first = entry[0].key.uid;
	h.last = entry[count - 1].key.uid;
	h.entries_sum = column_part_sum(entry, count * sizeof(*entry), generation, at);
	h.data_sum = column_part_sum(data.len ? data.data : "", data.len, generation, at);
	h.own = column_block_sum(&h, generation, at);
	buf_add(&body, entry, count * sizeof(*entry));
	buf_span(&body, buf_view(&data));
	buf_add(&body, zero, sizeof(zero));
	end = at + CACHE_HEADER_BYTES + body.len - sizeof(zero);
	done = file_write_at(fd, body.data, body.len, at + CACHE_HEADER_BYTES) &&
	       file_write_at(fd, &h, sizeof(h), at);
	buf_free(&data);
	buf_free(&body);
	return done ? end : 0;
}

/* How many of these make one block. */
static uint32_t
fitting(const struct cache_entry *entry, uint32_t count)
{
	size_t length = 0;
	uint32_t n = 0;

	while (n < count && n < CACHE_BLOCK_ENTRIES && length < CACHE_BLOCK_BYTES) {
		length += entry[n].length == CACHE_FORGOTTEN ? 0 : entry[n].length;
		n++;
	}
	return n;
}

static bool
append(struct column *c)
{
	struct cache_waiting *w = &c->waiting;
	uint64_t end = c->end;

	for (uint32_t done = 0, n; done < w->count; done += n) {
		n = fitting(w->entry + done, w->count - done);
		end = column_put_block(c->fd, c->generation, end, w->entry + done, n, w->text.data);
		if (end == 0 || end > LIMIT_CACHE_BYTES)
			return false;
	}
	return column_walk(c);
}

/* Many small blocks, or many values that nobody can ask for any more. */
static bool
is_worn(const struct column *c, uint32_t messages)
{
	uint64_t entries = 0, data = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		entries += c->block[i].head.count;
		data += c->block[i].head.length;
	}
	return c->count > WORN_BLOCKS + 2 * data / CACHE_BLOCK_BYTES ||
	       entries > 2 * (uint64_t)messages + CACHE_BLOCK_ENTRIES ||
	       c->end + c->waiting.text.len > LIMIT_CACHE_BYTES / 2;
}

static bool
lock(int fd)
{
	while (flock(fd, LOCK_EX | LOCK_NB) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

/* A file without a byte of ours gets its header. */
static bool
begin_file(struct column *c)
{
	struct stat st;

	if (c->end > 0)
		return true;
	if (fstat(c->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return false;
	c->generation = generation_new(c, c->uidvalidity);
	c->end = CACHE_HEADER_BYTES;
	return column_put_header(c->fd, c, c->generation);
}

/*
 * Open, locked, still of its name, and known to its end.  False: not now, or not at all (is_off).
 */
static bool
take_file(struct column *c)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	c->is_fresh = false;
	column_refresh(c);
	if (c->is_off)
		return false;
	if (c->fd < 0)
		c->fd = openat(c->folder, c->file, c->must_rewrite ? flags : flags | O_CREAT, 0600);
	if (c->fd < 0)
		return c->must_rewrite; /* it cannot even be opened: nobody holds its lock */
	if (!lock(c->fd) || !column_is_there(c))
		return false;
	return c->must_rewrite || (begin_file(c) && column_walk(c));
}

void
column_write(struct column *c, const struct column_life *life)
{
	if (c->waiting.count == 0 || c->is_off)
		return;
	if (!take_file(c)) {
		column_forget_file(c);
		return;
	}
	if ((c->must_rewrite || is_worn(c, life->messages)) && !column_fold(c, life)) {
		c->is_off = true; /* a full disk, most likely: not at every command again */
		return;
	}
	if (append(c))
		column_drop_waiting(c);
	else
		c->is_off = !c->must_rewrite;
	flock(c->fd, LOCK_UN);
}
