/*
 * fuzz_index.c - damaged index files: whatever stands in them, reading stays within memory
 *
 * The input changes bytes of good files: the first byte says which file, then come places
 * (two bytes) and values.  Every sum is right (constant_sum.c).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/index/journal.h"
#include "common/index/mailbox.h"
#include "common/index/map.h"
#include "common/maildir/dir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 2, BYTES_MOST = 8192 };

static struct good {
	const char *name;
	char        bytes[BYTES_MOST];
	size_t      size;
} good[FILES] = { { "linnet.map", "", 0 }, { "linnet.journal", "", 0 } };

static int folder = -1;

static void
add_item(struct items *items, struct names *names, uint32_t uid, const char *name)
{
	struct item *it = items_push(items, uid);

	it->shown.modseq = uid;
	names_set(names, it, name, false);
}

static void
write_good(void)
{
	static const struct vanished gone[] = { { 1, 2, 3 } };
	struct pending p = PENDING_NONE;
	struct journal_state s;
	struct items items;
	struct names names;
	struct journal j;

	memset(&items, 0, sizeof(items));
	memset(&names, 0, sizeof(names));
	memset(&s, 0, sizeof(s));
	add_item(&items, &names, 5, "1.a:2,S");
	add_item(&items, &names, 9, "2.b");
	map_write(folder, 3, &items, &names, gone, 1);
	s.generation = 3;
	s.highest = 100;
	s.uidvalidity = 7;
	s.uidnext = 13;
	s.counters.messages = 2;
	journal_create(folder, &s, &j);
	pending_flags(&p, items_at(&items, 0), 0, 50);
	pending_gone(&p, 9, 0, 50);
	pending_item(&p, 12, true, "3.c", 1, 2, 50);
	pending_size(&p, items_at(&items, 0), 50);
	journal_commit(&j, &p, &s);
	journal_close(&j);
	pending_free(&p);
	items_free(&items);
	names_free(&names);
	for (int i = 0; i < FILES; i++) {
		int fd = openat(folder, good[i].name, O_RDONLY);
		ssize_t n = read(fd, good[i].bytes, BYTES_MOST);

		if (n <= 0)
			abort();
		good[i].size = (size_t)n;
		close(fd);
	}
}

static char path[] = "/tmp/linnet-fuzz.XXXXXX";
static struct store *store;

static void
end(void)
{
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	store_close(store);
	dir_remove(tmp, strrchr(path, '/') + 1, 3);
	close(tmp);
}

/* A session writes a new index: all of it is put back. */
static void
put_good(void)
{
	for (int i = 0; i < FILES; i++) {
		int fd;

		unlinkat(folder, good[i].name, 0);
		fd = openat(folder, good[i].name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || write(fd, good[i].bytes, good[i].size) < 0)
			abort();
		close(fd);
	}
}

static void
begin(void)
{
	if (!mkdtemp(path))
		abort();
	atexit(end);
	folder = open(path, O_RDONLY | O_DIRECTORY);
	if (store_open(path, true, STORE_NO_SYNC, &store) != 0)
		abort();
	write_good();
}

static bool
take_flags(void *context, const struct journal_flags *f, uint64_t modseq)
{
	(void)context;
	return f->first <= f->last && modseq <= 100;
}

static bool
take_gone(void *context, uint32_t first, uint32_t last, uint64_t modseq)
{
	(void)context;
	return first <= last && modseq > 0;
}

static bool
take_item(void *context, const struct journal_item *i, uint64_t modseq)
{
	(void)context;
	(void)modseq;
	return strlen(i->name) < 256;
}

static bool
take_size(void *context, const struct journal_size *s)
{
	(void)context;
	return s->uid > 0;
}

/* As a session would: map and journal are applied, then the folder decides. */
static void
open_mailbox(void)
{
	struct mailbox *box;
	struct ranges uids;
	struct arena mem = ARENA_EMPTY;
	struct news n;

	if (mailbox_open(store, "INBOX", MAILBOX_READ_WRITE, &box) != 0)
		return;
	mailbox_sync(box);
	while (mailbox_next_news(box, true, &n))
		;
	mailbox_vanished(box, 1, NULL, &mem, &uids);
	for (uint32_t i = 1; i <= mailbox_count(box); i++)
		if (strchr(mailbox_message_base(box, i), '/'))
			abort();
	mailbox_close(box);
	arena_free(&mem);
}

static void
walk(const struct items *items)
{
	const unsigned kinds = ITEMS_UNSEEN | ITEMS_DELETED;

	for (uint32_t i = 0; (i = items_next(items, i, kinds)) < items->count; i++)
		items_look(items, i);
	for (uint32_t uid = 1; uid && uid < 1U << 31; uid *= 2)
		if (items_at_or_behind(items, uid) > items->count)
			abort();
}

static void
read_all(void)
{
	static const struct journal_reader reader = {
		NULL, take_flags, take_gone, take_item, take_size,
	};
	struct journal j;
	struct map m;

	if (map_read(folder, &m) == 0) {
		names_load(&m.names);
		walk(&m.items);
		for (uint32_t i = 0; i < m.items.count; i++)
			if (strchr(names_of(&m.names, items_at(&m.items, i)), '/'))
				abort();
		map_free(&m);
	}
	if (journal_open(folder, &j) == 0) {
		journal_read(&j, &reader);
		journal_close(&j);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char bytes[BYTES_MOST];
	struct good *g;
	size_t length;
	int fd;

	if (folder < 0)
		begin();
	if (size < 1)
		return 0;
	g = &good[data[0] % FILES];
	memcpy(bytes, g->bytes, g->size);
	for (size_t i = 1; i + 2 < size; i += 3)
		bytes[((size_t)data[i] << 8 | data[i + 1]) % g->size] = (char)data[i + 2];
	length = data[0] & 2 && size > 1 ? g->size * data[1] / 256 : g->size;
	fd = openat(folder, g->name, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, bytes, length) < 0)
		abort();
	close(fd);
	read_all();
	if (data[0] & 4)
		open_mailbox();
	put_good();
	return 0;
}
