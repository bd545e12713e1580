/* test_auth_user_name.c - what a client may call itself, and what becomes of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/user_name.h"

static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890.-_@";
#define ALL ""

/* made is NULL where the name is refused. */
static const struct row {
	const char *typed, *chars, *realm, *made;
} rows[] = {
	{ "u1@d.test", usual, "", "u1@d.test" },
	{ "u1", usual, "", "u1" },
	{ "u1", usual, "d.test", "u1@d.test" },
	{ "u1@x", usual, "d.test", "u1@x" },
	/* A06, A07 */
	{ "", usual, "", NULL },
	{ "", ALL, "d.test", NULL },
	{ "caf\xe9@d.test", ALL, "", NULL },
	{ "caf\xc3\xa9@d.test", ALL, "", "caf\xc3\xa9@d.test" },
	{ "caf\xc3\xa9@d.test", usual, "", NULL },
	{ "a\xc0\xaf" "b@d.test", ALL, "", NULL },
	{ "a\xed\xa0\x80@d.test", ALL, "", NULL },
	{ "a\xf4\x90\x80\x80@d.test", ALL, "", NULL },
	{ "a\xc2\x85@d.test", ALL, "", NULL },
	{ "a\x01@d.test", ALL, "", NULL },
	{ "a\x7f@d.test", ALL, "", NULL },
	/* A08 */
	{ "U1@D.TEST", usual, "", "u1@d.test" },
	{ "u1@d.test.", usual, "", NULL },
	{ "u1@d.test ", usual, "", NULL },
	{ "\xef\xbd\x95" "1@d.test", usual, "", NULL },
	/* A09 */
	{ "u1@d.test@evil", usual, "", NULL },
	{ "u1@d.test@evil", ALL, "", NULL },
	{ "@d.test", usual, "", NULL },
	{ "u1@", usual, "", NULL },
	{ "u1%d.test", usual, "", NULL },
	{ "u1/../u2@d.test", usual, "", NULL },
	{ "u1/../u2@d.test", ALL, "", NULL },
	{ "u1/x@d.test", ALL, "", NULL },
	{ ".@d.test", usual, "", NULL },
	{ "..@d.test", usual, "", NULL },
	{ ".Sent@d.test", usual, "", NULL },
	{ "u1@..", usual, "", NULL },
	{ "u1@.", usual, "", NULL },
	{ "u1@a..b", usual, "", NULL },
	{ "u1@.test", usual, "", NULL },
	{ "u.1@d.test", usual, "", "u.1@d.test" },
	/* A10 */
	{ "' OR '1'='1' -- @d.test", usual, "", NULL },
	{ "' OR '1'='1' -- @d.test", ALL, "", "' or '1'='1' -- @d.test" },
	{ "%27@d.test", ALL, "", "%27@d.test" },
	{ "\xbf\x27@d.test", ALL, "", NULL },
	/* A11: expanded once, and never the typed text */
	{ "%u%u%u@d.test", ALL, "", "%u%u%u@d.test" },
	{ "%{password}@d.test", ALL, "", "%{password}@d.test" },
	{ "%250000u", ALL, "", "%250000u" },
	{ "$SET:x", ALL, "", "$set:x" },
	{ "%n@%d", ALL, "", "%n@%d" },
};

static void
test_names_A06_A11(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct user_name_rules rules = { rows[i].chars, "%Lu", rows[i].realm };
		struct arena mem = ARENA_EMPTY;
		const char *why = NULL,
			   *made = user_name_make(span_of(rows[i].typed), &rules, &mem, &why);

		if (rows[i].made) {
			assert_non_null(made);
			assert_string_equal(made, rows[i].made);
		} else {
			if (made)
				fail_msg("accepted: %s", rows[i].typed);
			assert_non_null(why);
		}
		arena_free(&mem);
	}
}

static void
test_length_and_nul_A07(void **state)
{
	struct user_name_rules rules = { ALL, "%Lu", "" };
	struct arena mem = ARENA_EMPTY;
	char name[400];
	const char *why;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_non_null(user_name_make(span_make(name, 255), &rules, &mem, &why));
	assert_null(user_name_make(span_make(name, 256), &rules, &mem, &why));
	assert_null(user_name_make(span_make("u1\0@d.test", 10), &rules, &mem, &why));
	assert_null(user_name_make(span_make("u1@d.test\0", 10), &rules, &mem, &why));
	rules.default_realm = name; /* too long only with its realm */
	name[250] = '\0';
	assert_null(user_name_make(span_of("somebody"), &rules, &mem, &why));
	arena_free(&mem);
}

/* What stands in the log can end no field of fail2ban's pattern, and is UTF-8. */
static void
test_for_log_A07(void **state)
{
	static const struct {
		const char *name, *shown;
	} names[] = {
		{ "u1@d.test", "u1@d.test" },
		{ "a,6.6.6.6): unknown user", "a?6.6.6.6???unknown?user" },
		{ "<x>", "?x?" },
		{ "caf\xe9", "caf?" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "a\nb\tc\x7f", "a?b?c?" },
		{ "", "" },
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(user_name_for_log(span_of(names[i].name), &mem),
		                    names[i].shown);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_A06_A11),
		cmocka_unit_test(test_length_and_nul_A07),
		cmocka_unit_test(test_for_log_A07),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
