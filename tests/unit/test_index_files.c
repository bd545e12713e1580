/* test_index_files.c - linnet.map and linnet.journal: what was written is read, or nothing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "common/index/journal.h"
#include "common/index/lock.h"
#include "common/index/map.h"
#include "tests/unit/maildir_support.h"

enum { MANY = 3000 };

static const char *const some_names[] = {
	"1.a:2,S", "2.b:2,", "3.c:2,FRSabz", "4.d", "5.e:2,SF", "6.f!2,S",
};
enum { SOME = sizeof(some_names) / sizeof(some_names[0]) };

static void
add_item(struct items *items, struct names *names, uint32_t uid, const char *name)
{
	struct item *it = items_push(items, uid);

	it->shown.modseq = 1000 + uid;
	it->size = uid * 10;
	it->date = DATE_UNKNOWN;
	names_set(names, it, name, false);
}

static void
make_items(struct items *items, struct names *names)
{
	memset(items, 0, sizeof(*items));
	memset(names, 0, sizeof(*names));
	for (uint32_t i = 0; i < SOME; i++)
		add_item(items, names, 10 + i, some_names[i]);
}

static void
free_items(struct items *items, struct names *names)
{
	items_free(items);
	names_free(names);
}

static void
test_names(void **state)
{
	struct items items;
	struct names names;
	struct item *it;

	(void)state;
	make_items(&items, &names);
	for (uint32_t i = 0; i < SOME; i++)
		assert_string_equal(names_of(&names, items_at(&items, i)), some_names[i]);
	assert_false(items_at(&items, 0)->is_odd);
	assert_false(items_at(&items, 2)->is_odd);
	assert_true(items_at(&items, 3)->is_odd); /* in cur/ without an info */
	assert_true(items_at(&items, 4)->is_odd); /* letters out of order */
	assert_true(items_at(&items, 5)->is_odd); /* W06 */
	it = items_at(&items, 3);
	names_set(&names, it, "4.d:2,T", false);
	assert_false(it->is_odd);
	assert_int_equal(it->flags, FLAG_DELETED);
	assert_string_equal(names_of(&names, it), "4.d:2,T");
	names_set(&names, it, "4.d", true);
	assert_false(it->is_odd);
	assert_string_equal(names_of(&names, it), "4.d");
	free_items(&items, &names);
}

static void
assert_map(struct map *m)
{
	assert_int_equal(m->generation, 77);
	assert_int_equal(m->items.count, SOME - 1);
	assert_int_equal(m->gone_count, 2);
	assert_int_equal(m->gone[1].modseq, 9);
	for (uint32_t i = 0; i < SOME - 1; i++) {
		const struct item *it = items_at(&m->items, i);

		assert_int_equal(it->shown.uid, 11 + i);
		assert_int_equal(it->shown.modseq, 1011 + i);
		assert_int_equal(it->size, (11 + i) * 10);
		assert_int_equal(it->shown.flags, it->flags);
		assert_string_equal(names_of(&m->names, it), some_names[i + 1]);
	}
}

/* Item 10 is gone and stays out. */
static void
write_map(struct tree *t)
{
	static const struct vanished gone[] = { { 1, 4, 7 }, { 6, 9, 9 } };
	struct items items;
	struct names names;

	make_items(&items, &names);
	items_at(&items, 0)->is_gone = true;
	items_mark(&items, 0);
	assert_int_equal(map_write(t->root, 77, &items, &names, gone, 2), 0);
	free_items(&items, &names);
}

static void
test_map(void **state)
{
	struct tree t;
	struct map m;

	(void)state;
	tree_make(&t);
	assert_int_equal(map_read(t.root, &m), -1);
	assert_int_equal(errno, ENOENT);
	write_map(&t);
	assert_int_equal(map_read(t.root, &m), 0);
	assert_map(&m);
	map_free(&m);
	tree_remove(&t);
}

/* Several chunks, names that straddle them. */
static void
test_large_map(void **state)
{
	struct items items = { 0 };
	struct names names = { 0 };
	char name[64];
	struct tree t;
	struct map m;

	(void)state;
	tree_make(&t);
	for (uint32_t i = 1; i <= MANY; i++) {
		snprintf(name, sizeof(name), "1795294406.M%uP16157.host,S=28,W=32:2,S", i);
		add_item(&items, &names, i * 2, name);
	}
	assert_int_equal(map_write(t.root, 5, &items, &names, NULL, 0), 0);
	free_items(&items, &names);
	assert_int_equal(map_read(t.root, &m), 0);
	assert_int_equal(m.items.count, MANY);
	assert_string_equal(names_of(&m.names, items_at(&m.items, MANY - 1)), name);
	map_free(&m);
	tree_remove(&t);
}

typedef void refuse_fn(struct tree *t, size_t at, size_t size);

/* Each byte flipped, and cut at each. */
static void
try_damage(struct tree *t, const char *name, refuse_fn *refuses)
{
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	int fd;

	assert_int_equal(file_read(t->root, name, 1 << 20, &mem, &text, &st), 0);
	for (size_t i = 0; i < text.len; i++) {
		char flipped = (char)(text.at[i] ^ (1 << i % 8));

		fd = openat(t->root, name, O_WRONLY);
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		refuses(t, i, text.len);
		assert_int_equal(pwrite(fd, text.at + i, 1, (off_t)i), 1);
		close(fd);
	}
	for (size_t i = 0; i < text.len; i++) {
		fd = openat(t->root, name, O_WRONLY | O_TRUNC);
		assert_int_equal(file_write(fd, text.at, i), 0);
		close(fd);
		refuses(t, SIZE_MAX, text.len);
	}
	arena_free(&mem);
}

static void
map_is_refused(struct tree *t, size_t at, size_t size)
{
	struct map m;

	(void)at;
	(void)size;
	if (map_read(t->root, &m) == 0) {
		items_at(&m.items, 0);
		assert_true(items_are_damaged(&m.items) || !names_load(&m.names));
		map_free(&m);
	} else {
		assert_int_equal(errno, EBADMSG);
	}
}

/* ---- parts ---- */

static void
write_many(struct tree *t)
{
	struct items items = { 0 };
	struct names names = { 0 };
	char name[64];

	for (uint32_t i = 1; i <= MANY; i++) {
		snprintf(name, sizeof(name), "%u.x:2,%s", i, i % 1100 ? "S" : "");
		add_item(&items, &names, i * 3, name);
	}
	assert_int_equal(map_write(t->root, 5, &items, &names, NULL, 0), 0);
	free_items(&items, &names);
}

static void
assert_like(const struct items *items, const uint32_t *uid, uint32_t count)
{
	assert_int_equal(items->count, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(items_look(items, i)->shown.uid, uid[i]);
	for (uint32_t want = 0; want < MANY * 3 + 60; want += 7) {
		uint32_t i = 0;

		while (i < count && uid[i] < want)
			i++;
		assert_int_equal(items_at_or_behind(items, want), i);
	}
}

/* Items that come and go at random places, held against a plain array. */
static void
test_items(void **state)
{
	uint32_t uid[MANY + 100], count = MANY, next = MANY * 3 + 1, seed = 1;
	struct tree t;
	struct map m;

	(void)state;
	tree_make(&t);
	write_many(&t);
	assert_int_equal(map_read(t.root, &m), 0);
	for (uint32_t i = 0; i < MANY; i++)
		uid[i] = 3 * (i + 1);
	for (unsigned n = 0; n < MANY - 10; n++) {
		uint32_t gone = (seed = seed * 1103515245 + 12345) % count;

		if (n % 100 == 50) {
			items_push(&m.items, next);
			uid[count++] = next++;
		}
		items_remove(&m.items, gone);
		memmove(uid + gone, uid + gone + 1, (--count - gone) * sizeof(uid[0]));
		if (n % 500 == 499)
			assert_like(&m.items, uid, count);
	}
	assert_like(&m.items, uid, count);
	map_free(&m);
	tree_remove(&t);
}

/* What nobody asked for is not read: damage in another part does no harm. */
static void
test_items_walk(void **state)
{
	uint32_t unseen = 0;
	struct tree t;
	struct map m;

	(void)state;
	tree_make(&t);
	write_many(&t);
	assert_int_equal(map_read(t.root, &m), 0);
	assert_int_equal(items_next(&m.items, 0, ITEMS_IN_MEMORY), MANY);
	assert_int_equal(items_below(&m.items, MANY, ITEMS_IN_MEMORY), 0);
	assert_int_equal(items_next(&m.items, 0, ITEMS_IN_NEW), MANY);
	assert_int_equal(items_next(&m.items, 0, ITEMS_UNSEEN),
	                 ITEMS_PART); /* 1100 is in the second */
	for (uint32_t i = 0; (i = items_next(&m.items, i, ITEMS_UNSEEN)) < MANY; i++)
		unseen += !(items_look(&m.items, i)->flags & FLAG_SEEN);
	assert_int_equal(unseen, MANY / 1100);
	items_let_go(&m.items);
	assert_int_equal(items_next(&m.items, 0, ITEMS_IN_MEMORY), MANY);
	assert_int_equal(items_at(&m.items, 1030)->shown.uid, 3093);
	items_let_go(&m.items);
	assert_int_equal(items_next(&m.items, 0, ITEMS_IN_MEMORY), ITEMS_PART);
	assert_int_equal(items_below(&m.items, MANY, ITEMS_IN_MEMORY), 2 * ITEMS_PART);
	assert_int_equal(items_below(&m.items, ITEMS_PART, ITEMS_IN_MEMORY), 0);
	map_free(&m);
	tree_remove(&t);
}

static void
test_w08_w10_damaged_map(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	write_map(&t);
	try_damage(&t, "linnet.map", map_is_refused);
	tree_remove(&t);
}

/* ---- the journal ---- */

static bool
say_flags(void *context, const struct journal_flags *f, uint64_t modseq)
{
	buf_printf(context, "flags %u-%u %u %u %u @%u; ", f->first, f->last, f->flags, f->letters,
	           f->in_new, (unsigned)modseq);
	return true;
}

static bool
say_gone(void *context, uint32_t first, uint32_t last, uint64_t modseq)
{
	buf_printf(context, "gone %u-%u @%u; ", first, last, (unsigned)modseq);
	return true;
}

static bool
say_item(void *context, const struct journal_item *i, uint64_t modseq)
{
	buf_printf(context, "item %u %u %s @%u; ", i->uid, i->in_new, i->name, (unsigned)modseq);
	return true;
}

static bool
say_size(void *context, const struct journal_size *s)
{
	buf_printf(context, "size %u %u; ", (unsigned)s->uid, (unsigned)s->octets);
	return true;
}

static int
read_journal(struct journal *j, struct buf *text)
{
	struct journal_reader reader = { text, say_flags, say_gone, say_item, say_size };

	return journal_read(j, &reader);
}

static const char wanted[] = "flags 10-12 8 0 0 @101; flags 14-14 8 0 0 @101; "
                             "gone 3-4 @101; gone 6-6 @101; item 20 1 99.new @101; "
                             "item 21 0 98.x:2,S @101; size 10 100; ";

/* Two commits: the second is only a state. */
static void
write_journal(struct tree *t, struct journal *j)
{
	struct pending p = PENDING_NONE;
	struct journal_state s;
	struct items items;
	struct names names;

	memset(&s, 0, sizeof(s));
	s.generation = 5;
	s.highest = 100;
	assert_int_equal(journal_create(t->root, &s, j), 0);
	make_items(&items, &names);
	for (uint32_t i = 0; i < 5; i++) {
		names_set(&names, items_at(&items, i), "1.x:2,S", false);
		if (i != 3)
			pending_flags(&p, items_at(&items, i), i ? 9 + i : 0, 101);
	}
	pending_gone(&p, 3, 2, 101);
	pending_gone(&p, 4, 3, 101);
	pending_gone(&p, 6, 5, 101);
	pending_item(&p, 20, true, "99.new", 5, 7, 101);
	pending_item(&p, 21, false, "98.x:2,S", 5, 7, 101);
	pending_size(&p, items_at(&items, 0), 101);
	s = j->state;
	s.highest = 101;
	assert_int_equal(journal_commit(j, &p, &s), 0);
	pending_free(&p);
	s = j->state;
	s.uidnext = 22;
	assert_int_equal(journal_commit(j, &p, &s), 0);
	free_items(&items, &names);
}

static void
test_journal(void **state)
{
	struct journal writer, reader;
	struct buf text = BUF_EMPTY;
	struct pending p = PENDING_NONE;
	struct journal_state s;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(journal_open(t.root, &reader), -1);
	assert_int_equal(errno, ENOENT);
	write_journal(&t, &writer);
	assert_int_equal(journal_open(t.root, &reader), 0);
	assert_int_equal(reader.state.uidnext, 22);
	assert_int_equal(read_journal(&reader, &text), 0);
	assert_string_equal(text.data, wanted);
	buf_reset(&text);
	pending_gone(&p, 30, 0, 102);
	s = writer.state;
	s.highest = 102;
	assert_int_equal(journal_commit(&writer, &p, &s), 0);
	assert_true(journal_refresh(&reader));
	assert_int_equal(read_journal(&reader, &text), 0);
	assert_string_equal(text.data, "gone 30-30 @102; ");
	assert_true(journal_is_there(&writer, t.root));
	assert_int_equal(unlinkat(t.root, "linnet.journal", 0), 0);
	assert_false(journal_is_there(&writer, t.root));
	pending_free(&p);
	buf_free(&text);
	journal_close(&writer);
	journal_close(&reader);
	tree_remove(&t);
}

/* A state half written leaves the one before it; a wrong record refuses the journal. */
static void
journal_is_refused(struct tree *t, size_t at, size_t size)
{
	struct buf text = BUF_EMPTY;
	struct journal j;

	(void)size;
	if (journal_open(t->root, &j) != 0) {
		assert_int_equal(errno, EBADMSG);
		return;
	}
	if (read_journal(&j, &text) == 0) {
		assert_true(at < 2048); /* the rest of the header, or one of two states */
		assert_true(text.len == sizeof(wanted) - 1 || text.len == 0);
		assert_memory_equal(wanted, text.data ? text.data : "", text.len);
	} else {
		assert_int_equal(errno, EBADMSG);
	}
	buf_free(&text);
	journal_close(&j);
}

static void
test_w08_w10_damaged_journal(void **state)
{
	struct journal j;
	struct tree t;

	(void)state;
	tree_make(&t);
	write_journal(&t, &j);
	journal_close(&j);
	try_damage(&t, "linnet.journal", journal_is_refused);
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_large_map),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_items_walk),
		cmocka_unit_test(test_w08_w10_damaged_map),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_w08_w10_damaged_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
