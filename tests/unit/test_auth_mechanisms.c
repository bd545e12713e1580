/* test_auth_mechanisms.c - SASL dialogues by table */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/mechanisms.h"
#include "common/base/limits.h"

#define BYTES(literal) { literal, sizeof(literal) - 1 }
#define ALL "plain login"

/*
 * Responses in turn; { NULL, 0 } in the first place: no initial response.  The
 * last one's outcome is next.
 */
static const struct row {
	const char *mechanism;
	struct span response[4];
	size_t      count;
	enum mechanism_next next;
	const char *user, *password;
} rows[] = {
	{ "PLAIN", { BYTES("\0u@d\0pw") }, 1, MECHANISM_CHECK, "u@d", "pw" },
	{ "PLAIN", { { NULL, 0 }, BYTES("\0u@d\0pw") }, 2, MECHANISM_CHECK, "u@d", "pw" },
	{ "PLAIN", { BYTES("u@d\0u@d\0pw") }, 1, MECHANISM_CHECK, "u@d", "pw" },
	{ "PLAIN", { BYTES("\0u\0\xff:\t\n") }, 1, MECHANISM_CHECK, "u", "\xff:\t\n" }, /* A16 */
	/* A02 */
	{ "PLAIN", { BYTES("") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("upw") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("\0upw") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("\0u\0pw\0") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("\0u\0p\0w\0") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("\0\0pw") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("\0u\0") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { BYTES("other\0u\0pw") }, 1, MECHANISM_AUTHZ, NULL, NULL },
	{ "PLAIN", { BYTES("U\0u\0pw") }, 1, MECHANISM_AUTHZ, NULL, NULL },
	{ "PLAIN", { BYTES("\0\0\0\0\0") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "PLAIN", { { NULL, 0 } }, 1, MECHANISM_ASK, NULL, NULL },
	{ "LOGIN", { { NULL, 0 }, BYTES("u@d"), BYTES("pw") }, 3, MECHANISM_CHECK, "u@d", "pw" },
	{ "LOGIN", { BYTES("u@d"), BYTES("pw") }, 2, MECHANISM_CHECK, "u@d", "pw" },
	{ "LOGIN", { { NULL, 0 }, BYTES("u@d") }, 2, MECHANISM_ASK, NULL, NULL },
	{ "LOGIN", { { NULL, 0 }, BYTES("") }, 2, MECHANISM_FAIL, NULL, NULL },
	{ "LOGIN", { BYTES("u"), BYTES("") }, 2, MECHANISM_FAIL, NULL, NULL },
	{ "LOGIN", { BYTES("u\0x") }, 1, MECHANISM_FAIL, NULL, NULL },
	{ "LOGIN", { BYTES("u"), BYTES("p\0w") }, 2, MECHANISM_FAIL, NULL, NULL },
};

static void
test_dialogues_A02(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mechanism *m = mechanism_find(span_of(rows[i].mechanism), ALL);
		struct dialogue d = { 0 };

		assert_non_null(m);
		for (size_t k = 0; k < rows[i].count; k++)
			assert_int_equal(m->step(&d, rows[i].response[k]),
			                 k + 1 == rows[i].count ? rows[i].next : MECHANISM_ASK);
		if (rows[i].user) {
			assert_string_equal(d.user.data, rows[i].user);
			assert_string_equal(d.secret.data, rows[i].password);
		}
		dialogue_free(&d);
	}
}

/* A05: a message of every length, of nothing but NULs or letters, in every step. */
static void
test_any_length_A05(void **state)
{
	static const char fill[] = { '\0', 'a', '\xff' };
	static const size_t lengths[] = { 0,    1,    2,    3,    254,   255,  256,
		                          1023, 1024, 1025, 1281, 16384, 65536 };
	const struct mechanism *m;
	char *bytes = malloc(65536);

	(void)state;
	for (size_t i = 0; (m = mechanism_each(i, ALL)); i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]) * sizeof(fill); k++) {
			size_t len = lengths[k / sizeof(fill)];
			struct dialogue d = { 0 };

			memset(bytes, fill[k % sizeof(fill)], len);
			for (int step = 0; step < 3; step++)
				if (m->step(&d, span_make(bytes, len)) == MECHANISM_CHECK) {
					assert_in_range(d.user.len, 1, LIMIT_USER_NAME);
					assert_in_range(d.secret.len, 1, LIMIT_PASSWORD);
				}
			dialogue_free(&d);
		}
	free(bytes);
}

/* A05: a good message cut at every length is no login. */
static void
test_truncated_A05(void **state)
{
	static const char good[] = "\0user@d.test\0password";
	const struct mechanism *plain = mechanism_find(span_of("plain"), ALL);

	(void)state;
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		struct dialogue d = { 0 };
		enum mechanism_next next = plain->step(&d, span_make(good, len));

		assert_int_equal(next, len > 13 ? MECHANISM_CHECK : MECHANISM_FAIL);
		dialogue_free(&d);
	}
}

static void
test_what_is_allowed(void **state)
{
	(void)state;
	assert_null(mechanism_find(span_of("LOGIN"), "plain"));
	assert_non_null(mechanism_find(span_of("plain"), "PLAIN"));
	assert_null(mechanism_find(span_of("PLAI"), ALL));
	assert_null(mechanism_find(span_of(""), ALL));
	assert_null(mechanism_each(2, ALL));
	assert_string_equal(mechanism_each(0, "login")->name, "LOGIN");
	assert_null(mechanism_unknown("plain  login").at);
	assert_true(span_is(mechanism_unknown("plain plein"), "plein"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues_A02),
		cmocka_unit_test(test_any_length_A05),
		cmocka_unit_test(test_truncated_A05),
		cmocka_unit_test(test_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
