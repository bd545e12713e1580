/* map_write.c - linnet.map: writing a new one, part by part (invariants: map.c) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/index/map.h"
#include "common/index/map_file.h"
#include "common/maildir/dir.h"

struct map_writer {
	int                 fd;
	struct map_header   h;
	struct map_part    *part;
	const struct items *items;
	struct names       *names;
	uint32_t            next;  /* index of the next item to write */
	struct buf          records, text;
};

static uint32_t
count_living(const struct items *items)
{
	uint32_t count = items->count;

	for (uint32_t i = 0; (i = items_next(items, i, ITEMS_GONE)) < items->count; i++)
		count -= items_look(items, i)->is_gone;
	return count;
}

/* Cleared of what is of a session alone. */
static void
add_item(struct map_writer *w, struct map_part *p, const struct item *from)
{
	struct item it = *from;

	it.shown.flags = it.shown.keywords = it.keywords = 0;
	it.is_told = it.is_counted = false;
	memset(it.pad, 0, sizeof(it.pad));
	it.name_at = (uint32_t)(w->h.names_length + w->text.len);
	buf_add(&w->text, names_base(w->names, from), it.name_length);
	buf_byte(&w->text, '\0');
	buf_add(&w->records, &it, sizeof(it));
	if (p->count++ == 0)
		p->first_uid = it.shown.uid;
	p->last_uid = it.shown.uid;
	if (p->modseq < it.shown.modseq)
		p->modseq = it.shown.modseq;
	p->unseen += !(it.flags & FLAG_SEEN);
	p->in_new += it.in_new;
	p->deleted += (it.flags & FLAG_DELETED) != 0;
}

static int
write_part(struct map_writer *w, uint32_t number)
{
	struct map_part *p = &w->part[number];
	uint64_t items_at =
		map_items_at(&w->h) + (uint64_t)number * ITEMS_PART * sizeof(struct item);

	buf_reset(&w->records);
	buf_reset(&w->text);
	while (p->count < ITEMS_PART && w->next < w->items->count) {
		const struct item *it = items_look(w->items, w->next);

		if (!it->is_gone)
			add_item(w, p, it);
		w->next++;
	}
	items_let_go(w->items);
	names_let_go(w->names);
	p->names_at = w->h.names_length;
	p->names_length = w->text.len;
	p->items_sum = sum_of(w->records.data, w->records.len, w->h.generation + number);
	p->names_sum = names_sum(w->text.data, w->text.len);
	if (!file_write_at(w->fd, w->records.data, w->records.len, items_at) ||
	    !file_write_at(w->fd, w->text.data, w->text.len,
	                   map_names_at(&w->h) + w->h.names_length))
		return -1;
	w->h.names_length += w->text.len;
	return 0;
}

static int
write_all(struct map_writer *w, const struct vanished *gone)
{
	size_t parts = w->h.parts * sizeof(*w->part), gone_bytes = w->h.gone_count * sizeof(*gone);

	for (uint32_t i = 0; i < w->h.parts; i++)
		if (write_part(w, i) != 0)
			return -1;
	if (w->names->is_damaged || items_are_damaged(w->items)) {
		errno = EBADMSG;
		return -1;
	}
	w->h.parts_sum = sum_of(w->part, parts, w->h.generation);
	w->h.gone_sum = sum_of(gone, gone_bytes, w->h.generation);
	w->h.own = map_own_sum(&w->h);
	return file_write_at(w->fd, gone, gone_bytes, map_gone_at(&w->h)) &&
	                       file_write_at(w->fd, w->part, parts, sizeof(w->h)) &&
	                       file_write_at(w->fd, &w->h, sizeof(w->h), 0) ?
	               0 :
	               -1;
}

static void
begin_header(struct map_writer *w, uint64_t generation, size_t gone_count)
{
	memcpy(w->h.magic, map_magic, sizeof(w->h.magic));
	w->h.order = MAP_ORDER;
	w->h.version = MAP_VERSION;
	w->h.item_size = sizeof(struct item);
	w->h.count = count_living(w->items);
	w->h.parts = w->h.count / ITEMS_PART + (w->h.count % ITEMS_PART > 0);
	w->h.generation = generation;
	w->h.gone_count = (uint32_t)gone_count;
}

int
map_write(int folder, uint64_t generation, const struct items *items, struct names *names,
          const struct vanished *gone, size_t gone_count)
{
	static const char tmp[] = "linnet.tmp." MAP_NAME;
	struct map_writer w;
	int failed = 0;

	memset(&w, 0, sizeof(w));
	w.items = items;
	w.names = names;
	begin_header(&w, generation, gone_count);
	w.part = calloc(w.h.parts + 1, sizeof(*w.part));
	unlinkat(folder, tmp, 0);
	w.fd = w.part ? file_open(folder, tmp, O_WRONLY | O_CREAT | O_EXCL) : -1;
	if (w.fd < 0) {
		free(w.part);
		return -1;
	}
	if (write_all(&w, gone) != 0)
		failed = errno;
	if (close(w.fd) != 0 && !failed)
		failed = errno;
	if (!failed && renameat(folder, tmp, folder, MAP_NAME) != 0)
		failed = errno;
	if (failed)
		unlinkat(folder, tmp, 0);
	buf_free(&w.records);
	buf_free(&w.text);
	free(w.part);
	errno = failed;
	return failed ? -1 : 0;
}
