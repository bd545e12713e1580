/*
 * map.c - linnet.map: all messages of a folder as they were at one moment
 *
 *	header | items, 64 bytes each | names | gone
 *
 * (1) The file is replaced by rename and never changed.  It is not fsynced: its
 *     sums tell what a power cut left of it, and losing it costs one look through the folder.
 * (2) Each section has its sum in the header, and the header its own.  Nothing is
 *     believed before its sum is seen; names are read only when they are needed.
 * (3) Whoever wrote the file, nothing in it leads out of its memory: items are
 *     in UID order, their names lie within the names, end in a NUL and have no slash.
 * (4) Numbers are in the order and with the padding of the machine that wrote
 *     it; another one ignores the file.
 */
#include "common/index/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/index/sum.h"
#include "common/maildir/dir.h"

enum { MAP_ORDER = 0x01020304, MAP_VERSION = 1 };

static const char map_name[] = "linnet.map";
static const char map_magic[8] = "linnetM";

struct header {
	char     magic[8];
	uint32_t order, version;
	uint32_t item_size, count;
	uint64_t generation, names_length, gone_count;
	uint64_t items_sum, names_sum, gone_sum;
	uint64_t own; /* of all above */
};

static uint64_t
body_length(const struct header *h)
{
	return (uint64_t)h->count * sizeof(struct item) + h->names_length + h->gone_count * sizeof(struct vanished);
}

static uint64_t
own_sum(const struct header *h)
{
	return sum_of(h, offsetof(struct header, own), MAP_VERSION);
}

void
map_free(struct map *m)
{
	items_free(&m->items);
	names_free(&m->names);
	free(m->gone);
	m->gone = NULL;
	m->gone_count = 0;
}

/* ---- reading ---- */

static bool
is_sound(const struct header *h, uint64_t file_size)
{
	if (memcmp(h->magic, map_magic, sizeof(h->magic)) != 0 || h->order != MAP_ORDER || h->version != MAP_VERSION ||
	    h->item_size != sizeof(struct item) || h->own != own_sum(h))
		return false;
	if (h->names_length > UINT32_MAX || h->gone_count > LIMIT_INDEX_GONE)
		return false;
	return file_size == sizeof(*h) + body_length(h);
}

static bool
read_at(int fd, void *to, size_t n, uint64_t from)
{
	char *at = to;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		from += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* Invariant (3). */
static bool
is_good_item(const struct item *it, uint32_t above, uint64_t names_length)
{
	return it->shown.uid > above && it->shown.uid != UINT32_MAX && it->base_length > 0 &&
	       it->base_length <= it->name_length && (uint64_t)it->name_at + it->name_length < names_length &&
	       !(it->flags & ~(uint32_t)FLAGS_SYSTEM) && !(it->letters >> 26) &&
	       (it->is_odd || it->name_length == it->base_length);
}

static bool
take_items(struct map *m, uint64_t names_length)
{
	uint32_t above = 0;

	for (uint32_t i = 0; i < m->items.count; i++) {
		struct item *it = &m->items.at[i];

		if (!is_good_item(it, above, names_length))
			return false;
		above = it->shown.uid;
		it->shown.flags = it->flags;
		it->shown.keywords = it->keywords = 0;
		it->is_told = true;
		it->is_gone = it->is_counted = false;
	}
	return true;
}

static bool
read_body(int fd, const struct header *h, struct map *m)
{
	size_t items = h->count * sizeof(struct item), gone = (size_t)h->gone_count * sizeof(struct vanished);

	items_fill(&m->items, h->count);
	m->gone_count = (size_t)h->gone_count;
	m->gone = calloc(m->gone_count + 1, sizeof(*m->gone));
	return m->gone && read_at(fd, m->items.at, items, sizeof(*h)) &&
	       read_at(fd, m->gone, gone, sizeof(*h) + items + h->names_length) &&
	       sum_of(m->items.at, items, h->generation) == h->items_sum && sum_of(m->gone, gone, h->generation) == h->gone_sum &&
	       take_items(m, h->names_length);
}

int
map_read(int folder, struct map *map_out)
{
	int fd = openat(folder, map_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct map m;
	struct header h;
	struct stat st;
	bool good;

	if (fd < 0)
		return -1;
	memset(&m, 0, sizeof(m));
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_at(fd, &h, sizeof(h), 0) &&
	       is_sound(&h, (uint64_t)st.st_size) && read_body(fd, &h, &m);
	if (!good) {
		close(fd);
		map_free(&m);
		errno = EBADMSG;
		return -1;
	}
	names_pending(&m.names, fd, sizeof(h) + h.count * sizeof(struct item), (size_t)h.names_length, h.names_sum);
	m.generation = h.generation;
	*map_out = m;
	return 0;
}

/* ---- writing ---- */

/* The living, cleared of what is of a session alone, with their names one behind the other. */
static void
collect(const struct items *items, struct names *names, struct buf *records, struct buf *text)
{
	buf_reserve(records, (size_t)items->count * sizeof(struct item) + 1);
	buf_reserve(text, names->length + names->added.len + 1);
	for (uint32_t i = 0; i < items->count; i++) {
		struct item it = *items_at(items, i);

		if (it.is_gone)
			continue;
		it.shown.flags = it.shown.keywords = it.keywords = 0;
		it.is_told = it.is_counted = false;
		memset(it.pad, 0, sizeof(it.pad));
		buf_add(text, names_base(names, &it), it.name_length);
		buf_byte(text, '\0');
		it.name_at = (uint32_t)(text->len - it.name_length - 1U);
		buf_add(records, &it, sizeof(it));
	}
}

static int
write_parts(int fd, struct header *h, const struct buf *records, const struct buf *text, const struct vanished *gone)
{
	size_t gone_bytes = (size_t)h->gone_count * sizeof(*gone);

	h->items_sum = sum_of(records->data, records->len, h->generation);
	h->names_sum = names_sum(text->data, text->len);
	h->gone_sum = sum_of(gone, gone_bytes, h->generation);
	h->own = own_sum(h);
	return file_write(fd, (const char *)h, sizeof(*h)) != 0 || file_write(fd, records->data, records->len) != 0 ||
	       file_write(fd, text->data, text->len) != 0 || file_write(fd, (const char *)gone, gone_bytes) != 0 ? -1 : 0;
}

int
map_write(int folder, uint64_t generation, const struct items *items, struct names *names,
          const struct vanished *gone, size_t gone_count)
{
	static const char tmp[] = "linnet.tmp.linnet.map";
	struct buf records = BUF_EMPTY, text = BUF_EMPTY;
	struct header h;
	int fd, failed = 0;

	if (!names_load(names)) {
		errno = EBADMSG;
		return -1;
	}
	unlinkat(folder, tmp, 0);
	fd = openat(folder, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	memset(&h, 0, sizeof(h));
	memcpy(h.magic, map_magic, sizeof(h.magic));
	collect(items, names, &records, &text);
	h.order = MAP_ORDER;
	h.version = MAP_VERSION;
	h.item_size = sizeof(struct item);
	h.count = (uint32_t)(records.len / sizeof(struct item));
	h.generation = generation;
	h.names_length = text.len;
	h.gone_count = gone_count;
	if (write_parts(fd, &h, &records, &text, gone) != 0)
		failed = errno;
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (!failed && renameat(folder, tmp, folder, map_name) != 0)
		failed = errno;
	if (failed)
		unlinkat(folder, tmp, 0);
	buf_free(&records);
	buf_free(&text);
	errno = failed;
	return failed ? -1 : 0;
}
