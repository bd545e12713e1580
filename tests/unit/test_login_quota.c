/* test_login_quota.c - a user's quota from the settings and from the user's row */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/start/login_quota.h"

enum { FIELDS = 3 };

static struct settings_quota_rule rules[] = {
	{ 1, "*:bytes=1000" },
	{ 3, "Trash:bytes=+10" },
	{ 12, "Junk:ignore" },
};

static const struct {
	const char        *quota;
	struct login_field field[FIELDS];
	size_t             fields;
	const char        *wanted; /* mailboxes of the rules in their order; NULL: no quota */
	uint64_t           limit, trash;
} rows[] = {
	{ "maildir:x", { { NULL, NULL } }, 0, "* Trash Junk", 1000, 1010 },
	{ NULL, { { "quota_rule", "*:bytes=5" } }, 1, NULL, 0, 0 },
	{ "maildir:x", { { "quota_rule", "*:bytes=5" } }, 1, "* Trash Junk", 5, 15 },
	{ "maildir:x", { { "quota_rule2", "A:ignore" } }, 1, "* A Trash Junk", 1000, 1010 },
	{ "maildir:x", { { "quota_rule9", "A:ignore" } }, 1, "* Trash A Junk", 1000, 1010 },
	{ "maildir:x", { { "quota_rule3", "Trash:bytes=7" }, { "quota_rule4", "?:bytes=1" } }, 2,
	  "* Trash ? Junk", 1000, 7 },
	{ "maildir:x", { { "quota_rule", "rubbish" } }, 1, "Trash Junk", 0, 0 },
	{ "maildir:x", { { "quota_rule10", "A:ignore" }, { "quota", "A" } }, 2, "* Trash Junk",
	  1000, 1010 },
};

static const struct quota *
quota_of_row(size_t i, struct arena *mem)
{
	struct settings set = { .quota = rows[i].quota, .quota_rule = rules,
		                .quota_rule_count = sizeof(rules) / sizeof(rules[0]) };
	struct login login = { .settings = &set, .field = rows[i].field,
		               .field_count = rows[i].fields };

	return login_quota(&login, mem);
}

static void
test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const struct quota *q = quota_of_row(i, &mem);
		char names[100] = "";

		assert_int_equal(q != NULL, rows[i].wanted != NULL);
		for (size_t k = 0; q && k < q->count; k++) {
			strcat(names, k ? " " : "");
			strcat(names, q->rule[k].mailbox);
		}
		if (q)
			assert_string_equal(names, rows[i].wanted);
		arena_free(&mem);
	}
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct quota_amounts limits;
		struct store *store;

		assert_int_equal(store_open("/tmp", false, STORE_NO_SYNC, &store), 0);
		store_set_quota(store, quota_of_row(i, &mem));
		quota_limits(store, NULL, &limits);
		assert_int_equal(limits.bytes, rows[i].limit);
		quota_limits(store, "Trash", &limits);
		assert_int_equal(limits.bytes, rows[i].trash);
		store_close(store);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
