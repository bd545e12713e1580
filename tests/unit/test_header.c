/* test_header.c - header blocks, fields, encoded words, parameters */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/mime/header.h"
#include "tests/unit/mime_support.h"

/* The file, and how many of its bytes are header. */
static const struct {
	const char *file;
	size_t      body_at;
} blocks[] = {
	{ "", 0 },
	{ "\n", 1 },
	{ "\r\nx", 2 },
	{ "a: b\n\nbody", 6 },
	{ "a: b\r\n\r\nbody", 8 },
	{ "a: b\n\r\nbody", 7 },
	{ "a: b\r\n\nbody", 7 },
	{ "a: b\n", 5 },
	{ "a: b", 4 },
	{ "a: b\n\r", 6 },
	{ "a: b\n \n\nx", 8 },
};

static void
test_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct source *src = source_of(span_of(blocks[i].file));
		struct arena mem = ARENA_EMPTY;
		uint64_t body_at;
		struct span block = header_read(src, 0, source_size(src), &mem, &body_at);

		assert_int_equal(body_at, blocks[i].body_at);
		assert_true(block.at && block.len == blocks[i].body_at);
		assert_memory_equal(block.at, blocks[i].file, block.len);
		source_close(src);
		arena_free(&mem);
	}
}

/* M03: parsing is cut at the limit, the place of the body is right all the same. */
static void
test_M03_long_header(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf file = BUF_EMPTY;
	struct source *src;
	uint64_t body_at;
	struct span block;
	struct field f;

	(void)state;
	buf_str(&file, "First: 1\nLong: ");
	while (file.len < LIMIT_HEADER_BYTES + 1000)
		buf_str(&file, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n ");
	buf_str(&file, "\nLast: 2\n\nbody");
	src = source_of(buf_view(&file));
	block = header_read(src, 0, source_size(src), &mem, &body_at);
	assert_int_equal(body_at, file.len - 4);
	assert_int_equal(block.len, LIMIT_HEADER_BYTES);
	assert_true(header_find(block, "first", &f));
	assert_false(header_find(block, "last", &f));
	source_close(src);
	buf_free(&file);
	arena_free(&mem);
}

static const char walked[] = "From x@y Mon\nSubject : a\r\n b\n\tc\nno field\n : "
                             "none\nX:\nsubject: again\n\nNot: this\n";

static void
test_walk(void **state)
{
	static const struct {
		const char *name, *value, *whole;
	} fields[] = {
		{ "Subject", " a\r\n b\n\tc", "Subject : a\r\n b\n\tc\n" },
		{ "X", "", "X:\n" },
		{ "subject", " again", "subject: again\n" },
	};
	struct span rest = span_of(walked);
	struct field f;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		assert_true(header_next(&rest, &f));
		assert_true(span_is(f.name, fields[i].name));
		assert_true(span_is(f.value, fields[i].value));
		assert_true(span_is(f.whole, fields[i].whole));
	}
	assert_false(header_next(&rest, &f));
	assert_false(header_next(&rest, &f));
	assert_true(header_find(span_of(walked), "SUBJECT", &f));
	assert_true(span_is(f.value, " a\r\n b\n\tc"));
	assert_false(header_find(span_of(walked), "Not", &f));
}

static const struct {
	const char *value, *unfolded;
} unfolds[] = {
	{ " plain ", "plain" },
	{ " a\r\n b", "a b" },
	{ " a\n\tb\r\n  c", "a\tb  c" },
	{ "a\rb", "a\rb" },
	{ " \r\n ", "" },
	{ "", "" },
};

static void
test_unfold(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(unfolds) / sizeof(unfolds[0]); i++)
		assert_true(span_is(header_unfold(span_of(unfolds[i].value), &mem),
		                    unfolds[i].unfolded));
	assert_true(span_is(header_unfold(span_make("a\0b", 3), &mem), "a\x80" "b"));
	arena_free(&mem);
}

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *value, *text;
} words[] = {
	{ "plain", "plain" },
	{ "=?utf-8?q?caf=C3=A9?=", "caf\xc3\xa9" },
	{ "folded\r\n\twith a tab", "folded with a tab" },
	{ "a\t=?utf-8?q?b=09c?=\td", "a b c d" },
	{ "=?ISO-8859-1?B?Y2Fm6Q==?= au lait", "caf\xc3\xa9 au lait" },
	{ "=?utf-8*fr?q?a_b?=", "a b" },
	/* RFC 2047 s.8 */
	{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
	{ "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a_b?=", "a b" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
	/* M13 */
	{ "=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xe2\x82\xac" },
	{ "=?utf-8?q?=E2=82?=", BAD },
	{ "=?utf-8?q?=00?=", BAD },
	{ "=?utf-8?q?a=0D=0Ab?=", "a  b" },
	{ "=?nobody-knows?q?a?= b", "=?nobody-knows?q?a?= b" },
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=?utf-8?q?=?utf-8?q?a?=?=", "=?utf-8?q?a?=" },
	{ "=?", "=?" },
	{ "=?=?=?", "=?=?=?" },
	{ "=?utf-8?q?", "=?utf-8?q?" },
	{ "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "=?utf-8?q?" "?=", "" },
	{ "a=b=?c", "a=b=?c" },
	{ "caf\xe9", "caf" BAD },
	{ "\xc3\xa9", "\xc3\xa9" },
};

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct span got = header_decode(span_of(words[i].value), &mem);

		print_message("%s -> %.*s\n", words[i].value, (int)got.len, got.at);
		assert_true(span_equal(got, span_of(words[i].text)));
		arena_free(&mem);
	}
}

static void
test_M13_a_megabyte(void **state)
{
	static const char *const pieces[] = { "=?utf-8?q?a?= ", "=?",         "=?utf-8?q?",
		                              "=?a?b?",         "=?utf-8?b?", "=" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf value = BUF_EMPTY;

		while (value.len < 1000000)
			buf_str(&value, pieces[i]);
		assert_true(header_decode(buf_view(&value), &mem).at != NULL);
		buf_free(&value);
		arena_free(&mem);
	}
}

/* type/subtype, then name=value of each parameter, in '|'. */
static const struct {
	const char *value, *shown;
} parameters[] = {
	{ "text/plain", "TEXT/PLAIN" },
	{ "text/plain; charset=us-ascii (Plain text)", "TEXT/PLAIN|charset=us-ascii" },
	{ "text/plain; charset=\"us-ascii\"", "TEXT/PLAIN|charset=us-ascii" },
	{ "attachment; filename=\"a \\\"b\\\".txt\"", "ATTACHMENT|filename=a \"b\".txt" },
	{ "a/b; x=1 ; y = 2;z", "A/B|x=1|y=2" },
	{ "a/b; boundary=----=_Part?1/2", "A/B|boundary=----=_Part?1/2" },
	{ "a/b;;;x=\"\";=y", "A/B|x=" },
	/* RFC 2231 s.3, s.4, s.4.1 */
	{ "message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\"",
	  "MESSAGE/EXTERNAL-BODY|access-type=URL|URL=ftp://cs.utk.edu/pub" },
	{ "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	  "APPLICATION/X-STUFF|title=This is ***fun***" },
	{ "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
	  "title*1*=%2A%2A%2Afun%2A%2A%2A%20; "
	  "title*2=\"isn't it!\"",
	  "APPLICATION/X-STUFF|title=This is even more ***fun*** isn't it!" },
	/* M14 */
	{ "a/b; n*1=b; n*0=a", "A/B|n=ab" },
	{ "a/b; n*0=a; n*2=c", "A/B|n=a|n*2=c" },
	{ "a/b; n*0=a; n*0=x; n*1=b", "A/B|n=ab" },
	{ "a/b; n*1=b", "A/B|n*1=b" },
	{ "a/b; n*-1=b; n*01=c; n*999999=d; n*99999999999999999999=e",
	  "A/B|n*-1=b|n*01=c|n*999999=d|n*99999999999999999999=e" },
	{ "a/b; n*=iso-8859-1''%e9", "A/B|n=\xc3\xa9" },
	{ "a/b; n*=nobody''%e9", "A/B|n=\xe9" },
	{ "a/b; n*=''%e9", "A/B|n=" BAD },
	{ "a/b; n*=%41%4%zz%", "A/B|n=A%4%zz%" },
	/* M15 */
	{ "a/b; n=\"", "A/B|n=" },
	{ "a/b; n=\"x\\", "A/B|n=x\\" },
	{ "a/b; n=(", "A/B|n=" },
	{ "a/b; n", "A/B" },
};

static void
show(const struct mime_value *v, struct buf *out)
{
	buf_reset(out);
	buf_span(out, v->type);
	if (v->subtype.at) {
		buf_byte(out, '/');
		buf_span(out, v->subtype);
	}
	for (size_t i = 0; i < v->parameter_count; i++) {
		buf_byte(out, '|');
		buf_span(out, v->parameter[i].name);
		buf_byte(out, '=');
		buf_span(out, v->parameter[i].value);
	}
}

static void
test_parameters(void **state)
{
	struct buf got = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct mime_value v;

		assert_true(header_parse_mime(span_of(parameters[i].value), &mem, &v));
		show(&v, &got);
		assert_string_equal(got.data, parameters[i].shown);
		arena_free(&mem);
	}
	buf_free(&got);
}

static void
test_parameter_lookup(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct mime_value v;

	(void)state;
	assert_true(header_parse_mime(
		span_of("attachment; filename=plain; filename*=utf-8''%c3%a9"), &mem, &v));
	assert_true(span_is(mime_parameter(&v, "FileName"), "\xc3\xa9"));
	assert_null(mime_parameter(&v, "name").at);
	assert_false(header_parse_mime(span_of(""), &mem, &v));
	assert_false(header_parse_mime(span_of(" (only a comment"), &mem, &v));
	assert_false(header_parse_mime(span_of(";x=y"), &mem, &v));
	arena_free(&mem);
}

static void
test_M14_many_sections(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf value = BUF_EMPTY;
	struct mime_value v;

	(void)state;
	buf_str(&value, "a/b");
	for (int i = 100000; i > 0; i--)
		buf_printf(&value, "; n*%d=x", i % 1000);
	assert_true(header_parse_mime(buf_view(&value), &mem, &v));
	assert_true(v.parameter_count <= LIMIT_MIME_PARAMETERS);
	assert_int_equal(mime_parameter(&v, "n").len, 1000);
	buf_free(&value);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_M03_long_header),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_M13_a_megabyte),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_parameter_lookup),
		cmocka_unit_test(test_M14_many_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
