/* test_intent.c - several messages enter a folder all together, also after a kill (K02-K04) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>

#include "common/base/arena.h"
#include "common/base/limits.h"
#include "common/base/span.h"
#include "common/maildir/intent.h"
#include "tests/unit/maildir_support.h"

/* INBOX's folder is the root itself. */
static int
finish(struct tree *t)
{
	return intent_finish(t->root, t->root, false);
}

static void
write_intent(struct tree *t, struct intent *i)
{
	assert_int_equal(intent_write(i, t->root, false), 0);
	assert_true(intent_is_there(t->root));
	intent_free(i);
}

static struct span
read_intent(struct tree *t, struct arena *mem)
{
	struct span text;
	struct stat st;

	assert_int_equal(file_read(t->root, "linnet.intent", 10000, mem, &text, &st), 0);
	return text;
}

static void
put_raw(struct tree *t, struct span text)
{
	struct stat st;

	assert_int_equal(file_replace(t->root, "linnet.intent", text, false, &st), 0);
}

static void
test_nothing_to_finish(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_false(intent_is_there(t.root));
	assert_int_equal(finish(&t), 0);
	intent_clear(t.root);
	tree_remove(&t);
}

/* K02: killed after the first of three renames. */
static void
test_what_was_in_tmp(void **state)
{
	struct intent i = INTENT_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "cur/1.a:2,S", "one\n");
	tree_put(&t, "tmp/2.b", "two\n");
	tree_put(&t, "tmp/3\n.c", "three\n");
	intent_add(&i, "", "tmp", "1.a", "cur", "1.a:2,S");
	intent_add(&i, "", "tmp", "2.b", "new", "2.b,S=4");
	intent_add(&i, "", "tmp", "3\n.c", "cur", "3\n.c:2,F");
	write_intent(&t, &i);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "cur/1.a:2,S"));
	assert_true(tree_has(&t, "new/2.b,S=4"));
	assert_true(tree_has(&t, "cur/3\n.c:2,F"));
	assert_false(tree_has(&t, "tmp/2.b"));
	assert_false(intent_is_there(t.root));
	tree_remove(&t);
}

/* K04: from another folder, out of cur/ and new/. */
static void
test_what_was_moved(void **state)
{
	struct intent i = INTENT_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(store_create(t.store, "A.B"), 0);
	tree_put(&t, ".A.B/cur/1.a:2,S", "one\n");
	tree_put(&t, ".A.B/new/2.b", "two\n");
	tree_put(&t, "cur/7.own:2,", "own\n");
	intent_add(&i, ".A.B", "cur", "1.a:2,S", "cur", "8.x:2,S");
	intent_add(&i, ".A.B", "new", "2.b", "new", "9.x");
	intent_add(&i, ".A.B", "cur", "0.was-moved-already", "cur", "6.x");
	intent_add(&i, ".gone", "cur", "1.a:2,S", "cur", "5.x");
	intent_add(&i, ".", "cur", "7.own:2,", "cur", "10.x:2,");
	write_intent(&t, &i);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "cur/8.x:2,S") && tree_has(&t, "new/9.x") &&
	            tree_has(&t, "cur/10.x:2,"));
	assert_false(tree_has(&t, ".A.B/cur/1.a:2,S") || tree_has(&t, ".A.B/new/2.b"));
	assert_false(tree_has(&t, "cur/6.x") || tree_has(&t, "cur/5.x") ||
	             tree_has(&t, "cur/7.own:2,"));
	tree_remove(&t);
}

/* (3): it came back after a power cut, and a target is never written over. */
static void
test_doing_it_again(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct intent i = INTENT_EMPTY;
	struct tree t;
	struct span text;

	(void)state;
	tree_make(&t);
	tree_put(&t, "tmp/1.a", "one\n");
	tree_put(&t, "tmp/2.b", "another\n");
	tree_put(&t, "cur/2.b:2,", "the first\n");
	intent_add(&i, "", "tmp", "1.a", "new", "1.a");
	intent_add(&i, "", "tmp", "2.b", "cur", "2.b:2,");
	write_intent(&t, &i);
	text = read_intent(&t, &mem);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "new/1.a") && tree_has(&t, "tmp/2.b"));
	put_raw(&t, text);
	assert_int_equal(unlinkat(t.root, "new/1.a", 0), 0);
	assert_int_equal(finish(&t), 0);
	assert_false(tree_has(&t, "new/1.a"));
	assert_false(intent_is_there(t.root));
	arena_free(&mem);
	tree_remove(&t);
}

/* (2): cut off anywhere, or with one byte changed, it never was an intent. */
static void
test_damaged_ones(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct intent i = INTENT_EMPTY;
	struct tree t;
	struct span text;

	(void)state;
	tree_make(&t);
	tree_put(&t, "tmp/1.a", "one\n");
	intent_add(&i, "", "tmp", "1.a", "new", "1.a");
	intent_add(&i, "", "tmp", "2.a", "new", "2.a");
	write_intent(&t, &i);
	text = read_intent(&t, &mem);
	for (size_t n = 0; n < text.len; n++) {
		char *bytes = arena_string(&mem, text);

		put_raw(&t, span_make(text.at, n));
		assert_int_equal(finish(&t), 0);
		memcpy(bytes, text.at, text.len);
		bytes[n] ^= 4;
		put_raw(&t, span_make(bytes, text.len));
		assert_int_equal(finish(&t), 0);
		assert_true(tree_has(&t, "tmp/1.a"));
		assert_false(intent_is_there(t.root));
	}
	put_raw(&t, text);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "new/1.a"));
	arena_free(&mem);
	tree_remove(&t);
}

/* (6): whole, with a good sum, and nothing that a linnet has written. */
static void
test_hostile_names(void **state)
{
	static const struct intent_entry entries[] = {
		{ "", "tmp", "../cur/1.a:2,S", "new", "x" },
		{ "", "tmp", "..", "new", "x" },
		{ "", "tmp", "", "new", "x" },
		{ "", "tmp", "1.a", "new", "../../x" },
		{ "", "tmp", "1.a", "new", ".x" },
		{ "", "tmp", "1.a", "tmp", "x" },
		{ "", "..", "1.a", "new", "x" },
		{ "", "", "1.a", "new", "x" },
		{ "", "tmp", "1.a", "", "x" },
		{ "..", "cur", "1.a", "new", "x" },
		{ "/etc", "cur", "1.a", "new", "x" },
		{ ".A/..", "cur", "1.a", "new", "x" },
		{ ".A", "tmp", "1.a", "new", "x" },
		{ "A", "cur", "1.a", "new", "x" },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(entries) / sizeof(entries[0]); n++) {
		const struct intent_entry *e = &entries[n];
		struct intent i = INTENT_EMPTY;
		struct tree t;

		tree_make(&t);
		tree_put(&t, "tmp/1.a", "one\n");
		intent_add(&i, "", "tmp", "1.a", "new", "1.a");
		intent_add(&i, e->from_folder, e->from_part, e->from, e->to_part, e->to);
		write_intent(&t, &i);
		assert_int_equal(finish(&t), 0);
		assert_true(tree_has(&t, "tmp/1.a"));
		assert_false(intent_is_there(t.root));
		tree_remove(&t);
	}
}

/*
 * N09, N10: a link in its place is not followed, a folder of that name not opened, nothing waits.
 */
static void
test_what_is_no_file(void **state)
{
	struct intent i = INTENT_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(symlinkat("cur", t.root, "linnet.intent"), 0);
	assert_int_equal(finish(&t), 0);
	assert_false(intent_is_there(t.root));
	assert_int_equal(mkfifoat(t.root, "linnet.intent", 0600), 0);
	assert_int_equal(finish(&t), 0);
	assert_false(intent_is_there(t.root));
	assert_int_equal(mkdirat(t.root, "linnet.intent", 0700), 0);
	assert_int_equal(finish(&t), 0);
	assert_int_equal(unlinkat(t.root, "linnet.intent", AT_REMOVEDIR), 0);

	assert_int_equal(mkdirat(t.root, "elsewhere", 0700), 0);
	assert_int_equal(mkdirat(t.root, "elsewhere/cur", 0700), 0);
	tree_put(&t, "elsewhere/cur/1.a", "x\n");
	assert_int_equal(symlinkat("elsewhere", t.root, ".A"), 0);
	intent_add(&i, ".A", "cur", "1.a", "new", "1.a");
	write_intent(&t, &i);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "elsewhere/cur/1.a"));
	tree_remove(&t);
}

/* What cannot be done now is left for the next one. */
static void
test_a_failure_keeps_it(void **state)
{
	struct intent i = INTENT_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "tmp/1.a", "one\n");
	intent_add(&i, "", "tmp", "1.a", "new", "1.a");
	write_intent(&t, &i);
	assert_int_equal(unlinkat(t.root, "new", AT_REMOVEDIR), 0);
	tree_put(&t, "new", "in the way");
	assert_int_equal(finish(&t), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_true(intent_is_there(t.root));
	assert_int_equal(unlinkat(t.root, "new", 0), 0);
	assert_int_equal(mkdirat(t.root, "new", 0700), 0);
	assert_int_equal(finish(&t), 0);
	assert_true(tree_has(&t, "new/1.a"));
	tree_remove(&t);
}

/* ---- links ---- */

static void
link_it(struct tree *t, const char *from, const char *to)
{
	assert_int_equal(linkat(t->root, from, t->root, to, 0), 0);
}

/* INBOX's three messages, on their way into INBOX once more. */
static void
begin_copy(struct tree *t)
{
	struct intent i = { .is_links = true };

	tree_make(t);
	tree_put(t, "cur/1.a:2,S", "one\n");
	tree_put(t, "new/2.b", "two\n");
	tree_put(t, "cur/3.c:2,T", "three\n");
	intent_add(&i, ".", "cur", "1.a:2,S", "cur", "7.x:2,S");
	intent_add(&i, ".", "new", "2.b", "new", "8.x,S=4");
	intent_add(&i, ".", "cur", "3.c:2,T", "cur", "9.x:2,T");
	write_intent(t, &i);
}

static void
end_copy(struct tree *t, const char *const *there, size_t count)
{
	static const char *const part[] = { "cur", "new" };
	size_t found = 0;

	for (int again = 0; again < 2; again++) {
		assert_int_equal(finish(t), 0);
		assert_false(intent_is_there(t->root));
	}
	for (size_t i = 0; i < count; i++)
		assert_true(tree_has(t, there[i]));
	for (size_t i = 0; i < 2; i++) {
		DIR *dir = dir_list(t->root, part[i]);
		struct dirent *e;

		while ((e = readdir(dir)) != NULL)
			found += e->d_name[0] != '.';
		closedir(dir);
	}
	assert_int_equal(found, count);
	tree_remove(t);
}

#define END_COPY(t, ...) \
	end_copy(t, (const char *const[]){ __VA_ARGS__ }, \
	         sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* K03: killed between two links: none is left, whatever it was called meanwhile. */
static void
test_links_are_taken_back(void **state)
{
	struct tree t;

	(void)state;
	begin_copy(&t);
	END_COPY(&t, "cur/1.a:2,S", "new/2.b", "cur/3.c:2,T");

	begin_copy(&t);
	link_it(&t, "cur/1.a:2,S", "cur/7.x:2,FS");
	link_it(&t, "new/2.b", "cur/8.x,S=4:2,S");
	END_COPY(&t, "cur/1.a:2,S", "new/2.b", "cur/3.c:2,T");

	begin_copy(&t);
	link_it(&t, "cur/1.a:2,S", "cur/7.x:2,S");
	assert_int_equal(unlinkat(t.root, "cur/3.c:2,T", 0), 0);
	END_COPY(&t, "cur/1.a:2,S", "new/2.b");
}

/* Whoever removed the original had seen the copy: no message is lost. */
static void
test_the_only_link_stays(void **state)
{
	struct tree t;

	(void)state;
	begin_copy(&t);
	link_it(&t, "cur/1.a:2,S", "cur/7.x:2,S");
	link_it(&t, "new/2.b", "new/8.x,S=4");
	assert_int_equal(unlinkat(t.root, "cur/1.a:2,S", 0), 0);
	END_COPY(&t, "new/2.b", "cur/3.c:2,T", "cur/7.x:2,S");
}

/* Dovecot was faster and has numbered one, or all are in already: K03. */
static void
test_numbered_links_are_joined(void **state)
{
	static const char lists[] = "3 V1 N9 G12\n8 :8.x,S=4\n";
	struct tree t;

	(void)state;
	begin_copy(&t);
	link_it(&t, "new/2.b", "cur/8.x,S=4:2,F");
	tree_put(&t, "dovecot-uidlist", lists);
	END_COPY(&t, "cur/1.a:2,S", "new/2.b", "cur/3.c:2,T", "cur/7.x:2,S", "cur/8.x,S=4:2,F",
	         "cur/9.x:2,T");

	begin_copy(&t);
	link_it(&t, "new/2.b", "cur/8.x,S=4:2,F");
	tree_put(&t, "dovecot-uidlist", lists);
	assert_int_equal(unlinkat(t.root, "cur/1.a:2,S", 0), 0);
	END_COPY(&t, "new/2.b", "cur/3.c:2,T", "cur/8.x,S=4:2,F", "cur/9.x:2,T");

	/* a record of a file that is not there says nothing: it is of a COPY that failed */
	begin_copy(&t);
	link_it(&t, "cur/1.a:2,S", "cur/7.x:2,S");
	tree_put(&t, "dovecot-uidlist", lists);
	END_COPY(&t, "cur/1.a:2,S", "new/2.b", "cur/3.c:2,T");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_finish),
		cmocka_unit_test(test_what_was_in_tmp),
		cmocka_unit_test(test_what_was_moved),
		cmocka_unit_test(test_doing_it_again),
		cmocka_unit_test(test_damaged_ones),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_a_failure_keeps_it),
		cmocka_unit_test(test_links_are_taken_back),
		cmocka_unit_test(test_the_only_link_stays),
		cmocka_unit_test(test_numbered_links_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
