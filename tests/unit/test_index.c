/*
 * test_index.c - sessions with an index, foreign programs and damage in between
 *
 * What a session shows is held against what stands in the folder, after every
 * step, with steps following each other within one tick of the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <time.h>

#include "common/index/mailbox.h"
#include "common/maildir/filename.h"
#include "tests/unit/maildir_support.h"

enum { ROUNDS = 400, BASES_MOST = 4096, BYTES_MOST = 1 << 24 };

/* What was once shown: a base and its UID, for ever. */
static struct known {
	char     base[128];
	uint32_t uid;
} known[BASES_MOST];
static size_t known_count;

static struct world {
	struct tree     tree;
	struct mailbox *first, *second; /* two sessions */
	uint32_t        uidvalidity, uidnext;
	uint64_t        highest;
	unsigned        serial;
	uint64_t        random;
	char            removed[128]; /* the base removed last */
} w;

static unsigned
random_below(unsigned n)
{
	w.random = w.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(w.random >> 33) % n;
}

/* ---- the truth ---- */

static unsigned
count_files(void)
{
	static const char *const parts[] = { "cur", "new" };
	unsigned count = 0;

	for (int i = 0; i < 2; i++) {
		DIR *dir = fdopendir(openat(w.tree.root, parts[i], O_RDONLY | O_DIRECTORY));
		struct dirent *e;

		while ((e = readdir(dir)) != NULL)
			count += e->d_name[0] != '.';
		closedir(dir);
	}
	return count;
}

/* Name in cur/ of the n-th file there; false: there are not so many. */
static bool
pick_file(unsigned n, char name[NAME_MAX + 1])
{
	DIR *dir = fdopendir(openat(w.tree.root, "cur", O_RDONLY | O_DIRECTORY));
	struct dirent *e;
	bool found = false;

	while (!found && (e = readdir(dir)) != NULL) {
		found = e->d_name[0] != '.' && n-- == 0;
		if (found)
			snprintf(name, NAME_MAX + 1, "%s", e->d_name);
	}
	closedir(dir);
	return found;
}

static bool
is_on_disk(const char *base, uint32_t *flags_out)
{
	static const char *const parts[] = { "cur", "new" };
	size_t length = strlen(base);
	bool found = false;

	for (int i = 0; i < 2; i++) {
		DIR *dir = fdopendir(openat(w.tree.root, parts[i], O_RDONLY | O_DIRECTORY));
		struct dirent *e;

		while ((e = readdir(dir)) != NULL) {
			if (filename_base_length(e->d_name) != length ||
			    strncmp(e->d_name, base, length) != 0)
				continue;
			*flags_out = filename_flags(e->d_name).system;
			found = true;
		}
		closedir(dir);
	}
	return found;
}

static void
assert_uid(const char *base, uint32_t uid)
{
	for (size_t i = known_count; i > 0; i--) {
		if (known[i - 1].uid == uid)
			assert_string_equal(known[i - 1].base, base);
		if (known[i - 1].uid == uid)
			return;
	}
	assert_true(known_count < BASES_MOST);
	snprintf(known[known_count].base, sizeof(known[0].base), "%s", base);
	known[known_count++].uid = uid;
}

static void
take_news(struct mailbox *box)
{
	uint64_t highest = mailbox_highestmodseq(box);
	struct news n;

	assert_int_equal(mailbox_sync(box), 0);
	while (mailbox_next_news(box, true, &n))
		assert_int_not_equal(n.kind, NEWS_LOST);
	assert_true(mailbox_highestmodseq(box) >= highest);
}

/* The session shows exactly what is in the folder. */
static void
assert_true_view(struct mailbox *box)
{
	assert_int_equal(mailbox_count(box), count_files());
	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		const struct message *m = mailbox_message(box, n);
		uint32_t flags;

		assert_true(is_on_disk(mailbox_message_base(box, n), &flags));
		assert_int_equal(m->flags & FLAGS_SYSTEM, flags);
		assert_uid(mailbox_message_base(box, n), m->uid);
		assert_true(m->uid < mailbox_uidnext(box));
		assert_true(m->modseq > 0 && m->modseq <= mailbox_highestmodseq(box));
	}
	if (w.uidvalidity)
		assert_int_equal(mailbox_uidvalidity(box), w.uidvalidity);
	w.uidvalidity = mailbox_uidvalidity(box);
	assert_true(mailbox_uidnext(box) >= w.uidnext);
	w.uidnext = mailbox_uidnext(box);
	if (w.highest < mailbox_highestmodseq(box))
		w.highest = mailbox_highestmodseq(box);
}

static void
assert_new_session(void)
{
	struct mailbox_status st;
	struct mailbox *box;

	assert_int_equal(mailbox_status(w.tree.store, "INBOX", 0, &st), 0);
	assert_int_equal(st.messages, count_files());
	assert_int_equal(mailbox_open(w.tree.store, "INBOX", MAILBOX_READ_WRITE, &box), 0);
	assert_true(mailbox_highestmodseq(box) >= w.highest);
	assert_true_view(box);
	assert_int_equal(st.uidvalidity, w.uidvalidity);
	mailbox_close(box);
}

static void
begin(void)
{
	memset(&w, 0, sizeof(w));
	known_count = 0;
	w.random = 1;
	tree_make(&w.tree);
	assert_int_equal(store_create(w.tree.store, "Other"), 0);
	assert_int_equal(mailbox_open(w.tree.store, "INBOX", MAILBOX_READ_WRITE, &w.first), 0);
	assert_int_equal(mailbox_open(w.tree.store, "INBOX", MAILBOX_READ_WRITE, &w.second), 0);
}

static void
end(void)
{
	mailbox_close(w.first);
	mailbox_close(w.second);
	tree_remove(&w.tree);
}

/* ---- what foreign programs do ---- */

static void
deliver(void)
{
	char tmp[64], to[64];

	snprintf(tmp, sizeof(tmp), "tmp/%u.f", w.serial);
	snprintf(to, sizeof(to), "new/%u.f%u.host", 1700000000 + w.serial, w.serial);
	w.serial++;
	tree_put(&w.tree, tmp, "Subject: x\n\ny\n");
	assert_int_equal(renameat(w.tree.root, tmp, w.tree.root, to), 0);
}

static void
rename_like_mutt(void)
{
	char name[NAME_MAX + 1], from[NAME_MAX + 8], to[NAME_MAX + 16];
	struct buf other = BUF_EMPTY;
	struct file_flags f;

	if (!pick_file(random_below(8), name))
		return;
	f = filename_flags(name);
	f.system ^= 1U << random_below(5);
	filename_with_flags(name, f, 0, &other);
	snprintf(from, sizeof(from), "cur/%s", name);
	snprintf(to, sizeof(to), "cur/%s", other.data);
	assert_int_equal(renameat(w.tree.root, from, w.tree.root, to), 0);
	buf_free(&other);
}

static void
remove_file(void)
{
	char name[NAME_MAX + 1], path[NAME_MAX + 8];

	if (!pick_file(random_below(8), name))
		return;
	snprintf(path, sizeof(path), "cur/%s", name);
	assert_int_equal(unlinkat(w.tree.root, path, 0), 0);
	snprintf(w.removed, sizeof(w.removed), "%.*s", (int)filename_base_length(name), name);
}

/* Back from a backup: under a new UID, or its old one if nobody has noticed that it was away. */
static void
restore_file(void)
{
	char path[256];

	if (!w.removed[0])
		return;
	snprintf(path, sizeof(path), "cur/%s:2,S", w.removed);
	tree_put(&w.tree, path, "Subject: back\n\n");
	w.removed[0] = '\0';
}

typedef void act_fn(void);
static act_fn *const foreign[] = { deliver, rename_like_mutt, remove_file, restore_file, deliver };
enum { FOREIGN = sizeof(foreign) / sizeof(foreign[0]) };

/* ---- what sessions do ---- */

static struct ranges
some_uids(struct mailbox *box, struct arena *mem)
{
	struct ranges set = RANGES_EMPTY;
	uint32_t count = mailbox_count(box), first = count ? 1 + random_below(count) : 0;

	for (uint32_t n = first; n && n <= count && n < first + 3; n++)
		ranges_add(&set, mem, mailbox_message(box, n)->uid, mailbox_message(box, n)->uid);
	return set;
}

static void
change_flags(struct mailbox *box)
{
	static const char *const words[] = { "work", "$Forwarded" };
	const char *word = words[random_below(2)];
	enum flags_how how = (enum flags_how)random_below(3);
	struct flags_change c = { how, 1U << random_below(5), &word, random_below(2), false, 0 };
	struct arena mem = ARENA_EMPTY;
	struct ranges set = some_uids(box, &mem);

	assert_int_equal(mailbox_flags(box, &set, &c, &mem, NULL), 0);
	arena_free(&mem);
}

static void
append(struct mailbox *box)
{
	struct arena mem = ARENA_EMPTY;
	struct append *a;
	uint32_t uidvalidity;
	struct ranges got;

	(void)box;
	assert_int_equal(append_open(w.tree.store, "INBOX", &a), 0);
	assert_int_equal(append_message(a, random_below(2) ? FLAG_SEEN : 0, NULL, 0, -1), 0);
	assert_int_equal(append_write(a, "a\r\nb\r\n", 6), 0);
	assert_int_equal(append_commit(a, &mem, &uidvalidity, &got), 0);
	append_close(a);
	arena_free(&mem);
}

static void
expunge(struct mailbox *box)
{
	if (mailbox_count(box) > 20)
		assert_int_equal(mailbox_expunge(box, NULL), 0);
}

static void
copy_or_move(struct mailbox *box)
{
	bool move = mailbox_count(box) > 20 && random_below(2);
	struct arena mem = ARENA_EMPTY;
	struct ranges set = some_uids(box, &mem);
	struct copied copied;

	assert_int_equal(mailbox_copy(box, &set, move ? "Other" : "INBOX", move, &mem, &copied), 0);
	arena_free(&mem);
}

typedef void session_fn(struct mailbox *box);
static session_fn *const own[] = {
	change_flags, append, change_flags, expunge, copy_or_move, change_flags,
};
enum { OWN = sizeof(own) / sizeof(own[0]) };

static void
act(void)
{
	own[random_below(OWN)](random_below(2) ? w.first : w.second);
}

static void
look(void)
{
	switch (random_below(3)) {
	case 0:
		take_news(w.first);
		assert_true_view(w.first);
		break;
	case 1:
		take_news(w.second);
		assert_true_view(w.second);
		break;
	default:
		assert_new_session();
	}
}

static void
test_w01_sessions_alone(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		act();
		look();
	}
	end();
}

/* A change of ours, a foreign one, a look: all within a tick. */
static void
test_w01_w03_foreign_changes(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2 * ROUNDS; i++) {
		if (random_below(2))
			act();
		foreign[random_below(FOREIGN)]();
		if (random_below(4) == 0)
			act();
		look();
	}
	end();
}

/* As a file system would leave it that keeps every second second of an mtime alone. */
static void
coarsen(void)
{
	static const char *const parts[] = { "cur", "new" };

	for (int i = 0; i < 2; i++) {
		struct timespec times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
		struct stat st;

		assert_int_equal(fstatat(w.tree.root, parts[i], &st, 0), 0);
		times[1].tv_sec = st.st_mtim.tv_sec & ~1LL;
		assert_int_equal(utimensat(w.tree.root, parts[i], times, 0), 0);
	}
}

/* W01: foreign changes within one tick of a coarse clock */
static void
test_coarse_times(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		act();
		coarsen();
		foreign[random_below(FOREIGN)]();
		coarsen();
		look();
		coarsen();
	}
	end();
}

/* ---- damage ---- */

static const char *const index_files[] = { "linnet.map", "linnet.journal" };

static void
damage(void)
{
	const char *name = index_files[random_below(2)];
	int fd = openat(w.tree.root, name, O_RDWR);
	struct stat st;
	char byte;

	if (fd < 0)
		return;
	assert_int_equal(fstat(fd, &st), 0);
	if (st.st_size > 0 && random_below(3) == 0) {
		off_t at = (off_t)random_below((unsigned)st.st_size);

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte = (char)(byte ^ 1 << random_below(8));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	} else if (random_below(2)) {
		assert_int_equal(ftruncate(fd, (off_t)random_below((unsigned)st.st_size + 1)), 0);
	} else {
		assert_int_equal(unlinkat(w.tree.root, name, 0), 0);
	}
	close(fd);
}

static void
test_w08_damaged_index(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2 * ROUNDS; i++) {
		act();
		if (random_below(3) == 0)
			damage();
		if (random_below(4) == 0)
			foreign[random_below(FOREIGN)]();
		if (random_below(3) == 0)
			damage();
		look();
	}
	end();
}

static struct mailbox *
open_box(void)
{
	struct mailbox *box;

	assert_int_equal(mailbox_open(w.tree.store, "INBOX", MAILBOX_READ_WRITE, &box), 0);
	return box;
}

static int
truncate_map(off_t size)
{
	int fd = openat(w.tree.root, "linnet.map", O_WRONLY), failed = ftruncate(fd, size);

	close(fd);
	return failed;
}

/* W08: a large map is read by parts, so it may be found cut long after it was opened. */
static void
test_w08_map_cut_later(void **state)
{
	enum { LARGE = 6000 };
	const struct timespec tick = { 0, 50 * 1000000 };
	struct news n = { NEWS_NONE, 0, 0 };
	char name[64];

	(void)state;
	tree_make(&w.tree);
	w.uidvalidity = 0;
	known_count = 0;
	for (int i = 0; i < LARGE; i++) {
		snprintf(name, sizeof(name), "cur/%d.x:2,S", 100000 + i);
		tree_put(&w.tree, name, "x");
	}
	nanosleep(&tick, NULL); /* so that the first look is believed, and the second needs none */
	mailbox_close(open_box());
	w.first = open_box();
	assert_int_equal(mailbox_count(w.first), LARGE);
	assert_int_equal(mailbox_message(w.first, 1)->uid, 1);
	assert_int_equal(truncate_map(20000), 0);
	mailbox_message(w.first, LARGE);
	assert_int_equal(mailbox_sync(w.first), 0);
	while (n.kind != NEWS_LOST)
		assert_true(mailbox_next_news(w.first, true, &n));
	mailbox_close(w.first);
	assert_false(tree_has(&w.tree, "linnet.map"));
	w.first = open_box();
	assert_int_equal(mailbox_count(w.first), LARGE);
	assert_int_equal(mailbox_message(w.first, LARGE)->uid, LARGE);
	mailbox_close(w.first);
	tree_remove(&w.tree);
}

/* The index of some time ago comes back from a backup, alone. */
static void
test_w03_old_index(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct span old[2] = { SPAN_NONE, SPAN_NONE };
	struct stat st;
	int failed = 0;

	(void)state;
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		act();
		for (int k = 0; k < 2 && i % 20 == 5; k++)
			failed |= file_read(w.tree.root, index_files[k], BYTES_MOST, &mem, &old[k],
			                    &st);
		for (int k = 0; k < 2 && i % 20 == 15; k++)
			failed |= file_replace(w.tree.root, index_files[k], old[k], false, &st);
		assert_int_equal(failed, 0);
		look();
	}
	arena_free(&mem);
	end();
}

static void
delete_all(struct mailbox *box)
{
	struct flags_change c = { .how = FLAGS_ADD, .flags = FLAG_DELETED };
	struct arena mem = ARENA_EMPTY;
	struct ranges set = RANGES_EMPTY;

	ranges_add(&set, &mem, 1, UINT32_MAX);
	assert_int_equal(mailbox_flags(box, &set, &c, &mem, NULL), 0);
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	arena_free(&mem);
}

/* One session folds the journal again and again; the other follows, or comes after several. */
static void
test_k10_folding(void **state)
{
	off_t last = 0;
	unsigned folds = 0;
	struct stat st;

	(void)state;
	begin();
	for (int i = 0; i < 4 * ROUNDS; i++) {
		append(w.first);
		take_news(w.first);
		if (i % 20 == 19)
			delete_all(w.first);
		if (i % (i < 2 * ROUNDS ? 25 : 700) == 0) {
			take_news(w.second);
			assert_true_view(w.second);
			assert_new_session();
		}
		assert_int_equal(fstatat(w.tree.root, "linnet.journal", &st, 0), 0);
		folds += st.st_size < last;
		last = st.st_size;
	}
	assert_true(folds >= 2);
	take_news(w.second);
	assert_true_view(w.second);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_k10_folding),
		cmocka_unit_test(test_w01_sessions_alone),
		cmocka_unit_test(test_w01_w03_foreign_changes),
		cmocka_unit_test(test_coarse_times),
		cmocka_unit_test(test_w08_damaged_index),
		cmocka_unit_test(test_w08_map_cut_later),
		cmocka_unit_test(test_w03_old_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
