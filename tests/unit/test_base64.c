/* test_base64.c - RFC 4648 base64, strict */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/base64.h"

/* RFC 4648 s.10, and bytes that need every digit. */
static const struct {
	const char *plain;
	size_t      len;
	const char *coded;
} good[] = {
	{ "", 0, "" },
	{ "f", 1, "Zg==" },
	{ "fo", 2, "Zm8=" },
	{ "foo", 3, "Zm9v" },
	{ "foob", 4, "Zm9vYg==" },
	{ "fooba", 5, "Zm9vYmE=" },
	{ "foobar", 6, "Zm9vYmFy" },
	{ "\0", 1, "AA==" },
	{ "\xff\xff\xff", 3, "////" },
	{ "\xfb\xef\xbe", 3, "++++" },
	{ "\0toto\0secret", 12, "AHRvdG8Ac2VjcmV0" },
};

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char coded[32], plain[32];
		size_t len = 99;

		assert_int_equal(base64_encode(span_make(good[i].plain, good[i].len), coded),
		                 strlen(good[i].coded));
		assert_int_equal(BASE64_ROOM(good[i].len), strlen(good[i].coded));
		assert_memory_equal(coded, good[i].coded, strlen(good[i].coded));
		assert_true(base64_decode(span_of(good[i].coded), plain, &len));
		assert_int_equal(len, good[i].len);
		assert_memory_equal(plain, good[i].plain, len);
	}
}

/* A04: nothing but whole groups, padding at the end, unused bits zero. */
static const char *const bad[] = {
	"Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Z===", "=Zg=", "Zg==Zg==", "Zm8=Zm8=",
	"Zm=8", "Zh==", "Zm9=",
	"Zm9 v", "Zm9v\n", " Zm9v", "Zm9v====", "Zm-_", "Zm9\x80", "Zm*v", "Zm9v*", "*", "Z*==",
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char plain[32];
		size_t len = 99;

		if (base64_decode(span_of(bad[i]), plain, &len))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(len, 99);
	}
	assert_false(base64_decode(span_make("Zm\0v", 4), (char[4]){ 0 }, &(size_t){ 0 }));
}

/* In place, every length and a rolling content. */
static void
test_round_trip_in_place(void **state)
{
	char plain[100], text[BASE64_ROOM(100)];

	(void)state;
	for (size_t n = 0; n < sizeof(plain); n++) {
		size_t len;

		for (size_t i = 0; i < n; i++)
			plain[i] = (char)(i * 37 + n * 11);
		len = base64_encode(span_make(plain, n), text);
		assert_true(base64_decode(span_make(text, len), text, &len));
		assert_int_equal(len, n);
		assert_memory_equal(text, plain, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_round_trip_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
