/*
 * map.c - linnet.map: all messages of a folder as they were at one moment
 *
 *	header | parts, what is in each | items, 64 bytes each | names | gone
 *
 * A part is 1024 messages (the last one less) that stand one behind the other, items
 * as well as names.  Opening reads header, parts and gone; the items of a part are
 * read when one of them is needed, its names when one of those is.
 *
 * (1) The file is replaced by rename and never changed.  It is not fsynced: its
 *     sums tell what a power cut left of it, and losing it costs one look through the folder.
 * (2) Each section and each part has its sum.  Nothing is believed before its
 *     sum is seen.
 * (3) Whoever wrote the file, nothing in it leads out of its memory: items are
 *     in UID order, their names lie within the names of the part, end in a NUL and have no slash.
 * (4) Numbers are in the order and with the padding of the machine that wrote
 *     it; another one ignores the file.
 * (5) It is read, not mapped: a file that somebody cuts would kill the session that touches
 *     it.  A part that cannot be read later makes the session give up the mailbox; who
 *     opens it next finds no map and looks through the folder.  Small maps are read whole at once.
 */
#include "common/index/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/index/map_file.h"
#include "common/maildir/dir.h"

/* An open map, as the source of items. */
struct map_source {
	struct items_source base;
	int                 fd;
	struct map_header   h;
	struct map_part    *part;
};

void
map_free(struct map *m)
{
	items_free(&m->items);
	names_free(&m->names);
	free(m->gone);
	m->gone = NULL;
	m->gone_count = 0;
}

void
map_remove(int folder)
{
	unlinkat(folder, MAP_NAME, 0);
}

static bool
is_sound(const struct map_header *h, uint64_t file_size)
{
	if (memcmp(h->magic, map_magic, sizeof(h->magic)) != 0 || h->order != MAP_ORDER ||
	    h->version != MAP_VERSION || h->item_size != sizeof(struct item) ||
	    h->own != map_own_sum(h))
		return false;
	if (h->names_length > UINT32_MAX || h->gone_count > LIMIT_INDEX_GONE || h->parts > h->count)
		return false;
	return file_size == map_gone_at(h) + h->gone_count * sizeof(struct vanished);
}

/* ---- a part ---- */

/* Invariant (3). */
static bool
is_good_item(const struct item *it, uint32_t above, const struct map_part *p)
{
	return it->shown.uid > above && it->shown.uid <= p->last_uid && it->base_length > 0 &&
	       it->base_length <= it->name_length && it->name_at >= p->names_at &&
	       (uint64_t)it->name_at + it->name_length < p->names_at + p->names_length &&
	       !(it->flags & ~(uint32_t)FLAGS_SYSTEM) && !(it->letters >> 26) &&
	       (it->is_odd || it->name_length == it->base_length);
}

static bool
take_items(struct item *it, const struct map_part *p)
{
	uint32_t above = p->first_uid - 1;

	for (const struct item *end = it + p->count; it < end; it++) {
		if (!is_good_item(it, above, p))
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
read_part(struct items_source *base, uint32_t number, struct item *to, uint32_t count)
{
	const struct map_source *s = (const struct map_source *)base;
	const struct map_part *p = &s->part[number];
	uint64_t at = map_items_at(&s->h) + (uint64_t)number * ITEMS_PART * sizeof(*to);

	return count == p->count && file_read_at(s->fd, to, count * sizeof(*to), at) &&
	       sum_of(to, count * sizeof(*to), s->h.generation + number) == p->items_sum &&
	       take_items(to, p);
}

static void
close_source(struct items_source *base)
{
	struct map_source *s = (struct map_source *)base;

	if (s->fd >= 0)
		close(s->fd);
	free(s->part);
	free(s);
}

/* ---- all of it ---- */

/* All but the last are full, so that a part's place follows from its number. */
static bool
are_good_parts(const struct map_source *s)
{
	uint64_t count = 0, names = 0;
	uint32_t above = 0;

	for (uint32_t i = 0; i < s->h.parts; i++) {
		const struct map_part *p = &s->part[i];

		if (p->count == 0 || p->count > ITEMS_PART ||
		    (p->count < ITEMS_PART && i + 1 < s->h.parts) || p->first_uid <= above ||
		    p->last_uid < p->first_uid || p->last_uid == UINT32_MAX ||
		    p->last_uid - p->first_uid < p->count - 1 || p->names_at != names ||
		    p->names_length > s->h.names_length - names)
			return false;
		above = p->last_uid;
		count += p->count;
		names += p->names_length;
	}
	return count == s->h.count && names == s->h.names_length;
}

static bool
read_parts(struct map_source *s)
{
	size_t n = s->h.parts * sizeof(*s->part);

	s->part = malloc(n + 1);
	return s->part && file_read_at(s->fd, s->part, n, sizeof(s->h)) &&
	       sum_of(s->part, n, s->h.generation) == s->h.parts_sum && are_good_parts(s);
}

static bool
read_gone(const struct map_source *s, struct map *m)
{
	size_t n = s->h.gone_count * sizeof(*m->gone);

	m->gone_count = s->h.gone_count;
	m->gone = malloc(n + 1);
	return m->gone && file_read_at(s->fd, m->gone, n, map_gone_at(&s->h)) &&
	       sum_of(m->gone, n, s->h.generation) == s->h.gone_sum;
}

/* Names have a descriptor of their own, so that each may be closed for itself. */
static bool
begin_names(const struct map_source *s, struct names *names)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return false;
	names_from(names, fd, map_names_at(&s->h), s->h.parts);
	for (uint32_t i = 0; i < s->h.parts; i++)
		names_add_part(names, (size_t)s->part[i].names_length, s->part[i].names_sum);
	return true;
}

static bool
begin_items(struct map_source *s, struct items *items)
{
	struct items_part *part = malloc(s->h.parts * sizeof(*part) + 1);

	for (uint32_t i = 0; part && i < s->h.parts; i++)
		part[i] = (struct items_part){ s->part[i].first_uid, s->part[i].last_uid,
			                       s->part[i].count, s->part[i].unseen,
			                       s->part[i].in_new, s->part[i].deleted,
			                       s->part[i].modseq };
	if (part)
		items_from(items, &s->base, part, s->h.parts);
	free(part);
	return part != NULL;
}

int
map_read(int folder, struct map *map_out)
{
	struct map_source *s = calloc(1, sizeof(*s));
	struct map m;
	struct stat st;

	if (!s)
		return -1;
	memset(&m, 0, sizeof(m));
	s->base.read = read_part;
	s->base.close = close_source;
	s->fd = file_open(folder, MAP_NAME, O_RDONLY | O_NONBLOCK);
	if (s->fd < 0) {
		free(s);
		return -1;
	}
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_at(s->fd, &s->h, sizeof(s->h), 0) && is_sound(&s->h, (uint64_t)st.st_size) &&
	    read_parts(s) && read_gone(s, &m) && begin_names(s, &m.names) &&
	    begin_items(s, &m.items)) {
		m.generation = s->h.generation;
		*map_out = m;
		return 0;
	}
	close_source(&s->base);
	map_free(&m);
	errno = EBADMSG;
	return -1;
}
