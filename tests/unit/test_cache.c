/* test_cache.c - what is kept of messages: found again, by others too, never believed wrongly */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/file.h>

#include "common/base/limits.h"
#include "common/index/cache.h"
#include "common/index/cache_file.h"
#include "common/index/mailbox.h"
#include "tests/unit/maildir_support.h"

enum { MESSAGES = 300 };
static const char file_name[] = "linnet.cache.envelope";

struct world {
	struct tree     tree;
	struct mailbox *box;
};

static struct mailbox *
opened(struct world *w)
{
	struct mailbox *box;

	assert_int_equal(mailbox_open(w->tree.store, "INBOX", MAILBOX_READ_WRITE, &box), 0);
	return box;
}

static void
message_path(char *path, size_t room, unsigned n)
{
	snprintf(path, room, "cur/1700%06u.M1P1.host:2,", n);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[64];

	tree_make(&w->tree);
	for (unsigned n = 0; n < MESSAGES; n++) {
		message_path(path, sizeof(path), n);
		tree_put(&w->tree, path, "Subject: x\n\ny\n");
	}
	w->box = opened(w);
	assert_int_equal(mailbox_count(w->box), MESSAGES);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	mailbox_close(w->box);
	tree_remove(&w->tree);
	free(w);
	return 0;
}

static void
again(struct world *w)
{
	mailbox_close(w->box);
	w->box = opened(w);
}

/* What belongs to message n; generation tells a newer value from an older. */
static struct span
value_of(char *text, size_t room, unsigned n, unsigned generation)
{
	int length = snprintf(text, room, "(%u %u %0*u)", n, generation, (int)(n % 50 + 1), n);

	return span_make(text, (size_t)length);
}

static void
keep(struct world *w, unsigned from, unsigned to, unsigned generation)
{
	char text[128];

	for (unsigned n = from; n <= to; n++)
		cache_keep(w->box, n, CACHE_ENVELOPE, value_of(text, sizeof(text), n, generation));
}

static bool
has(struct mailbox *box, unsigned n, unsigned generation)
{
	char text[128];
	struct span got;

	return cached(box, n, CACHE_ENVELOPE, &got) &&
	       span_equal(got, value_of(text, sizeof(text), n, generation));
}

/* How many of all messages have a value; none may have a wrong one. */
static unsigned
count_kept(struct mailbox *box, unsigned generation)
{
	unsigned count = 0;
	struct span got;

	for (unsigned n = 1; n <= mailbox_count(box); n++) {
		if (!cached(box, n, CACHE_ENVELOPE, &got))
			continue;
		assert_true(has(box, n, generation));
		count++;
	}
	return count;
}

static int
open_file(struct world *w, int flags)
{
	return openat(w->tree.root, file_name, flags);
}

static off_t
size_of_file(struct world *w)
{
	struct stat st;

	return fstatat(w->tree.root, file_name, &st, 0) == 0 ? st.st_size : -1;
}

static void
test_is_empty_at_first(void **state)
{
	struct world *w = *state;

	assert_int_equal(count_kept(w->box, 1), 0);
	assert_null(cache_settle(w->box));
	assert_int_equal(size_of_file(w), -1);
}

static void
test_kept_in_this_session_and_the_next(void **state)
{
	struct world *w = *state;
	struct span got;

	keep(w, 1, MESSAGES, 1);
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
	assert_null(cache_settle(w->box));
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
	again(w);
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
	assert_true(has(w->box, 150, 1)); /* alone, and in any order */
	assert_true(has(w->box, 3, 1));
	assert_false(cached(w->box, 1, CACHE_BODY, &got));
}

static void
test_empty_and_too_long_values(void **state)
{
	struct world *w = *state;
	char *large = calloc(1, LIMIT_CACHE_VALUE + 1);
	struct span got;

	cache_keep(w->box, 1, CACHE_BODY, span_of(""));
	cache_keep(w->box, 2, CACHE_BODY, span_make(large, LIMIT_CACHE_VALUE));
	cache_keep(w->box, 3, CACHE_BODY, span_make(large, LIMIT_CACHE_VALUE + 1));
	for (int round = 0; round < 2; round++) {
		assert_true(cached(w->box, 1, CACHE_BODY, &got) && got.at && got.len == 0);
		assert_true(cached(w->box, 2, CACHE_BODY, &got) && got.len == LIMIT_CACHE_VALUE);
		assert_false(cached(w->box, 3, CACHE_BODY, &got));
		again(w);
	}
	free(large);
}

static void
test_the_newest_counts(void **state)
{
	struct world *w = *state;

	for (unsigned generation = 1; generation < 6; generation++) {
		keep(w, 1, MESSAGES, generation);
		assert_true(has(w->box, 7, generation));
		again(w);
		assert_int_equal(count_kept(w->box, generation), MESSAGES);
	}
}

/* One session sees what another has written meanwhile, at its next command. */
static void
test_two_sessions(void **state)
{
	struct world *w = *state;
	struct mailbox *other = opened(w);

	assert_int_equal(count_kept(other, 1), 0);
	keep(w, 1, 100, 1);
	cache_settle(w->box);
	assert_int_equal(count_kept(other, 1), 0);
	cache_settle(other);
	assert_int_equal(count_kept(other, 1), 100);
	for (unsigned n = 101; n <= 200; n++) {
		char text[128];

		cache_keep(other, n, CACHE_ENVELOPE, value_of(text, sizeof(text), n, 1));
	}
	mailbox_close(other);
	keep(w, 201, 300, 1);
	cache_settle(w->box);
	assert_int_equal(count_kept(w->box, 1), 300);
}

/* Nobody waits: who finds the file locked keeps what he has. */
static void
test_another_is_writing(void **state)
{
	struct world *w = *state;
	off_t before;
	int fd;

	keep(w, 1, 100, 1);
	cache_settle(w->box);
	before = size_of_file(w);
	fd = open_file(w, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	keep(w, 101, 200, 1);
	cache_settle(w->box);
	assert_int_equal(size_of_file(w), before);
	assert_int_equal(count_kept(w->box, 1), 200);
	close(fd);
	cache_settle(w->box);
	assert_true(size_of_file(w) > before);
	again(w);
	assert_int_equal(count_kept(w->box, 1), 200);
}

/* W08: deleted, emptied, cut, of another kind, random: at any moment, and in silence. */
static void
test_W08_damage(void **state)
{
	struct world *w = *state;
	uint64_t random = 1;

	for (unsigned round = 0; round < 300; round++) {
		int fd;
		off_t size;

		keep(w, 1, MESSAGES, 1);
		again(w);
		if (round % 2)
			count_kept(w->box, 1); /* it is open */
		cache_settle(w->box);
		size = size_of_file(w);
		assert_true(size > 0);
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		fd = open_file(w, O_RDWR);
		if (round % 5 == 0) {
			unlinkat(w->tree.root, file_name, 0);
		} else if (round % 5 == 1) {
			assert_int_equal(ftruncate(fd, (off_t)(random >> 33) % size), 0);
		} else {
			uint64_t noise = random ^ random >> 29;

			assert_int_equal(pwrite(fd, &noise, 8, (off_t)(random >> 33) % size), 8);
		}
		close(fd);
		count_kept(w->box, 1);
		cache_settle(w->box);
		count_kept(w->box, 1);
	}
	keep(w, 1, MESSAGES, 1);
	again(w);
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
}

static void
test_W08_told_once(void **state)
{
	struct world *w = *state;
	int fd;

	keep(w, 1, MESSAGES, 1);
	again(w);
	fd = open_file(w, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, 3), 1);
	close(fd);
	assert_int_equal(count_kept(w->box, 1), 0);
	assert_string_equal(cache_settle(w->box), file_name);
	assert_int_equal(count_kept(w->box, 1), 0);
	assert_null(cache_settle(w->box));
	keep(w, 1, 100, 1);
	assert_null(cache_settle(w->box));
	again(w);
	assert_int_equal(count_kept(w->box, 1), 100);
	assert_null(cache_settle(w->box));
}

/* Something else of that name, or a folder that cannot be written: this session's memory. */
static void
test_W08_cannot_be_written(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdirat(w->tree.root, file_name, 0700), 0);
	keep(w, 1, MESSAGES, 1);
	cache_settle(w->box);
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
	cache_settle(w->box);
	assert_int_equal(count_kept(w->box, 1), MESSAGES);
	again(w);
	assert_int_equal(count_kept(w->box, 1), 0);
	assert_int_equal(unlinkat(w->tree.root, file_name, AT_REMOVEDIR), 0);
}

/* W07 */
static void
test_W07_a_file_changed_in_place(void **state)
{
	struct world *w = *state;
	char path[64];

	keep(w, 1, MESSAGES, 1);
	again(w);
	message_path(path, sizeof(path), 4);
	tree_put(&w->tree, path, "Subject: another\n\ny\n");
	assert_true(cache_look(w->box, 5, NULL));
	assert_false(has(w->box, 5, 1));
	assert_true(cache_look(w->box, 6, NULL));
	assert_true(has(w->box, 6, 1));
	cache_look(w->box, 5, NULL);
	keep(w, 5, 5, 2);
	assert_true(has(w->box, 5, 2));
	again(w);
	assert_true(cache_look(w->box, 5, NULL));
	assert_true(has(w->box, 5, 2));
	message_path(path, sizeof(path), 5);
	assert_int_equal(unlinkat(w->tree.root, path, 0), 0);
	assert_false(cache_look(w->box, 6, NULL));
}

static void
test_dropped(void **state)
{
	struct world *w = *state;
	struct span got;

	keep(w, 1, MESSAGES, 1);
	again(w);
	cache_drop(w->box, 9);
	assert_false(cached(w->box, 9, CACHE_ENVELOPE, &got));
	again(w);
	assert_false(cached(w->box, 9, CACHE_ENVELOPE, &got));
	assert_int_equal(count_kept(w->box, 1), MESSAGES - 1);
}

/* A uidlist from yesterday gives a UID to another message: another file name. */
static void
test_W04_another_message_with_its_uid(void **state)
{
	struct world *w = *state;
	char from[64], to[64];

	keep(w, 1, MESSAGES, 1);
	mailbox_close(w->box);
	for (unsigned n = 0; n < MESSAGES; n++) {
		message_path(from, sizeof(from), n);
		snprintf(to, sizeof(to), "cur/1700%06u.M1P1.other:2,", n);
		assert_int_equal(renameat(w->tree.root, from, w->tree.root, to), 0);
	}
	unlinkat(w->tree.root, "dovecot-uidlist", 0);
	unlinkat(w->tree.root, "linnet.uidlist", 0);
	unlinkat(w->tree.root, "linnet.map", 0);
	unlinkat(w->tree.root, "linnet.journal", 0);
	w->box = opened(w);
	assert_int_equal(count_kept(w->box, 1), 0);
}

/* Small writes are put together, and the expunged leave, so the file does not grow for ever. */
static void
test_folding(void **state)
{
	struct world *w = *state;
	off_t whole, size;

	keep(w, 1, MESSAGES, 1);
	again(w);
	whole = size_of_file(w);
	for (unsigned round = 0; round < 400; round++) {
		keep(w, round % MESSAGES + 1, round % MESSAGES + 1, 1);
		again(w);
		assert_int_equal(count_kept(w->box, 1), MESSAGES);
	}
	size = size_of_file(w);
	assert_true(size < 3 * whole);
}

static void
test_the_expunged_leave(void **state)
{
	struct world *w = *state;
	struct flags_change change = { .how = FLAGS_ADD, .flags = FLAG_DELETED };
	struct arena mem = ARENA_EMPTY;
	struct ranges most = RANGES_EMPTY;
	struct news news;
	off_t before;

	keep(w, 1, MESSAGES, 1);
	again(w);
	before = size_of_file(w);
	ranges_add(&most, &mem, 11, MESSAGES);
	assert_int_equal(mailbox_flags(w->box, &most, &change, &mem, NULL), 0);
	assert_int_equal(mailbox_expunge(w->box, NULL), 0);
	while (mailbox_next_news(w->box, true, &news))
		continue;
	assert_int_equal(mailbox_count(w->box), 10);
	for (unsigned round = 0; round < 100; round++) {
		keep(w, 1, 1, 1);
		again(w);
	}
	assert_int_equal(count_kept(w->box, 1), 10);
	assert_true(size_of_file(w) < before / 2);
	arena_free(&mem);
}

/* A client that asks on and on where nothing can be written. */
static void
test_memory_is_bounded(void **state)
{
	struct world *w = *state;
	char *large = calloc(1, LIMIT_CACHE_VALUE);
	struct column c;
	struct cache_key key = { 1, 1, 1 };

	(void)w;
	column_open(&c, w->tree.root, file_name, 1, 1);
	c.is_off = true;
	for (key.uid = 1; key.uid < 1000; key.uid++) {
		column_keep(&c, &key, span_make(large, LIMIT_CACHE_VALUE));
		assert_true(c.waiting.text.len <= LIMIT_CACHE_MEMORY + 2 * LIMIT_CACHE_VALUE);
	}
	column_close(&c);
	free(large);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		ROW(test_is_empty_at_first),
		ROW(test_kept_in_this_session_and_the_next),
		ROW(test_empty_and_too_long_values),
		ROW(test_the_newest_counts),
		ROW(test_two_sessions),
		ROW(test_another_is_writing),
		ROW(test_W08_damage),
		ROW(test_W08_told_once),
		ROW(test_W08_cannot_be_written),
		ROW(test_W07_a_file_changed_in_place),
		ROW(test_dropped),
		ROW(test_W04_another_message_with_its_uid),
		ROW(test_folding),
		ROW(test_the_expunged_leave),
		ROW(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
