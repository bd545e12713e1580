/* test_decode.c - transfer encodings: however the input is cut, the result is the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/mime/decode.h"
#include "common/mime/lineends.h"

static void
decode(enum decode_kind kind, struct span s, size_t piece, struct buf *out)
{
	struct decoder d;

	buf_reset(out);
	buf_str(out, "");
	decode_open(&d, kind);
	do {
		size_t n = s.len < piece ? s.len : piece;

		decode_feed(&d, span_make(s.at, n), n == s.len, out);
		s = span_skip(s, n);
	} while (s.len > 0);
	decode_close(&d);
}

static const struct {
	enum decode_kind kind;
	const char *from, *to;
} rows[] = {
	{ DECODE_BASE64, "", "" },
	{ DECODE_BASE64, "aGVsbG8=", "hello" },
	{ DECODE_BASE64, "aGVs\r\nbG8gd29y\r\nbGQ=\r\n", "hello world" },
	{ DECODE_BASE64, "aG Vs,bG8=aGVs", "hello" },
	{ DECODE_QP, "a=3Db=3d=C3=A9", "a=b=\xc3\xa9" },
	{ DECODE_QP, "soft=\nline=\r\nend", "softlineend" },
	{ DECODE_QP, "soft= \t\nline", "softline" },
	{ DECODE_QP, "late \t\nblanks \r\nkept in the  end=20\n",
	  "late\nblanks\r\nkept in the  end \n" },
	{ DECODE_QP, "before soft  =\n  behind", "before soft    behind" },
	{ DECODE_QP, "=ZZ =4 =\rx == =.", "=ZZ =4 =\rx == =." },
	{ DECODE_QP, "bare \r CR", "bare\r CR" },
	{ DECODE_NONE, "as = it \n is", "as = it \n is" },
};

static void
test_rows(void **state)
{
	struct buf got = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t piece = 1; piece < 40; piece++) {
			decode(rows[i].kind, span_of(rows[i].from), piece, &got);
			assert_string_equal(got.data, rows[i].to);
		}
	}
	buf_free(&got);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Bytes that mean something, and some that do not, in any order. */
static void
make_soup(const char *alphabet, uint32_t *seed, struct buf *soup)
{
	size_t n = next_random(seed) % 300;

	buf_reset(soup);
	while (n-- > 0)
		buf_byte(soup, alphabet[next_random(seed) % strlen(alphabet)]);
}

static void
test_soup_in_any_pieces(void **state)
{
	static const char *const alphabets[] = {
		"==== \t\r\n\n34Aaz", "abcdefghijklmnopqrstuvwxyz= \n", "QUJDzz09+/AAAA\n ="
	};
	struct buf soup = BUF_EMPTY, bytes = BUF_EMPTY, got = BUF_EMPTY;
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		enum decode_kind kind = round % 3 == 2 ? DECODE_BASE64 : DECODE_QP;

		make_soup(alphabets[round % 3], &seed, &soup);
		decode(kind, buf_view(&soup), 1, &bytes);
		for (size_t piece = 2; piece < 400; piece = piece * 3 / 2 + 1) {
			decode(kind, buf_view(&soup), piece, &got);
			assert_true(span_equal(buf_view(&got), buf_view(&bytes)));
		}
	}
	buf_free(&soup);
	buf_free(&bytes);
	buf_free(&got);
}

static size_t
naive_blank(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if ((s.at[i] == ' ' || s.at[i] == '\t') &&
		    (s.at[i + 1] == '\r' || s.at[i + 1] == '\n'))
			return i;
	return s.len;
}

static const char *
naive_dashes(struct span s)
{
	for (size_t i = 0; i + 2 < s.len; i++)
		if (memcmp(s.at + i, "\n--", 3) == 0)
			return s.at + i;
	return NULL;
}

/* The searches for blanks and dashes find what the plainest loop finds. */
static void
test_line_ends_found(void **state)
{
	struct buf soup = BUF_EMPTY;
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		make_soup("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr---- \t\r\n\n", &seed,
		          &soup);
		assert_int_equal(line_ends_blank(buf_view(&soup)), naive_blank(buf_view(&soup)));
		assert_ptr_equal(line_ends_find_dashes(buf_view(&soup)),
		                 naive_dashes(buf_view(&soup)));
	}
	buf_free(&soup);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_soup_in_any_pieces),
		cmocka_unit_test(test_line_ends_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
