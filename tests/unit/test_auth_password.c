/* test_auth_password.c - stored passwords of every scheme, and what nobody can check */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/crypt_cost.h"
#include "authd/password.h"

/* The password is "secret" everywhere. */
static const struct good_row {
	const char *scheme, *stored;
} good_rows[] = {
	{ "SHA512-CRYPT",
	  "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/"
	  "O6IND4WQhG." },
	{ "SHA512-CRYPT", "{SHA256-CRYPT}$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM." },
	{ "SHA512-CRYPT", "$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4" },
	{ "CRYPT", "abNANd1rDfiNc" },
	{ "MD5", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1" },
	{ "PLAIN", "{md5-crypt}$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1" },
	{ "PLAIN", "secret" },
	{ "CRYPT", "{PLAIN}secret" },
	{ "CRYPT", "{CLEARTEXT}secret" },
	{ "CRYPT", "{PLAIN.b64}c2VjcmV0" },
	{ "CRYPT", "{PLAIN.base64}c2VjcmV0" },
	{ "CRYPT", "{PLAIN.HEX}736563726574" },
	{ "CRYPT", "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69" },
	{ "CRYPT", "{PLAIN-MD5.b64}Xr4ilOzQ4PCOq3aQ0qbuaQ==" },
	{ "CRYPT", "{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==" },
	{ "CRYPT", "{SMD5}mc0uWpXVVe5747A4pKhGJXNhbHQ=" },
	{ "SHA", "5en6G6MezRroT3XKqkdPOmY/BfQ=" },
	{ "CRYPT", "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=" },
	{ "CRYPT", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0" },
	{ "CRYPT", "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=" },
	{ "CRYPT", "{SHA256.hex}2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" },
	{ "CRYPT", "{SSHA256}+E+iFJ27Yu1ODPH1UNKUmzOmUT06dwfghQJRHHnMsO5zYWx0" },
	{ "CRYPT", "{SHA512}"
	           "vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpa"
	           "yrW/isg==" },
	{ "CRYPT", "{SSHA512}E491yrR9AdCoE7rbOPYS3EZgSuZpVE65AD9xko08s6floNesY/"
	           "Zpe9zMVvLix4S2FiQSJ99RIkNvhHomNO9uL3NhbHQ=" },
};

static void
test_right_and_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_rows) / sizeof(good_rows[0]); i++) {
		const char *why = NULL;

		assert_int_equal(password_verify(span_of("secret"), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_RIGHT);
		assert_int_equal(password_verify(span_of("Secret"), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_WRONG);
		assert_int_equal(password_verify(span_of("secre"), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_WRONG);
		assert_int_equal(password_verify(span_of("secret "), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_WRONG);
		assert_int_equal(password_verify(span_of(""), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_WRONG);
		assert_int_equal(password_verify(span_make("secret\0", 7), good_rows[i].stored,
		                                 good_rows[i].scheme, &why),
		                 PASSWORD_WRONG);
	}
}

/* Kinds that a platform's crypt(3) may lack: right, or the server's fault, never just wrong. */
static void
test_kinds_of_the_platform(void **state)
{
	static const char *const stored[] = {
		"{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01",
		"$gy$j75$abcdefgh$lRD8hCfuUnaykqHEd24aR4OED0E.hiL5k0lM9Kg0qT5",
		"$7$5/..../....abcdefgh$RAfVJSI5fXgUg0qqtAZgTKHXHVrid0L9RpJBOwJfB72",
		"$sha1$24$abcdefgh$zcy9y8VxZo4cyI8fgEX79fF9jUHf",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		const char *why = NULL;
		enum password_verdict v = password_verify(span_of("secret"), stored[i],
		                                          "SHA512-CRYPT", &why);

		assert_true(v == PASSWORD_RIGHT || (v == PASSWORD_UNUSABLE && why));
		v = password_verify(span_of("wrong"), stored[i], "SHA512-CRYPT", &why);
		assert_true(v == PASSWORD_WRONG || (v == PASSWORD_UNUSABLE && why));
	}
}

static const struct bad_row {
	const char *stored;
	enum password_verdict verdict;
} bad_rows[] = {
	/* A14 */
	{ "", PASSWORD_NONE },
	{ "*", PASSWORD_NONE },
	{ "!", PASSWORD_NONE },
	{ "x", PASSWORD_NONE },
	{ "!$6$abcdefgh$ltjg", PASSWORD_NONE },
	{ "{PLAIN}", PASSWORD_NONE },
	{ "{SHA512-CRYPT}", PASSWORD_NONE },
	{ "{NOSUCH}abc", PASSWORD_UNUSABLE },
	{ "{PLAIN.xyz}abc", PASSWORD_UNUSABLE },
	{ "{PLAIN", PASSWORD_UNUSABLE },
	{ "{}abc", PASSWORD_UNUSABLE },
	{ "secret", PASSWORD_UNUSABLE }, /* text where a hash should be */
	{ "$9$abc$def", PASSWORD_UNUSABLE },
	{ "{SHA}abc", PASSWORD_UNUSABLE },
	{ "{SSHA}YWJj", PASSWORD_UNUSABLE },
	{ "{SHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0", PASSWORD_UNUSABLE },
	{ "{PLAIN-MD5}5ebe2294", PASSWORD_UNUSABLE },
	/* A15 */
	{ "$6$rounds=999999999$abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$5$rounds=1000001$abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$6$rounds=99999999999999999999999$abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", PASSWORD_UNUSABLE },
	{ "$2b$15$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", PASSWORD_UNUSABLE },
	{ "$2b$xx$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", PASSWORD_UNUSABLE },
	{ "$y$jLT$abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$y$jzzzz$abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$7$z/..../....abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$7$5zzzzz/....abcdefgh$x", PASSWORD_UNUSABLE },
	{ "$sha1$4000000000$abcdefgh$x", PASSWORD_UNUSABLE },
};

static void
test_unusable_A14_A15(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const char *why = NULL;
		enum password_verdict v = password_verify(span_of("secret"), bad_rows[i].stored,
		                                          "SHA512-CRYPT", &why);

		if (v != bad_rows[i].verdict)
			fail_msg("%s: verdict %d", bad_rows[i].stored, (int)v);
		if (v == PASSWORD_UNUSABLE) {
			assert_non_null(why);
			assert_null(strstr(why, "abcdefgh"));
		}
	}
}

/* A16: exact bytes of any length up to the limit; above it refused without work. */
static void
test_lengths_A16(void **state)
{
	static const size_t lengths[] = { 1, 72, 73, 1023, 1024, 1025, 4096 };
	static char typed[4097], stored[4200];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const char *why = NULL;
		enum password_verdict v;

		memset(typed, 0, sizeof(typed));
		memset(typed, ':', lengths[i]);
		strcpy(stored, "{PLAIN}");
		strcat(stored, typed);
		v = password_verify(span_make(typed, lengths[i]), stored, "CRYPT", &why);
		assert_int_equal(v, lengths[i] <= 1024 ? PASSWORD_RIGHT : PASSWORD_WRONG);
	}
	/* bytes that are special elsewhere */
	assert_int_equal(password_verify(span_of("a:\t\n\xe9{}'\""), "{PLAIN}a:\t\n\xe9{}'\"",
	                                 "CRYPT", &(const char *){ NULL }),
	                 PASSWORD_RIGHT);
	/* longer than crypt(3) of some platforms takes: wrong, and no fault of the server's */
	memset(typed, 'x', 1024);
	typed[1024] = '\0';
	assert_int_equal(password_verify(span_of(typed), good_rows[0].stored, "CRYPT",
	                                 &(const char *){ NULL }),
	                 PASSWORD_WRONG);
	/* bcrypt looks at 72 bytes: documented */
	memset(typed, 'x', 73);
	typed[73] = '\0';
	const char *why = NULL;
	enum password_verdict v = password_verify(
		span_of(typed), "$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i",
		"CRYPT", &why);
	assert_true(v == PASSWORD_RIGHT || v == PASSWORD_UNUSABLE);
}

/* A17: the dummy of each scheme is a hash that is really computed, of a kind the platform does. */
static void
test_dummies_A17(void **state)
{
	static const char *const names[] = {
		"SHA512-CRYPT", "SHA256-CRYPT", "MD5-CRYPT", "CRYPT",    "PLAIN",
		"PLAIN-MD5",    "LDAP-MD5",     "SMD5",      "SHA",      "SHA1",
		"SSHA",         "SHA256",       "SSHA256",   "SHA512",   "SSHA512",
		"DES-CRYPT",    "BLF-CRYPT",    "MD5",       "CLEARTEXT"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(password_scheme_exists(names[i]));
		assert_int_not_equal(password_waste_time(span_of("secret"), names[i]),
		                     PASSWORD_NONE);
		if (strcmp(names[i], "BLF-CRYPT") != 0) /* not every platform has it */
			assert_int_equal(password_waste_time(span_of("secret"), names[i]),
			                 PASSWORD_WRONG);
	}
	assert_false(password_scheme_exists("NOSUCH"));
	assert_false(password_scheme_exists(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_and_wrong),
		cmocka_unit_test(test_kinds_of_the_platform),
		cmocka_unit_test(test_unusable_A14_A15),
		cmocka_unit_test(test_lengths_A16),
		cmocka_unit_test(test_dummies_A17),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
