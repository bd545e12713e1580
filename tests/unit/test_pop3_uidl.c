/* test_pop3_uidl.c - POP3 unique ids in the forms of other servers (D07) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pop3d/uidl.h"

static const struct uidl_values sample = { 0x2ab, 0x5f00c0de, "1700000000.M1P2.host,S=10" };

/* printed NULL: no such format */
static const struct {
	const char *format, *printed;
	bool        is_usable;
} formats[] = {
	{ "%08Xu%08Xv", "000002ab5f00c0de", true }, /* Dovecot */
	{ "%08Xv%08Xu", "5f00c0de000002ab", true }, /* UW */
	{ "%v-%u", "1593884894-683", true },        /* Courier 2 */
	{ "%v.%u", "1593884894.683", true },        /* Cyrus */
	{ "%u", "683", true },                      /* Courier 1, old Cyrus */
	{ "%f", "1700000000.M1P2.host,S=10", true }, /* Courier 0 */
	{ "%Uf", "1700000000.M1P2.HOST,S=10", true },
	{ "%Lf", "1700000000.m1p2.host,s=10", true },
	{ "%g", "1700000000.M1P2.host,S=10", true },
	{ "%Xu", "2ab", true },
	{ "%5u", "  683", false }, /* blanks cannot be sent */
	{ "%05u", "00683", true },
	{ "100%%%u", "100%683", true },
	{ "%v", "1593884894", false }, /* alike for all messages */
	{ "mail", "mail", false },
	{ "", "", false },
	{ "%", NULL, false },
	{ "%q", NULL, false },
	{ "%08X", NULL, false },
	{ "%99999999999999999999u", NULL, false },
	{ "%71u", NULL, false },
};

static void
test_formats_D07(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct buf out = BUF_EMPTY;
		bool ok;

		buf_str(&out, "");
		ok = uidl_print(formats[i].format, &sample, &out);
		assert_int_equal(ok, formats[i].printed != NULL);
		if (ok)
			assert_string_equal(out.data, formats[i].printed);
		assert_int_equal(uidl_format_is_usable(formats[i].format), formats[i].is_usable);
		buf_free(&out);
	}
}

static void
test_the_default_is_always_fit_to_send(void **state)
{
	static const struct uidl_values widest = { UINT32_MAX, UINT32_MAX, "" };
	struct buf out = BUF_EMPTY;

	(void)state;
	assert_true(uidl_print(uidl_default_format, &widest, &out));
	assert_string_equal(out.data, "ffffffffffffffff");
	assert_true(uidl_is_valid(buf_view(&out)));
	buf_free(&out);
}

static void
test_what_may_be_sent(void **state)
{
	char seventy_one[72];

	(void)state;
	memset(seventy_one, 'x', sizeof(seventy_one));
	assert_true(uidl_is_valid(span_make(seventy_one, 70)));
	assert_false(uidl_is_valid(span_make(seventy_one, 71)));
	assert_false(uidl_is_valid(span_make("", 0)));
	assert_false(uidl_is_valid(span_of("a b")));
	assert_false(uidl_is_valid(span_of("a\r\n")));
	assert_false(uidl_is_valid(span_of("\xc3\xa9")));
	assert_false(uidl_is_valid(span_of("\x7f")));
	assert_true(uidl_is_valid(span_of("!~")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_D07),
		cmocka_unit_test(test_the_default_is_always_fit_to_send),
		cmocka_unit_test(test_what_may_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
