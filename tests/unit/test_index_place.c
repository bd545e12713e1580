/* test_index_place.c - index_dir: which directory a mailbox's index has, and what goes with it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/maildir/index_place.h"
#include "tests/unit/maildir_support.h"

struct world {
	struct tree tree;
	int         index; /* "index" in the root */
};

static void
begin(struct world *w)
{
	tree_make(&w->tree);
	w->index = dir_make(w->tree.root, "index");
	assert_true(w->index >= 0);
	store_set_index(w->tree.store, w->index);
}

static void
end(struct world *w)
{
	close(w->index);
	tree_remove(&w->tree);
}

/* The place of the folder, made, with an index and a cache in it. */
static void
fill(struct world *w, const char *folder_name)
{
	static const char *const files[] = { "linnet.map", "linnet.journal", "linnet.cache.sort",
		                             "linnet.tmp.linnet.map", "dovecot.index.log" };
	int folder = dir_open(w->tree.root, folder_name);
	int place = index_place_open(w->tree.store, folder, folder_name, true);

	assert_true(place >= 0 && place != folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		close(file_open(place, files[i], O_WRONLY | O_CREAT));
	index_place_close(place, folder);
	close(folder);
}

static void
test_places(void **state)
{
	struct world w;
	struct stat st;
	int folder, place;

	(void)state;
	begin(&w);
	assert_int_equal(store_create(w.tree.store, "A.B"), 0);
	folder = dir_open(w.tree.root, ".A.B");
	assert_int_equal(index_place_open(w.tree.store, folder, ".A.B", false), -1);
	fill(&w, ".A.B");
	fill(&w, ".");
	assert_true(tree_has(&w.tree, "index/.A.B/linnet.map"));
	assert_true(tree_has(&w.tree, "index/.INBOX/linnet.map"));
	assert_int_equal(fstatat(w.index, ".A.B", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	place = index_place_open(w.tree.store, folder, ".A.B", false);
	assert_true(place >= 0);
	index_place_close(place, folder);

	store_set_index(w.tree.store, INDEX_IN_FOLDER);
	assert_int_equal(index_place_open(w.tree.store, folder, ".A.B", true), folder);
	store_set_index(w.tree.store, w.tree.root); /* as INDEX= of the same path as the mail */
	assert_int_equal(index_place_open(w.tree.store, folder, ".A.B", true), folder);
	store_set_index(w.tree.store, INDEX_NOWHERE);
	assert_int_equal(index_place_open(w.tree.store, folder, ".A.B", true), -1);
	index_place_close(folder, folder); /* it stays with the caller */
	assert_int_equal(close(folder), 0);
	end(&w);
}

static void
test_delete_and_rename(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(store_create(w.tree.store, "A"), 0);
	assert_int_equal(store_create(w.tree.store, "A.B"), 0);
	assert_int_equal(store_create(w.tree.store, "D"), 0);
	fill(&w, ".A");
	fill(&w, ".A.B");
	fill(&w, ".D");
	fill(&w, ".");
	assert_int_equal(store_delete(w.tree.store, "D"), 0);
	assert_false(tree_has(&w.tree, "index/.D"));
	assert_int_equal(mkdirat(w.index, ".C", 0700), 0);
	tree_put(&w.tree, "index/.C/linnet.map", "what another program's DELETE has left");
	assert_int_equal(store_rename(w.tree.store, "A", "C"), 0);
	assert_false(tree_has(&w.tree, "index/.A"));
	assert_true(tree_has(&w.tree, "index/.C/linnet.journal"));
	assert_true(tree_has(&w.tree, "index/.C.B/dovecot.index.log"));
	assert_int_equal(store_rename(w.tree.store, "INBOX", "E"), 0); /* another mailbox */
	assert_true(tree_has(&w.tree, "index/.INBOX/linnet.map"));
	assert_false(tree_has(&w.tree, "index/.E"));
	end(&w);
}

/* Invariant (1): whatever stands below index_dir. */
static void
test_only_files_of_an_index_are_removed(void **state)
{
	static const char *const files[] = { "linnet.uids", "dovecot-uidlist", "linnet.metadata",
		                             "linnet.intent", "dovecot-keywords", "1.a.b:2,S" };
	struct world w;
	char path[80];

	(void)state;
	begin(&w);
	for (int i = 0; i < 2; i++)
		assert_int_equal(mkdirat(w.index, i ? ".A" : ".B", 0700), 0);
	assert_int_equal(mkdirat(w.index, ".M", 0700), 0);
	assert_int_equal(mkdirat(w.index, ".M/cur", 0700), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "index/.A/%s", files[i]);
		tree_put(&w.tree, path, "x");
		snprintf(path, sizeof(path), "index/.B/%s", files[i]);
		tree_put(&w.tree, path, "x");
	}
	tree_put(&w.tree, "index/.A/linnet.map", "x");
	index_place_forget(w.tree.store, ".A");
	index_place_move(w.tree.store, ".A", ".B"); /* stands in the way: stays as well */
	index_place_move(w.tree.store, ".M", ".N"); /* a Maildir is no place of an index */
	index_place_forget(w.tree.store, ".M");
	assert_false(tree_has(&w.tree, "index/.A/linnet.map"));
	assert_true(tree_has(&w.tree, "index/.M/cur"));
	for (size_t i = 0; i < 2 * sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "index/.%c/%s", i % 2 ? 'A' : 'B', files[i / 2]);
		assert_true(tree_has(&w.tree, path));
	}
	end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_delete_and_rename),
		cmocka_unit_test(test_only_files_of_an_index_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
