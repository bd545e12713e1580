/* test_skim.c - what encoded text may hold: never no where the decoded text has it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/mime/casemap.h"
#include "common/mime/charset.h"
#include "tests/unit/skim_plainly.h"

static bool
may_have(const char *needle, struct span text, enum skim_kind kind)
{
	struct skim k;

	skim_open(&k, span_of(needle));
	return skim_may_have(&k, text, kind);
}

static const struct {
	const char    *needle, *text;
	enum skim_kind kind;
	bool           may_have;
} rows[] = {
	{ "xyzzy", "nothing of it, but many bytes of another text", SKIM_PLAIN, false },
	{ "xyzzy", "", SKIM_PLAIN, false },
	{ "xyzzy", "far behind, among capitals: XyZZy.", SKIM_PLAIN, true },
	{ "xyzzy", "xyzz", SKIM_PLAIN, false },
	{ "xyzzy", "zzy", SKIM_PLAIN, false },
	{ "xyzzy", "xyzz\xc3\xbf", SKIM_PLAIN, true },
	{ "xyzzy", "xyz=7Ay, which is no escape here", SKIM_PLAIN, false },
	{ "xyzzy", "xyz=7Ay", SKIM_QP, true },
	{ "xyzzy", "xy=5Azy", SKIM_QP, true },
	{ "xyzzy", "xy=7azy", SKIM_QP, true },
	{ "xyzzy", "=78=79=7A=7A=79", SKIM_QP, true },
	{ "xyzzy", "=77=76=71=77=76 and =C3=A9, =3D", SKIM_QP, false },
	{ "xyzzy", "xy=\nzzy", SKIM_QP, true },
	{ "xyzzy", "xy=\r\nzzy", SKIM_QP, true },
	{ "xyzzy", "xy= \t\nzzy", SKIM_QP, true },
	{ "xyzzy", "xy= \t\r\nzzy", SKIM_QP, true },
	{ "xyzzy", "xy\nzzy", SKIM_QP, false },
	{ "xyzzy", "xyzz=C3=BF", SKIM_QP, true },
	{ "a79b", "a=379b", SKIM_QP, true },
	{ "a79b", "a7=39b", SKIM_QP, true },
	{ "abc", "=ABC", SKIM_QP, false },
	{ "a=b", "a=3Db", SKIM_QP, true },
	{ "kelvin", "\xe2\x84\xaa" "elvin", SKIM_PLAIN, true },
	{ "ks", "nothing", SKIM_PLAIN, true },
	{ "x", "nothing", SKIM_PLAIN, true },
	{ "re\xcc\x81union", "UNION, before which it does not look", SKIM_PLAIN, true },
	{ "re\xcc\x81union", "R\xc9UNION", SKIM_PLAIN, true },
	{ "re\xcc\x81union", "r=E9union", SKIM_QP, true },
	{ "re\xcc\x81union", "rauchen", SKIM_PLAIN, false },
	{ "two words", "Subject: two\r\n words", SKIM_HEADER, true },
	{ "two words", "Subject: two\n\twords", SKIM_HEADER, true },
	{ "two words", "Subject: two\twords", SKIM_HEADER, true },
	{ "two words", "Subject: two  words", SKIM_HEADER, false },
	{ "subject: two", "Subject:two", SKIM_HEADER, true },
	{ " two", "Subject:two", SKIM_HEADER, true },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span text = span_of(rows[i].text);
		bool its = may_have(rows[i].needle, text, rows[i].kind);

		if (its != rows[i].may_have)
			print_message("\"%s\" in \"%s\"\n", rows[i].needle, rows[i].text);
		assert_int_equal(its, rows[i].may_have);
	}
}

/* Wherever it is in the text: the wide steps and the last bytes agree. */
static void
test_at_each_place(void **state)
{
	enum { TEXT = 70, LEN = 5 };
	char text[TEXT + 1];

	(void)state;
	for (int len = LEN; len <= TEXT; len++)
		for (int at = 0; at + LEN <= len; at++) {
			memset(text, '.', TEXT);
			memcpy(text + at, "xYZzy", LEN);
			assert_true(may_have("xyzzy", span_make(text, (size_t)len), SKIM_PLAIN));
			text[at + 2] = '.';
			assert_false(may_have("xyzzy", span_make(text, (size_t)len), SKIM_PLAIN));
		}
}

/* The three sentences at the head of skim.c, for each character there is. */
static void
test_where_ascii_comes_from(void **state)
{
	struct buf folded = BUF_EMPTY;

	(void)state;
	for (uint32_t code = 0x80; code < 0x110000; code++) {
		char utf8[4], *end = casemap_put(code, utf8);
		struct span text;

		buf_reset(&folded);
		casemap_fold(span_make(utf8, (size_t)(end - utf8)), &folded);
		text = buf_view(&folded);
		for (size_t i = 1; i < text.len; i++)
			assert_true((unsigned char)text.at[i] >= 0x80);
		if (text.len == 1)
			assert_non_null(strchr("ks;`", text.at[0]));
	}
	buf_free(&folded);
}

static const struct kind {
	enum skim_kind kind;
	const char    *charset;
	const char    *bytes[16]; /* texts are made of */
} kinds[] = {
	{ SKIM_PLAIN, "utf-8",
	  { "a", "Z", "k", "7", " ", "\xc3\xa9", "\xe2\x84\xaa", "\xc3", "\n", "A" } },
	{ SKIM_PLAIN, "iso-8859-1",
	  { "a", "Z", "e", "7", " ", "\xe9", "\xc0", "\xff", "\r\n", "A" } },
	{ SKIM_QP, "utf-8",
	  { "a", "Z", "k", "7", " ", "=", "=61", "=5A", "=C3=A9", "=7", "\n", "=\n", "\r\n",
	    "=E2=84=AA", "\xc3\xa9", "A" } },
	{ SKIM_QP, "windows-1252",
	  { "a", "Z", "e", "7", " ", "=", "=61", "=5a", "=E9", "\xe9", "= \r\n", "=\t", "A",
	    "=37", "=3", "\r" } },
	{ SKIM_HEADER, "utf-8",
	  { "a", "Z", "k", "7", " ", "\xc3\xa9", "\n ", "\r\n\t", "\t", "\na:", "\n\xe9", "=",
	    "z: ", "A", "\r", "\r\n" } },
};

static size_t
count_of(const struct kind *k)
{
	size_t n = 0;

	while (n < sizeof(k->bytes) / sizeof(k->bytes[0]) && k->bytes[n])
		n++;
	return n;
}

/* Made of few different bytes, so that needles are found. */
static void
test_no_is_never_wrong(void **state)
{
	enum { ROUNDS = 100000 };
	static const char *const wanted[] = { "az", "aza", "a7z", "az a", "ze", "zka",
		                              "a\xc3\xa9z", "7a7", "z z", "a: z", "a z7a",
		                              "e\xcc\x81z" };
	struct buf text = BUF_EMPTY, needle = BUF_EMPTY;
	unsigned found = 0, denied = 0;

	(void)state;
	srand(3);
	for (int round = 0; round < ROUNDS; round++) {
		const struct kind *kind = &kinds[round % 5];
		size_t count = count_of(kind);
		bool is_there;
		struct skim k;

		buf_reset(&text);
		buf_reset(&needle);
		buf_str(&text, kind->kind == SKIM_HEADER ? "a: " : "a");
		for (int n = rand() % 60; n > 0; n--)
			buf_str(&text, kind->bytes[(size_t)rand() % count]);
		casemap_fold(span_of(wanted[rand() % 12]), &needle);
		skim_open(&k, buf_view(&needle));
		is_there = skim_plainly(buf_view(&needle), buf_view(&text), kind->kind,
		                        kind->charset);
		if (is_there && !skim_may_have(&k, buf_view(&text), kind->kind))
			print_message("\"%s\" in \"%s\"\n", needle.data, text.data);
		if (is_there)
			assert_true(skim_may_have(&k, buf_view(&text), kind->kind));
		else
			denied += !skim_may_have(&k, buf_view(&text), kind->kind);
		found += is_there;
	}
	assert_true(found > ROUNDS / 20 && denied > ROUNDS / 20);
	buf_free(&text);
	buf_free(&needle);
}

/* A long needle and a text that is like it everywhere: somebody else has to look, soon. */
static void
test_work_is_bounded(void **state)
{
	enum { NEEDLE = 32 * 1024, TEXT = 4 * 1024 * 1024 };
	char *needle = malloc(NEEDLE + 1), *text = malloc(TEXT);

	(void)state;
	memset(needle, 'a', NEEDLE);
	needle[NEEDLE] = '\0';
	needle[0] = 'b';
	memset(text, 'a', TEXT);
	text[0] = 'c';
	(void)may_have(needle, span_make(text, TEXT), SKIM_PLAIN);
	needle[0] = 'a';
	needle[NEEDLE - 1] = 'e';
	assert_true(may_have(needle, span_make(text, TEXT), SKIM_QP));
	free(needle);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_at_each_place),
		cmocka_unit_test(test_where_ascii_comes_from),
		cmocka_unit_test(test_no_is_never_wrong),
		cmocka_unit_test(test_work_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
