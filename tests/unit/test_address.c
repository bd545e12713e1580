/* test_address.c - address lists in the form of ENVELOPE */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/mime/address.h"

/* Each address as name|route|mailbox|host, "-" for NIL, with ';' between them. */
static const struct {
	const char *value, *addresses;
} rows[] = {
	{ "a@b", "-|-|a|b" },
	{ "<a@b>", "-|-|a|b" },
	{ "Ann Bee <a@b>", "Ann Bee|-|a|b" },
	{ "\"Bee, Ann\" <a@b>, c@d", "Bee, Ann|-|a|b;-|-|c|d" },
	{ "J. Q. Public <a@b>", "J. Q. Public|-|a|b" },
	{ "a@b (Ann)", "Ann|-|a|b" },
	{ "(x) a@b (Ann (nested) \\) Bee)", "Ann (nested) ) Bee|-|a|b" },
	{ "\"x\" y \"z\" <a@b>", "x y z|-|a|b" },
	{ "\"a b\"@c", "-|-|a b|c" },
	{ "a@[1.2.3.4]", "-|-|a|[1.2.3.4]" },
	{ "a . b @ c . d", "-|-|a.b|c.d" },
	{ "Ann\r\n\tBee\r\n <a@b>", "Ann Bee|-|a|b" },
	{ "=?utf-8?q?caf=C3=A9?= <a@b>", "=?utf-8?q?caf=C3=A9?=|-|a|b" },
	/* M18: groups and routes */
	{ "group:;", "-|-|group|-;-|-|-|-" },
	{ "g: a@b, Ann <c@d>; e@f", "-|-|g|-;-|-|a|b;Ann|-|c|d;-|-|-|-;-|-|e|f" },
	{ "g: a@b", "-|-|g|-;-|-|a|b;-|-|-|-" },
	{ "a:b:c:;;;", "-|-|a|-;-|-|-|-" },
	{ "<@a,@b:c@d>", "-|@a,@b|c|d" },
	{ "X <@a:c@d>", "X|@a|c|d" },
	/* halves */
	{ "", "" },
	{ " ,, ,", "" },
	{ "foo", "-|-|foo|MISSING_DOMAIN" },
	{ "foo bar", "foo bar|-|MISSING_MAILBOX|MISSING_DOMAIN" },
	{ "\"q\"", "q|-|MISSING_MAILBOX|MISSING_DOMAIN" },
	{ "<>", "-|-|MISSING_MAILBOX|MISSING_DOMAIN" },
	{ "foo@", "-|-|foo|MISSING_DOMAIN" },
	{ "@bar", "-|-|MISSING_MAILBOX|bar" },
	{ "A a@b>", "A|-|a|b" },
	{ "A <a@b", "A|-|a|b" },
	{ "A <a@b> x, c@d", "A|-|a|b;-|-|c|d" },
	{ "a@b; c@d", "-|-|a|b;-|-|c|d" },
	{ "a@b@c", "-|-|a|b" },
	/* M15: the value ends in the middle of something */
	{ "a (comment\\", "comment\\|-|a|MISSING_DOMAIN" },
	{ "\"", "" },
	{ "\"\\", "\\|-|MISSING_MAILBOX|MISSING_DOMAIN" },
	{ "<", "-|-|MISSING_MAILBOX|MISSING_DOMAIN" },
	{ "a@[1.2", "-|-|a|[1.2" },
	{ "(", "" },
	{ ">)]\\\x01", "" },
	/* M21: no line end comes out */
	{ "\"a\r\n b\rc\" <x@y>", "a bc|-|x|y" },
};

static void
add(struct buf *to, struct span s)
{
	if (s.at)
		buf_span(to, s);
	else
		buf_byte(to, '-');
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf got = BUF_EMPTY;
		struct address *a = NULL;
		/* a copy of its own, so that a sanitizer sees a look behind the end */
		size_t n = strlen(rows[i].value);
		char *value = malloc(n + (n == 0));
		size_t count;

		memcpy(value, rows[i].value, n);
		count = address_parse(span_make(value, n), &mem, &a);
		buf_str(&got, "");
		for (size_t k = 0; k < count; k++) {
			if (k > 0)
				buf_byte(&got, ';');
			add(&got, a[k].name);
			buf_byte(&got, '|');
			add(&got, a[k].route);
			buf_byte(&got, '|');
			add(&got, a[k].mailbox);
			buf_byte(&got, '|');
			add(&got, a[k].host);
		}
		print_message("%s\n", rows[i].value);
		assert_string_equal(got.data ? got.data : "", rows[i].addresses);
		free(value);
		buf_free(&got);
		arena_free(&mem);
	}
}

/* Long and broken values: bounded, and a group always has its end. */
static void
test_M11_without_end(void **state)
{
	static const char *const pieces[] = { "a@b,", "a:b:c:;;;", "(((", "\"", "<", "@",   "a:",
		                              ";",    "\\",        "a ",  "=?", ",", "<@a:" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf value = BUF_EMPTY;
		struct address *a = NULL;
		size_t count, open = 0;

		while (value.len < 1000000)
			buf_str(&value, pieces[i]);
		count = address_parse(buf_view(&value), &mem, &a);
		assert_true(count <= LIMIT_ADDRESSES);
		for (size_t k = 0; k < count; k++) {
			open += a[k].mailbox.at && !a[k].host.at;
			open -= !a[k].mailbox.at;
		}
		assert_int_equal(open, 0);
		buf_free(&value);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_M11_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
