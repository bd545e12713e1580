/* test_keywords.c - dovecot-keywords and the subscriptions file, as texts */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/maildir/keywords.h"
#include "common/maildir/subscriptions.h"

static void
test_keywords_of_a_file(void **state)
{
	struct keywords k;

	(void)state;
	keywords_init(&k);
	keywords_parse(&k,
	               span_of("0 $Forwarded\n2 work\r\n26 beyond\n1 a(b\n2 again\nfoo\n25 last"));
	assert_string_equal(k.name[0], "$Forwarded");
	assert_null(k.name[1]);
	assert_string_equal(k.name[2], "work");
	assert_string_equal(k.name[25], "last");
	/* what is not understood is kept for who does */
	assert_string_equal(k.other.at, "26 beyond\n1 a(b\n2 again\nfoo\n");
	assert_int_equal(keywords_find(&k, "WORK"), 2);
	assert_int_equal(keywords_find(&k, "wor"), -1);
	keywords_free(&k);
}

/* S17: a letter in use without a name is not given away; then all are in use */
static void
test_keywords_letters(void **state)
{
	struct keywords k;

	(void)state;
	keywords_init(&k);
	assert_int_equal(keywords_add(&k, "one", 1), 1);
	assert_int_equal(keywords_add(&k, "ONE", 0), 1);
	assert_int_equal(keywords_add(&k, "two", 1), 2);
	for (int n = 3; n < LIMIT_KEYWORDS; n++) {
		char name[] = "x?";

		name[1] = (char)('a' + n);
		assert_int_equal(keywords_add(&k, name, 1), n);
	}
	errno = 0;
	assert_int_equal(keywords_add(&k, "more", 1), -1);
	assert_int_equal(errno, EMLINK);
	assert_int_equal(keywords_add(&k, "more", 0), 0);
	keywords_free(&k);
}

/* The file, a name added or removed, the file then. */
static const struct row {
	const char *id, *text, *name;
	bool        on;
	const char *result;
} rows[] = {
	{ "new file", "", "A.B", true, "V\t2\n\nA\tB\n" },
	{ "version 2", "V\t2\n\nSent\n", "\303\251.x&y", true, "V\t2\n\nSent\n&AOk-\tx&-y\n" },
	{ "version 2 off", "V\t2\n\nSent\nA\tB\nX\n", "A.B", false, "V\t2\n\nSent\nX\n" },
	{ "version 1", "Sent\nA.B\n", "C.D", true, "Sent\nA.B\nC.D\n" },
	{ "version 1 off", "Sent\nA.B\n", "A.B", false, "Sent\n" },
	{ "N17 no line end", "V\t2\n\nSent", "A", true, "V\t2\n\nSent\nA\n" },
	{ "N17 unknown kept", "V\t2\n\n../x\n\001\nSent\n", "Sent", false, "V\t2\n\n../x\n\001\n" },
	{ "twice", "Sent\nSent\nX\n", "Sent", false, "X\n" },
	{ "CRLF", "Sent\r\nX\r\n", "Sent", false, "X\r\n" },
};

static void
test_subscriptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf out = BUF_EMPTY;
		struct subscriptions s;

		subscriptions_parse(span_of(rows[i].text), &mem, &s);
		assert_int_equal(subscriptions_have(&s, rows[i].name), !rows[i].on);
		subscriptions_edit(&s, rows[i].name, rows[i].on, &out);
		if (strcmp(out.data, rows[i].result) != 0)
			fail_msg("%s: '%s'", rows[i].id, out.data);
		subscriptions_parse(buf_view(&out), &mem, &s);
		assert_int_equal(subscriptions_have(&s, rows[i].name), rows[i].on);
		buf_free(&out);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keywords_of_a_file),
		cmocka_unit_test(test_keywords_letters),
		cmocka_unit_test(test_subscriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
