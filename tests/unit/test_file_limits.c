/* test_file_limits.c - files of a Maildir that are larger than anybody reads, too many mailboxes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "common/base/limits.h"
#include "common/maildir/keywords.h"
#include "common/maildir/subscriptions.h"
#include "tests/unit/maildir_support.h"

static int
read_subscriptions(struct tree *t, struct arena *mem)
{
	struct subscriptions subs;

	return subscriptions_read(t->root, mem, &subs);
}

static int
read_keywords(struct tree *t, struct arena *mem)
{
	struct keywords k;
	bool is_read;

	(void)mem;
	keywords_init(&k);
	is_read = keywords_refresh(&k, t->root) == 0 && !k.trouble;
	keywords_free(&k);
	return is_read ? 0 : -1;
}

static const struct {
	const char *file;
	off_t       limit;
	int       (*read)(struct tree *t, struct arena *mem);
} files[] = {
	{ "subscriptions", LIMIT_SUBSCRIPTIONS_BYTES, read_subscriptions },
	{ "dovecot-keywords", LIMIT_KEYWORDS_BYTES, read_keywords },
};

/* Holes cost no disk: what is too large is refused before a byte of it is read. */
static void
test_larger_than_the_limit(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct tree t;
		char path[128];

		tree_make(&t);
		tree_put(&t, files[i].file, "");
		snprintf(path, sizeof(path), "%s/%s", t.path, files[i].file);
		assert_int_equal(truncate(path, files[i].limit), 0);
		assert_int_equal(files[i].read(&t, &mem), 0);
		assert_int_equal(truncate(path, files[i].limit + 1), 0);
		assert_int_equal(files[i].read(&t, &mem), -1);
		tree_remove(&t);
	}
	arena_free(&mem);
}

static void
test_too_many_mailboxes(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	for (int i = 0; i < LIMIT_MAILBOXES - 1; i++) {
		char name[24];
		int n = snprintf(name, sizeof(name), ".m%d", i);

		assert_int_equal(mkdirat(t.root, name, 0700), 0);
		strcpy(name + n, "/cur");
		assert_int_equal(mkdirat(t.root, name, 0700), 0);
	}
	assert_int_equal(store_create(t.store, "last"), 0);
	assert_int_equal(store_create(t.store, "one more"), -1);
	assert_int_equal(errno, EMLINK);
	assert_int_equal(store_delete(t.store, "last"), 0);
	assert_int_equal(store_create(t.store, "one more"), 0);
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_larger_than_the_limit),
		cmocka_unit_test(test_too_many_mailboxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
