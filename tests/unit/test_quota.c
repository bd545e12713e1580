/* test_quota.c - quota rules, and maildirsize in every state (W11) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/maildir/quota.h"
#include "tests/unit/maildir_support.h"

#define G (1024ULL * 1024 * 1024)
#define M (1024ULL * 1024)

static void
test_rules(void **state)
{
	static const struct {
		const char *text, *mailbox;
		uint64_t    standard, bytes, messages;
		bool        is_ignored;
	} cases[] = {
		{ "*:storage=1G", "*", 0, G, 0, false },
		{ "*:storage=1048576", "*", 0, G, 0, false },
		{ "*:bytes=1073741824", "*", 0, G, 0, false },
		{ "*:bytes=1g:messages=100", "*", 0, G, 100, false },
		{ "*:storage=0", "*", 0, 0, 0, false },
		{ "?:storage=10B", "?", 0, 10, 0, false },
		{ "Trash:storage=+100M", "Trash", G, G + 100 * M, 0, false },
		{ "Trash:storage=-100M", "Trash", G, G - 100 * M, 0, false },
		{ "Trash:storage=-2G", "Trash", G, 1, 0, false },
		{ "Trash:storage=+100M", "Trash", 0, 0, 0, false },
		{ "Trash:storage=50%", "Trash", G, G / 2, 0, false },
		{ "Trash:storage=+20%", "Trash", 1000, 1200, 0, false },
		{ "Trash:storage=-20%", "Trash", 1000, 800, 0, false },
		{ "Trash:storage=300%", "Trash", UINT64_MAX, 0, 0, false }, /* no overflow */
		{ "Spam:ignore", "Spam", G, G, 0, true },
		{ "*:storage=2T:messages=5k:noenforcing", "*", 0, 2048 * G, 5120, false },
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quota_rule r;

		assert_null(quota_rule_parse(cases[i].text, &mem, &r));
		assert_string_equal(r.mailbox, cases[i].mailbox);
		assert_int_equal(r.is_ignored, cases[i].is_ignored);
		if (cases[i].standard != UINT64_MAX)
			assert_int_equal(quota_amount_of(&r.bytes, cases[i].standard),
			                 cases[i].bytes);
		else
			assert_true(quota_amount_of(&r.bytes, cases[i].standard) > G * 1024 * 1024);
		assert_int_equal(quota_amount_of(&r.messages, 0), cases[i].messages);
	}
	arena_free(&mem);
}

static void
test_wrong_rules(void **state)
{
	static const char *const cases[] = {
		"",
		"*",
		"storage=1G",
		":storage=1G",
		"*:storage",
		"*:storage=",
		"*:storage=G",
		"*:storage=1X",
		"*:storage=1GB",
		"*:storage=+",
		"*:storage=1.5G",
		"*:storage=99999999999T",
		"*:bytes=18446744073709551616",
		"*:storage=2000%",
		"*:messages=many",
		"*:",
		"*:storage=1G:",
		"*:ignored",
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quota_rule r;

		assert_non_null(quota_rule_parse(cases[i], &mem, &r));
	}
	arena_free(&mem);
}

static void
test_the_file(void **state)
{
	static const struct {
		const char *text;
		bool        good;
		uint64_t    limit, bytes, messages;
	} cases[] = {
		{ "1000S\n50 2\n", true, 1000, 50, 2 },
		{ "1000S,5C\n50 2\n-20 -1\n7 1\n", true, 1000, 37, 2 },
		{ "5C,1000S\n 50\t2 \n", true, 1000, 50, 2 },
		{ "10C\n0 0\n", true, 0, 0, 0 },
		{ "", false, 0, 0, 0 },
		{ "1000S", false, 0, 0, 0 },
		{ "1000S\n", false, 0, 0, 0 },
		{ "1000S\n50 2", false, 0, 0, 0 },
		{ "\n50 2\n", false, 0, 0, 0 },
		{ "1000\n50 2\n", false, 0, 0, 0 },
		{ "1000SS\n50 2\n", false, 0, 0, 0 },
		{ "1000S\n1000S\n50 2\n", false, 0, 0, 0 },
		{ "1000S\n50 2\n1000S\n", false, 0, 0, 0 },
		{ "1000S\n50\n", false, 0, 0, 0 },
		{ "1000S\n50 2 3\n", false, 0, 0, 0 },
		{ "1000S\n50 2\n\n", false, 0, 0, 0 },
		{ "1000S\n50 2\n-60 -1\n", false, 0, 0, 0 },
		{ "1000S\n50 2\n-10 -3\n", false, 0, 0, 0 },
		{ "-1S\n50 2\n", false, 0, 0, 0 },
		{ "1000S\n9223372036854775807 1\n9223372036854775807 1\n", false, 0, 0, 0 },
		{ "1000S\nrubbish\n", false, 0, 0, 0 },
		{ "1000S\r\n50 2\r\n", true, 1000, 50, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quota_file f;

		assert_int_equal(quota_parse(span_of(cases[i].text), &f), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(f.limits.bytes, cases[i].limit);
		assert_int_equal(f.use.bytes, cases[i].bytes);
		assert_int_equal(f.use.messages, cases[i].messages);
	}
	assert_false(quota_parse(span_make("1000S\n50 2\n\0\n", 13),
	                         &(struct quota_file){ .lines = 0 }));
}

/* ---- with a Maildir ---- */

struct place {
	struct tree  t;
	struct arena mem;
};

/* Two messages of 7 and 20 bytes in INBOX, one of 100 in A, one of 1000 in Spam. */
static void
place_make(struct place *p, const char *rule, const char *rule2)
{
	const char *const rules[] = { rule, rule2 };
	const char *bad;

	memset(p, 0, sizeof(*p));
	tree_make(&p->t);
	tree_put(&p->t, "cur/1.a:2,S", "1234567");
	tree_put(&p->t, "new/2.b,S=20,W=22", "x");
	assert_int_equal(store_create(p->t.store, "A"), 0);
	assert_int_equal(store_create(p->t.store, "Spam"), 0);
	tree_put(&p->t, ".A/cur/3.c,S=100:2,T", "x");
	tree_put(&p->t, ".Spam/cur/4.d,S=1000:2,", "x");
	store_set_quota(p->t.store,
	                quota_new("maildir:User quota", rules, rule2 ? 2 : 1, &p->mem, &bad));
	assert_null(bad);
}

static void
place_remove(struct place *p)
{
	tree_remove(&p->t);
	arena_free(&p->mem);
}

static void
assert_use(struct place *p, uint64_t bytes, uint64_t messages)
{
	struct quota_amounts use;

	assert_int_equal(quota_use(p->t.store, &use), 0);
	assert_int_equal(use.bytes, bytes);
	assert_int_equal(use.messages, messages);
}

static void
assert_file(struct place *p, const char *text)
{
	struct span there;
	struct stat st;

	assert_int_equal(file_read(p->t.root, "maildirsize", 10000, &p->mem, &there, &st), 0);
	assert_string_equal(there.at, text);
}

static void
test_none_is_set(void **state)
{
	const char *bad;
	struct arena mem = ARENA_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "maildirsize", "untouched");
	assert_null(quota_new(NULL, NULL, 0, &mem, &bad));
	assert_null(quota_new("", NULL, 0, &mem, &bad));
	assert_null(store_quota(t.store));
	assert_false(quota_counts(t.store, "INBOX"));
	assert_int_equal(quota_allow(t.store, "INBOX", UINT64_MAX, UINT64_MAX), 0);
	quota_change(t.store, 5, 5);
	quota_forget(t.store);
	assert_true(tree_has(&t, "maildirsize"));
	tree_remove(&t);
	arena_free(&mem);
}

static void
test_names_and_options(void **state)
{
	static const char *const rules[] = { "rubbish", "*:storage=1k" };
	struct arena mem = ARENA_EMPTY;
	const char *bad;
	struct quota *q;

	(void)state;
	q = quota_new("maildir:User quota:ns=:noenforcing", rules, 2, &mem, &bad);
	assert_string_equal(q->name, "User quota");
	assert_false(q->is_enforced);
	assert_int_equal(q->count, 1);
	assert_string_equal(bad, "rubbish");
	assert_string_equal(quota_new("count", rules, 0, &mem, &bad)->name, "");
	arena_free(&mem);
}

static void
test_counting(void **state)
{
	struct place p;

	(void)state;
	place_make(&p, "*:storage=1k:messages=10", NULL);
	assert_use(&p, 1127, 4);
	assert_file(&p, "1024S,10C\n1127 4\n");
	quota_change(p.t.store, -100, -1);
	quota_change(p.t.store, 3, 1);
	assert_file(&p, "1024S,10C\n1127 4\n-100 -1\n3 1\n");
	assert_use(&p, 1030, 4);
	place_remove(&p);
	place_make(&p, "*:messages=10", "Spam:ignore");
	assert_use(&p, 127, 3);
	assert_file(&p, "10C\n127 3\n");
	place_remove(&p);
}

/* W11: whatever stands there, the next one who asks gets the truth, and the file is good again. */
static void
test_damaged_files(void **state)
{
	static const char *const cases[] = {
		"",
		"garbage",
		"1024S\n-5 -1\n",
		"1024S\n1024S\n5 1\n",
		"2048S\n1 1\n", /* another limit */
		"1024S,7C\n1 1\n",
		"1024S\n1 1\n5",
	};
	struct buf large = BUF_EMPTY;
	struct place p;

	(void)state;
	place_make(&p, "*:storage=1k", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_put(&p.t, "maildirsize", cases[i]);
		assert_use(&p, 1127, 4);
		assert_file(&p, "1024S\n1127 4\n");
	}
	buf_str(&large, "1024S\n");
	while (large.len <= LIMIT_QUOTA_BYTES)
		buf_str(&large, "0 0\n");
	tree_put(&p.t, "maildirsize", large.data);
	assert_use(&p, 1127, 4);
	assert_file(&p, "1024S\n1127 4\n");
	buf_free(&large);
	/* (4) */
	assert_int_equal(unlinkat(p.t.root, "maildirsize", 0), 0);
	quota_change(p.t.store, 5, 1);
	assert_false(tree_has(&p.t, "maildirsize"));
	/* N10: nothing waits, nothing is written elsewhere */
	assert_int_equal(mkfifoat(p.t.root, "maildirsize", 0600), 0);
	quota_change(p.t.store, 5, 1);
	assert_use(&p, 1127, 4);
	assert_file(&p, "1024S\n1127 4\n");
	assert_int_equal(unlinkat(p.t.root, "maildirsize", 0), 0);
	tree_put(&p.t, "elsewhere", "1024S\n1 1\n");
	assert_int_equal(symlinkat("elsewhere", p.t.root, "maildirsize"), 0);
	quota_change(p.t.store, 5, 1);
	assert_false(tree_has(&p.t, "maildirsize"));
	assert_true(tree_has(&p.t, "elsewhere"));
	assert_use(&p, 1127, 4);
	place_remove(&p);
}

static void
assert_refused(struct place *p, const char *mailbox, uint64_t bytes, uint64_t messages)
{
	errno = 0;
	assert_int_equal(quota_allow(p->t.store, mailbox, bytes, messages), -1);
	assert_int_equal(errno, EDQUOT);
}

static void
test_allowing(void **state)
{
	struct place p;

	(void)state;
	place_make(&p, "*:bytes=200:messages=5", "Spam:bytes=+1000:messages=+1");
	tree_put(&p.t, "maildirsize", "200S,5C\n150 4\n");
	assert_int_equal(quota_allow(p.t.store, "INBOX", 50, 1), 0);
	assert_refused(&p, "INBOX", 51, 1);
	assert_refused(&p, "INBOX", 1, 2);
	assert_int_equal(quota_allow(p.t.store, "Spam", 1000, 2), 0);
	assert_refused(&p, "Spam", 1051, 1);
	assert_refused(&p, "Spam", UINT64_MAX, 1);
	/*
	 * that was believed, being fresh and a count; with a
	 * change behind it it is counted again: 1127, 4
	 */
	tree_put(&p.t, "maildirsize", "200S,5C\n150 4\n40 0\n");
	assert_refused(&p, "INBOX", 20, 1);
	assert_file(&p, "200S,5C\n1127 4\n");
	place_remove(&p);
}

/* (2): "over quota" is an old tale. */
static void
test_over_quota_is_looked_at_again(void **state)
{
	struct timespec hour_ago[2] = { { time(NULL) - 3600, 0 }, { time(NULL) - 3600, 0 } };
	struct place p;

	(void)state;
	place_make(&p, "*:bytes=2000", NULL);
	tree_put(&p.t, "maildirsize", "2000S\n1990 9\n");
	assert_refused(&p, "INBOX", 20, 1);
	assert_int_equal(utimensat(p.t.root, "maildirsize", hour_ago, 0), 0);
	assert_int_equal(quota_allow(p.t.store, "INBOX", 20, 1), 0);
	assert_file(&p, "2000S\n1127 4\n");
	tree_put(&p.t, "maildirsize", "2000S\n0 0\n1990 9\n");
	assert_int_equal(quota_allow(p.t.store, "INBOX", 20, 1), 0);
	assert_file(&p, "2000S\n1127 4\n");
	place_remove(&p);
}

static void
test_deleting_and_renaming(void **state)
{
	struct place p;

	(void)state;
	place_make(&p, "*:storage=1k", "Spam*:ignore");
	assert_use(&p, 127, 3);
	assert_int_equal(store_delete(p.t.store, "A"), 0);
	assert_file(&p, "1024S\n127 3\n-100 -1\n");
	assert_int_equal(store_rename(p.t.store, "Spam", "B"), 0);
	assert_use(&p, 1027, 3);
	assert_int_equal(store_rename(p.t.store, "B", "Spam.old"), 0);
	assert_use(&p, 27, 2);
	assert_int_equal(store_delete(p.t.store, "Spam.old"), 0);
	assert_file(&p, "1024S\n27 2\n");
	place_remove(&p);
}

/* The masks of a user's row cost nobody time. */
static void
test_masks(void **state)
{
	static const struct {
		const char *mask, *name;
		bool        is;
	} cases[] = {
		{ "Trash", "Trash", true },
		{ "Trash", "Trash.old", false },
		{ "Trash*", "Trash.old", true },
		{ "*.old", "Trash.old", true },
		{ "T?ash", "Trash", true },
		{ "T?ash", "Tash", false },
		{ "*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "**", "x", true },
	};
	struct tree t;

	(void)state;
	tree_make(&t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const char *rule = arena_printf(&mem, "%s:ignore", cases[i].mask), *bad;

		store_set_quota(t.store, quota_new("maildir", &rule, 1, &mem, &bad));
		assert_int_equal(quota_counts(t.store, cases[i].name), !cases[i].is);
		store_set_quota(t.store, NULL);
		arena_free(&mem);
	}
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_the_file),
		cmocka_unit_test(test_none_is_set),
		cmocka_unit_test(test_names_and_options),
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_allowing),
		cmocka_unit_test(test_over_quota_is_looked_at_again),
		cmocka_unit_test(test_deleting_and_renaming),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
