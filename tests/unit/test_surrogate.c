/* test_surrogate.c - headers in UTF-8 for clients that know only ASCII (RFC 6856 s.2.1, 6858) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/mime/surrogate.h"

/* "é" is w6k=, "Jürgen" SsO8cmdlbg==, "jürgen@bücher.example" as below */
static const struct {
	const char *header, *wanted; /* wanted NULL: none is needed */
} rows[] = {
	{ "Subject: plain\r\n\r\n", NULL },
	{ "Subject: latin1 \xe9\r\n\r\n", NULL },
	{ "Subject: cut \xc3\r\n\r\n", NULL },
	{ "Subject: \xc3\xa9\r\n\r\n", "Subject: =?UTF-8?B?w6k=?=\r\n\r\n" },
	{ "Subject: a \xc3\xa9 b\nX: y\n\n", "Subject: a =?UTF-8?B?w6k=?= b\r\nX: y\n\r\n" },
	{ "Subject: a \xc3\xa9 b \xc3\xa9\r\n\r\n", "Subject: a =?UTF-8?B?w6kgYiDDqQ==?=\r\n\r\n" },
	{ "Subject: a\r\n \xc3\xa9\r\n\r\n", "Subject: a =?UTF-8?B?w6k=?=\r\n\r\n" },
	{ "From: J\xc3\xbcrgen <j@x.example>\r\n\r\n",
	  "From: =?UTF-8?B?SsO8cmdlbg==?= <j@x.example>\r\n\r\n" },
	{ "From: \"J\xc3\xbcrgen\" <j@x.example>, b@y.example\r\n\r\n",
	  "From: =?UTF-8?B?SsO8cmdlbg==?= <j@x.example>, b@y.example\r\n\r\n" },
	{ "To: A <j\xc3\xbcrgen@x.example>, b@y.example\r\n\r\n",
	  "To: A =?UTF-8?B?asO8cmdlbkB4LmV4YW1wbGU=?= :;, b@y.example\r\n\r\n" },
	{ "To: j\xc3\xbcrgen@x.example\r\n\r\n",
	  "To: =?UTF-8?B?asO8cmdlbkB4LmV4YW1wbGU=?= :;\r\n\r\n" },
	{ "Content-Disposition: attachment; filename=\"\xc3\xa9.txt\"\r\n\r\n",
	  "Content-Disposition: attachment; filename=\"=?UTF-8?B?w6kudHh0?=\"\r\n\r\n" },
	{ "X-\xc3\xa9: 1\r\n\r\n", "X-??: 1\r\n\r\n" },
	/* what is broken must end all the same */
	{ "From: \"\xc3\xa9\r\n\r\n", "From: =?UTF-8?B?w6k=?=\r\n\r\n" },
	{ "From: <\xc3\xa9\r\n\r\n", "From: =?UTF-8?B?w6k=?= :;\r\n\r\n" },
	{ "From: \xc3\xa9,,(;:\r\n\r\n", "From: =?UTF-8?B?w6k=?=,,(;:\r\n\r\n" },
	{ "Content-Type: \xc3\xa9;;=\"\r\n\r\n", "Content-Type: =?UTF-8?B?w6k=?=;;=\"\r\n\r\n" },
};

static void
check_row(const char *header, const char *wanted)
{
	struct buf out = BUF_EMPTY;

	assert_int_equal(surrogate_is_needed(span_of(header)), wanted != NULL);
	if (!wanted)
		return;
	surrogate_write(span_of(header), &out);
	assert_int_equal(out.len, strlen(wanted));
	assert_memory_equal(out.data, wanted, out.len);
	buf_free(&out);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(rows[i].header, rows[i].wanted);
}

/* RFC 2047 s.2: at most 75 characters each, whole characters in each. */
static void
test_long_subject_is_cut_between_characters(void **state)
{
	struct buf header = BUF_EMPTY, out = BUF_EMPTY;
	struct span rest, line;
	unsigned words = 0;

	(void)state;
	buf_str(&header, "Subject: ");
	for (int i = 0; i < 1000; i++)
		buf_str(&header, i % 2 ? "\xe2\x82\xac" : "a");
	buf_str(&header, "\r\n\r\n");
	surrogate_write(buf_view(&header), &out);
	rest = buf_view(&out);
	while (span_split(&rest, '\n', &line) && line.len > 1) {
		assert_true(line.len <= 75 + strlen("Subject: ") + 1);
		words++;
	}
	assert_true(words >= 2000 / 45);
	buf_free(&header);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_subject_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
