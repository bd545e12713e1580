/* test_date.c - dates of headers and of IMAP */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/mime/date.h"

static const struct {
	const char *value;
	int64_t     utc; /* -1: not a date */
	int         zone;
} headers[] = {
	{ "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", 837595405, -420 },
	{ "17 Jul 1996 02:23:25 -0700", 837595405, -420 },
	{ " Thu,\r\n\t1 Jan 1970 00:00:00 +0000", 0, 0 },
	{ "Thu, 01 Jan 1970 01:00 +0100", 0, 60 },
	{ "Fri, 21 Nov 97 09(comment):   55  :  06 -0600", 880127706, -360 },
	{ "21 Nov 1997 09:55:06 EST", 880124106, -300 },
	{ "21 Nov 1997 09:55:06 PDT", 880131306, -420 },
	{ "21 Nov 1997 09:55:06 GMT", 880106106, 0 },
	{ "21 Nov 1997 09:55:06 Z", 880106106, 0 },
	{ "21 Nov 1997 09:55:06", 880106106, 0 },
	{ "21 Nov 1997", 880070400, 0 },
	{ "21 nov 49 00:00:00 +0000", 2521065600, 0 },
	{ "21 Nov 50 00:00:00 +0000", -603158400, 0 },
	{ "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
	{ "31 Dec 2016 23:59:60 +0000", 1483228800, 0 },
	{ "19 Jan 2038 03:14:08 +0000", 2147483648, 0 },
	{ "31 Dec 9999 23:59:59 +0000", 253402300799, 0 },
	/* M16 */
	{ "", -1, 0 },
	{ "Thu,", -1, 0 },
	{ "32 Foo 99999 25:61:61 +9999", -1, 0 },
	{ "32 Jan 2000 00:00:00 +0000", -1, 0 },
	{ "0 Jan 2000 00:00:00 +0000", -1, 0 },
	{ "29 Feb 1900 00:00:00 +0000", -1, 0 },
	{ "31 Apr 2000 00:00:00 +0000", -1, 0 },
	{ "1 Jan -2000 00:00:00 +0000", -1, 0 },
	{ "1 Jan 99999 00:00:00 +0000", -1, 0 },
	{ "1 Jan 2000 24:00:00 +0000", 946684800, 0 },
	{ "1 Jan 2000 00:60:00 +0000", 946684800, 0 },
	{ "1 Jan 2000 00:00:61 +0300", 946684800, 0 }, /* RFC 5256 s.2.2 */
	{ "1 Jan 2000 what:ever", 946684800, 0 },
	{ "1 Jan 2000 00:00:00 +9999", 946684800, 0 },
	{ "1 Jan 2000 00:00:00 +0060", 946684800, 0 },
	{ "1 Jan 2000 00", 946684800, 0 },
	{ "1 Jan 2000 00:", 946684800, 0 },
	{ "1 Ja", -1, 0 },
	{ "(", -1, 0 },
};

static void
test_header_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		time_t utc = -1;
		int zone = 0;
		bool is_date;

		print_message("%s\n", headers[i].value);
		is_date = date_parse(span_of(headers[i].value), &utc, &zone);
		assert_int_equal(is_date, headers[i].utc != -1);
		assert_int_equal(utc, headers[i].utc);
		assert_int_equal(zone, headers[i].zone);
	}
}

static void
test_M16_a_megabyte(void **state)
{
	struct buf value = BUF_EMPTY;
	time_t utc;
	int zone;

	(void)state;
	while (value.len < 1000000)
		buf_str(&value, "(1 Jan ");
	assert_false(date_parse(buf_view(&value), &utc, &zone));
	buf_reset(&value);
	while (value.len < 1000000)
		buf_byte(&value, '9');
	assert_false(date_parse(buf_view(&value), &utc, &zone));
	buf_free(&value);
}

static const struct {
	const char *text;
	int64_t     utc; /* -1: not a date */
} imap[] = {
	{ "17-Jul-1996 02:44:25 -0700", 837596665 },
	{ " 1-Jan-1970 00:00:00 +0000", 0 },
	{ "01-Jan-1970 00:00:00 +0000", 0 },
	{ "1-Jan-1970 00:00:00 +0000", -1 },
	{ "29-Feb-2023 00:00:00 +0000", -1 },
	{ "29-Feb-2024 00:00:00 +0000", 1709164800 },
	{ "01-Jan-1970 00:00:00", -1 },
	{ "01-Jan-1970 00:00:00 +00000", -1 },
	{ "01-Jan-1970 0:00:00 +0000", -1 },
	{ "01-Jan-70 00:00:00 +0000", -1 },
	{ "01-Jan-1970 00:00:00 +0000 ", -1 },
	{ "", -1 },
};

static void
test_imap_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(imap) / sizeof(imap[0]); i++) {
		time_t utc = -1;
		bool is_date = date_parse_imap(span_of(imap[i].text), &utc);

		assert_int_equal(is_date, imap[i].utc != -1);
		assert_int_equal(utc, imap[i].utc);
	}
}

static const struct {
	const char *text;
	int32_t     day; /* INT32_MIN: not a date */
} days[] = {
	{ "1-Jan-1970", 0 },     { "01-Jan-1970", 0 },          { "31-Dec-1969", -1 },
	{ "1-Mar-2000", 11017 },
	{ "29-Feb-2000", 11016 }, { "29-Feb-2001", INT32_MIN }, { "1-Jan-1970x", INT32_MIN },
	{ "1-Jan-70", INT32_MIN },
	{ "1-Jan-0000", -719528 }, { "", INT32_MIN },
};

static void
test_days(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		int32_t day = INT32_MIN;
		bool is_date = date_parse_day(span_of(days[i].text), &day);

		assert_int_equal(is_date, days[i].day != INT32_MIN);
		assert_int_equal(day, days[i].day);
	}
	assert_int_equal(date_day(0, 0), 0);
	assert_int_equal(date_day(-1, 0), -1);
	assert_int_equal(date_day(86399, 60), 1);
	assert_int_equal(date_day(0, -1), -1);
}

/*
 * What is printed is read again as the same moment, and a clock gone mad gives a
 * date all the same.
 */
static void
test_print(void **state)
{
	static const time_t moments[] = { 0, 1, 837596665, 951782400, 4102444800, -1, -86400 };
	static const time_t mad[] = { INT64_MIN, INT64_MAX, 253402300800, -62200000000 };
	char text[DATE_IMAP_ROOM];
	time_t utc;

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		date_print_imap(moments[i], text);
		assert_true(date_parse_imap(span_of(text), &utc));
		assert_int_equal(utc, moments[i]);
	}
	for (size_t i = 0; i < sizeof(mad) / sizeof(mad[0]); i++) {
		date_print_imap(mad[i], text);
		assert_true(date_parse_imap(span_of(text), &utc));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_dates),
		cmocka_unit_test(test_M16_a_megabyte),
		cmocka_unit_test(test_imap_dates),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_print),
	};

	setenv("TZ", "Europe/Paris", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
