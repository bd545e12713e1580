/* test_store.c - mailboxes: create, list, rename, delete, subscribe */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/buf.h"
#include "tests/unit/maildir_support.h"

/* "INBOX A? A.B+ X*": ? does not exist, + has children, * subscribed */
static void
assert_list(struct tree *t, const char *wanted)
{
	struct arena mem = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct store_folder *f;
	size_t count;

	assert_int_equal(store_list(t->store, &mem, &f, &count), 0);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%s%s%s%s", i ? " " : "", f[i].name, f[i].exists ? "" : "?",
		           f[i].has_children ? "+" : "", f[i].subscribed ? "*" : "");
	assert_string_equal(text.data, wanted);
	buf_free(&text);
	arena_free(&mem);
}

static void
assert_fails(int failed, int error)
{
	assert_int_equal(failed, -1);
	assert_int_equal(errno, error);
}

static void
test_create_and_list(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_list(&t, "INBOX");
	assert_int_equal(store_create(t.store, "b.c.d"), 0);
	assert_int_equal(store_create(t.store, "b-"), 0);
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_int_equal(store_create(t.store, "INBOX.x"), 0);
	assert_fails(store_create(t.store, "a"), EEXIST);
	assert_fails(store_create(t.store, "INBOX"), EEXIST);
	assert_list(&t, "INBOX+ INBOX.x a b?+ b.c?+ b.c.d b-");
	assert_int_equal(store_create(t.store, "b"), 0);
	assert_int_equal(store_subscribe(t.store, "a", true), 0);
	assert_int_equal(store_subscribe(t.store, "gone.away", true), 0);
	assert_int_equal(store_subscribe(t.store, "a", true), 0);
	assert_list(&t, "INBOX+ INBOX.x a* b+ b.c?+ b.c.d b- gone.away?*");
	assert_int_equal(store_subscribe(t.store, "a", false), 0);
	assert_int_equal(store_subscribe(t.store, "never", false), 0);
	assert_list(&t, "INBOX+ INBOX.x a b+ b.c?+ b.c.d b- gone.away?*");
	assert_true(store_has(t.store, "b"));
	assert_false(store_has(t.store, "b.c"));
	tree_remove(&t);
}

/* N09, N11: files, symlinks and folders of others are no mailboxes */
static void
test_not_mailboxes(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(store_create(t.store, "real"), 0);
	tree_put(&t, ".dovecot.sieve", "");
	assert_int_equal(mkdirat(t.root, ".ssh", 0700), 0);
	assert_int_equal(symlinkat(".real", t.root, ".link"), 0);
	assert_int_equal(mkdirat(t.root, ".half", 0700), 0);
	assert_int_equal(symlinkat("../.real/cur", t.root, ".half/cur"), 0);
	assert_int_equal(mkdirat(t.root, "linnet.gone.1", 0700), 0);
	assert_list(&t, "INBOX real");
	assert_false(store_has(t.store, "link"));
	assert_int_equal(store_open_folder(t.store, "link"), -1);
	assert_true(errno == ELOOP || errno == ENOTDIR);
	assert_fails(store_delete(t.store, "link"), ENOENT);
	assert_fails(store_delete(t.store, "dovecot.sieve"), ENOENT);
	assert_true(tree_has(&t, ".link"));
	tree_remove(&t);
}

static void
test_delete(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_int_equal(store_create(t.store, "a.b"), 0);
	tree_put(&t, ".a/cur/1:2,S", "x");
	assert_fails(store_delete(t.store, "INBOX"), EPERM);
	assert_fails(store_delete(t.store, "nothing"), ENOENT);
	assert_int_equal(store_delete(t.store, "a"), 0);
	assert_list(&t, "INBOX a?+ a.b");
	assert_fails(store_delete(t.store, "a"), ENOENT);
	tree_remove(&t);
}

/* K11: what a killed process left is removed, what another may just be making is not */
static void
test_leftovers(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(mkdirat(t.root, "linnet.gone.1", 0700), 0);
	assert_int_equal(mkdirat(t.root, "linnet.gone.1/cur", 0700), 0);
	tree_put(&t, "linnet.gone.1/cur/x", "");
	assert_int_equal(mkdirat(t.root, "linnet.new.1", 0700), 0);
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_false(tree_has(&t, "linnet.gone.1"));
	assert_true(tree_has(&t, "linnet.new.1"));
	tree_remove(&t);
}

/* N07 */
static void
test_rename(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_int_equal(store_create(t.store, "a.b"), 0);
	assert_int_equal(store_create(t.store, "ab"), 0);
	assert_fails(store_rename(t.store, "a", "ab"), EEXIST);
	assert_fails(store_rename(t.store, "a", "a.b"), EINVAL);
	assert_fails(store_rename(t.store, "a", "a.c"), EINVAL);
	assert_fails(store_rename(t.store, "x", "y"), ENOENT);
	assert_fails(store_rename(t.store, "a", "INBOX"), EEXIST);
	assert_int_equal(store_rename(t.store, "a", "n.m"), 0);
	assert_list(&t, "INBOX ab n?+ n.m+ n.m.b");
	/* a parent that only its child implies */
	assert_int_equal(store_rename(t.store, "n", "o"), 0);
	assert_list(&t, "INBOX ab o?+ o.m+ o.m.b");
	tree_remove(&t);
}

/* K12: as a kill after the first child leaves it, and the same command again */
static void
test_rename_resumed(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_int_equal(store_create(t.store, "a.b"), 0);
	assert_int_equal(store_create(t.store, "a.c"), 0);
	assert_int_equal(renameat(t.root, ".a.b", t.root, ".n.b"), 0);
	assert_int_equal(store_rename(t.store, "a", "n"), 0);
	assert_list(&t, "INBOX n+ n.b n.c");
	tree_remove(&t);
}

/* N06, N03: children whose new name would be too long, before anything is touched */
static void
test_rename_too_long(void **state)
{
	char child[256], to[256];
	struct tree t;

	(void)state;
	tree_make(&t);
	memset(child, 'x', 200);
	memcpy(child, "a.", 2);
	child[200] = '\0';
	memset(to, 'y', 100);
	to[100] = '\0';
	assert_int_equal(store_create(t.store, "a"), 0);
	assert_int_equal(store_create(t.store, "a.b"), 0);
	assert_int_equal(store_create(t.store, child), 0);
	assert_fails(store_rename(t.store, "a", to), ENAMETOOLONG);
	assert_true(store_has(t.store, "a.b"));
	assert_true(store_has(t.store, child));
	tree_remove(&t);
}

/* RFC 3501 s.6.3.5, and again after a kill in the middle */
static void
test_rename_inbox(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "dovecot-uidlist", "3 V7 N9 Gabc\n3 :1\n5 :2\n");
	tree_put(&t, "dovecot-keywords", "0 work\n");
	tree_put(&t, "cur/1:2,Sa", "x");
	tree_put(&t, "new/2", "x");
	assert_int_equal(store_rename(t.store, "INBOX", "old"), 0);
	assert_true(tree_has(&t, ".old/cur/1:2,Sa"));
	assert_true(tree_has(&t, ".old/new/2"));
	assert_true(tree_has(&t, ".old/dovecot-keywords"));
	assert_false(tree_has(&t, "cur/1:2,Sa"));
	assert_true(tree_has(&t, "cur"));
	assert_list(&t, "INBOX old");
	assert_fails(store_rename(t.store, "INBOX", "old"), EEXIST);
	tree_put(&t, ".old/linnet.inbox", "");
	tree_put(&t, "cur/3:2,", "x");
	assert_int_equal(store_rename(t.store, "INBOX", "old"), 0);
	assert_true(tree_has(&t, ".old/cur/3:2,"));
	assert_false(tree_has(&t, ".old/linnet.inbox"));
	tree_remove(&t);
}

static void
test_open(void **state)
{
	char path[128];
	struct store *s;
	struct tree t;

	(void)state;
	tree_make(&t);
	snprintf(path, sizeof(path), "%s/a/b/c", t.path);
	assert_fails(store_open(path, false, STORE_SYNC, &s), ENOENT);
	assert_int_equal(store_open(path, true, STORE_SYNC, &s), 0);
	assert_true(store_has(s, "INBOX"));
	store_close(s);
	snprintf(path, sizeof(path), "%s/file", t.path);
	tree_put(&t, "file", "");
	assert_fails(store_open(path, true, STORE_SYNC, &s), ENOTDIR);
	assert_null(store_close(NULL));
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_and_list), cmocka_unit_test(test_not_mailboxes),
		cmocka_unit_test(test_delete),          cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_rename),          cmocka_unit_test(test_rename_resumed),
		cmocka_unit_test(test_rename_too_long), cmocka_unit_test(test_rename_inbox),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
