/* test_put.c - strings to the client: atom, quoted or literal, and never a split response (G15) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "imapd/session.h"

#define TEXT(s) { s, sizeof(s) - 1 }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void gone(enum gone why) __attribute__((noreturn));

static void
gone(enum gone why)
{
	(void)why;
	_exit(3);
}

/* What put() writes for s. */
static struct buf
written(void (*put)(struct out *o, struct span s), struct span s)
{
	struct buf got = BUF_EMPTY;
	struct out o;
	int ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	out_open(&o, ends[1], gone);
	put(&o, s);
	out_flush(&o);
	out_close(&o);
	close(ends[1]);
	buf_str(&got, "");
	while ((n = read(ends[0], buf_reserve(&got, 4096), 4096)) > 0) {
		got.len += (size_t)n;
		got.data[got.len] = '\0';
	}
	close(ends[0]);
	return got;
}

static const struct {
	struct span text, astring, string;
} rows[] = {
	{ TEXT("abc"), TEXT("abc"), TEXT("\"abc\"") },
	{ TEXT(""), TEXT("\"\""), TEXT("\"\"") },
	{ TEXT("nil"), TEXT("\"nil\""), TEXT("\"nil\"") },
	{ TEXT("NILS"), TEXT("NILS"), TEXT("\"NILS\"") },
	{ TEXT("a b"), TEXT("\"a b\""), TEXT("\"a b\"") },
	{ TEXT("a\"b\\c"), TEXT("\"a\\\"b\\\\c\""), TEXT("\"a\\\"b\\\\c\"") },
	{ TEXT("a]b"), TEXT("\"a]b\""), TEXT("\"a]b\"") },
	{ TEXT("a*"), TEXT("\"a*\""), TEXT("\"a*\"") },
	{ TEXT("{3}"), TEXT("\"{3}\""), TEXT("\"{3}\"") },
	{ TEXT("(x)"), TEXT("\"(x)\""), TEXT("\"(x)\"") },
	{ TEXT("a\tb"), TEXT("\"a\tb\""), TEXT("\"a\tb\"") },
	{ TEXT("a\r\n* 9 EXISTS"), TEXT("{13}\r\na\r\n* 9 EXISTS"),
	  TEXT("{13}\r\na\r\n* 9 EXISTS") },
	{ TEXT("a\nb"), TEXT("{3}\r\na\nb"), TEXT("{3}\r\na\nb") },
	{ TEXT("a\rb"), TEXT("{3}\r\na\rb"), TEXT("{3}\r\na\rb") },
	{ TEXT("caf\xc3\xa9"), TEXT("{5}\r\ncaf\xc3\xa9"), TEXT("{5}\r\ncaf\xc3\xa9") },
	{ TEXT("a\0b\0"), TEXT("{4}\r\na\x80" "b\x80"), TEXT("{4}\r\na\x80" "b\x80") },
	{ TEXT("\x7f"), TEXT("{1}\r\n\x7f"), TEXT("{1}\r\n\x7f") },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf astring = written(put_astring, rows[i].text),
			   string = written(put_string, rows[i].text);
		struct buf nstring = written(put_nstring, rows[i].text);

		assert_true(span_equal(buf_view(&astring), rows[i].astring));
		assert_true(span_equal(buf_view(&string), rows[i].string));
		assert_true(span_equal(buf_view(&nstring), rows[i].string));
		buf_free(&astring);
		buf_free(&string);
		buf_free(&nstring);
	}
}

static void
test_what_is_not_there_is_NIL(void **state)
{
	struct buf got = written(put_nstring, SPAN_NONE);

	(void)state;
	assert_string_equal(got.data, "NIL");
	buf_free(&got);
}

static void
test_long_ones_are_literals(void **state)
{
	char text[1100];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t n = 1024; n <= 1025; n++) {
		struct buf got = written(put_string, span_make(text, n)),
			   atom = written(put_astring, span_make(text, n));

		assert_int_equal(got.data[0], n == 1024 ? '"' : '{');
		assert_int_equal(atom.data[0], n == 1024 ? 'a' : '{');
		buf_free(&got);
		buf_free(&atom);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_what_is_not_there_is_NIL),
		cmocka_unit_test(test_long_ones_are_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
