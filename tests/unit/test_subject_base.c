/* test_subject_base.c - base subjects (RFC 5256 s.2.1), ids of messages, titlecase, orders */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/limits.h"
#include "common/mime/charset.h"
#include "imapd/sort.h"
#include "imapd/subject_base.h"

static const struct {
	const char *subject, *base;
	bool        is_reply;
} subjects[] = {
	{ "", "", false },
	{ "hello", "hello", false },
	{ "  a \t b  ", "a b", false },
	/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
	{ "Re: a", "a", true },
	{ "RE: a", "a", true },
	{ "re:a", "a", true },
	{ "re : a", "a", true },
	{ "fw: a", "a", true },
	{ "fwd: a", "a", true },
	{ "Fwd[2]: a", "a", true },
	{ "re [2] : a", "a", true },
	{ "Re: Re: FWD: re[3]: a", "a", true },
	{ "re", "re", false },
	{ "reply: a", "reply: a", false },
	{ "re a: b", "re a: b", false },
	{ "re [2] x: a", "re [2] x: a", false },
	{ "fwdd: a", "fwdd: a", false },
	{ "AW: a", "AW: a", false },
	{ "Re:", "", true },
	{ "re[[x]]: a", "re[[x]]: a", false },
	/* subj-blob = "[" *BLOBCHAR "]" *WSP, also in front of subj-refwd */
	{ "[list] a", "a", false },
	{ "[list] Re: a", "a", true },
	{ "Re: [list] a", "a", true },
	{ "[a][b] [c]re: [d] a", "a", true },
	{ "[list]", "[list]", false },
	{ "Re: [list]", "[list]", true },
	{ "[a] [b]", "[b]", false },
	{ "[a] b [c]", "b [c]", false },
	{ "[a b", "[a b", false },
	{ "[a[b] c", "[a[b] c", false },
	{ "[] a", "a", false },
	{ "a [b] c", "a [b] c", false },
	/* subj-trailer = "(fwd)" / WSP */
	{ "a (fwd)", "a", true },
	{ "a (FWD) (fwd)  ", "a", true },
	{ "a(fwd)", "a", true },
	{ "(fwd)", "", true },
	{ "a (fw)", "a (fw)", false },
	{ "[list] (fwd)", "[list]", true },
	/* subj-fwd = "[fwd:" subject "]" */
	{ "[fwd: a]", "a", true },
	{ "[FWD: Re: a (fwd)]", "a", true },
	{ "[fwd: [fwd: a]]", "a", true },
	{ "Re: [fwd: [x] re: a]", "a", true },
	{ "[fwd: a", "[fwd: a", false },
	{ "[fwd: a] b", "b", false },
	{ "[fwd:]", "", true },
	{ "[fwd: a] (fwd)", "a", true },
	{ "[fwd", "[fwd", false },
	{ "[fwd:", "[fwd:", false },
	{ "[", "[", false },
	{ "]", "]", false },
	{ "\xff\xfe", "\xff\xfe", false },
};

static void
test_base_subjects_RFC5256_2_1(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		struct buf base = BUF_EMPTY;
		bool is_reply;

		buf_str(&base, "<");
		is_reply = subject_base(span_of(subjects[i].subject), &base);
		buf_str(&base, "");
		if (base.len != strlen(subjects[i].base) + 1 ||
		    memcmp(base.data + 1, subjects[i].base, base.len - 1) != 0 ||
		    is_reply != subjects[i].is_reply) {
			base.data[base.len] = '\0';
			print_error("%s: %s %d\n", subjects[i].subject, base.data, is_reply);
			fail();
		}
		buf_free(&base);
	}
}

static void
repeat(const char *one, struct buf *out)
{
	while (out->len < LIMIT_SUBJECT)
		buf_str(out, one);
}

/* A minute would be quadratic in 64 KiB. */
static void
test_hostile_subjects_are_linear(void **state)
{
	static const char *const ones[] = { "re: ",    "[a]",      "[",      "]",      "re[a",
		                            "[fwd:",   "(fwd)",    " ",      "[a] re ",
		                            "fwd [a]", "[a]re[b]", "re:[fwd:[a]" };

	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		struct buf subject = BUF_EMPTY, base = BUF_EMPTY;

		repeat(ones[i], &subject);
		for (int round = 0; round < 20; round++) {
			buf_reset(&base);
			subject_base(buf_view(&subject), &base);
			assert_true(base.len <= LIMIT_SUBJECT);
		}
		buf_free(&subject);
		buf_free(&base);
	}
}

/* ---- ids ---- */

static const struct {
	const char *field;
	const char *same[3]; /* the ids that are in it, each written as plainly as can be */
} ids[] = {
	{ "", { NULL } },
	{ "<a@b>", { "<a@b>", NULL } },
	{ "<a@b><c@d>\r\n\t<e@f>", { "<a@b>", "<c@d>", "<e@f>" } },
	{ "<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>", { "<01KF8JCEOCBS0045PS@xxx.yyy.com>", NULL } },
	{ "<\"a\\b\"@c>", { "<ab@c>", NULL } },
	{ "< a @ b >", { "<a@b>", NULL } },
	{ "(comment) <a@b> of Monday", { "<a@b>", NULL } },
	{ "\"Joe\" <joe@example.org>'s message of Monday <a@b>",
	  { "<joe@example.org>", "<a@b>", NULL } },
	{ "<a>", { NULL } },
	{ "<@b>", { NULL } },
	{ "<a@>", { NULL } },
	{ "<>", { NULL } },
	{ "<a@b", { NULL } },
	{ "<a<b@c>", { "<b@c>", NULL } },
	{ "<\"a@b>", { NULL } },
	{ "a@b", { NULL } },
	{ "<\"\"@b>", { NULL } },
};

static void
test_message_ids_RFC5256_references(void **state)
{
	struct buf spare = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct span rest = span_of(ids[i].field);
		size_t n = 0;
		uint64_t id;

		while ((id = message_id_next(&rest, &spare)) != 0) {
			struct span one = span_of(n < 3 ? ids[i].same[n] : NULL);

			if (!one.at || message_id_next(&one, &spare) != id)
				print_error("%s: %zu\n", ids[i].field, n);
			assert_true(n < 3 && ids[i].same[n]);
			n++;
		}
		if (n < 3 && ids[i].same[n])
			print_error("%s\n", ids[i].field);
		assert_true(n == 3 || !ids[i].same[n]);
	}
	buf_free(&spare);
}

static void
test_message_ids_differ_in_case(void **state)
{
	struct buf spare = BUF_EMPTY;
	struct span a = span_of("<a@b>"), b = span_of("<A@b>");

	(void)state;
	assert_true(message_id_next(&a, &spare) != message_id_next(&b, &spare));
	buf_free(&spare);
}

/* ---- collation ---- */

/* Each row sorts before the next one (RFC 5051: titlecase, decomposed, as octets). */
static const char *const collated[] = {
	"", "100", "A", "a b", "AAB", "aab2", "A[", "a\\", "a]", "A_", "a`", "b", "B2",
	"\xc3\xa9", "f", "z", "[", "_", "\xc3\x9f", "\xce\x91", "\xce\xb2", "\xd0\x90",
	"\xd1\x8f", "\xe2\x82\xac",
	"\xe6\x97\xa5",
};

static struct span
key(const char *text, struct arena *mem)
{
	struct buf folded = BUF_EMPTY, title = BUF_EMPTY;
	struct span copy;

	casemap_fold(span_of(text), &folded);
	buf_str(&title, "");
	casemap_title(buf_view(&folded), &title);
	copy = arena_copy(mem, buf_view(&title));
	buf_free(&folded);
	buf_free(&title);
	return copy;
}

static void
test_collation_RFC5051(void **state)
{
	enum { COUNT = sizeof(collated) / sizeof(collated[0]) };
	struct span text[COUNT];
	struct arena mem = ARENA_EMPTY;
	struct sort_column column = { .text = text };
	uint32_t order[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		text[i] = key(collated[COUNT - 1 - i], &mem);
	sort_order(&column, 1, COUNT, order);
	for (size_t i = 0; i < COUNT; i++) {
		if (order[i] != COUNT - 1 - i)
			print_error("%zu: %s\n", i, collated[COUNT - 1 - order[i]]);
		assert_int_equal(order[i], COUNT - 1 - i);
	}
	arena_free(&mem);
}

/* Digraphs, final sigma, micro and Kelvin signs, Georgian, sharp s. */
static void
test_titlecase(void **state)
{
	static const struct {
		const char *text, *title;
	} rows[] = {
		{ "\xc7\x86", "\xc7\x85" },                  /* dz with caron */
		{ "\xcf\x82\xcf\x83\xce\xa3", "\xce\xa3\xce\xa3\xce\xa3" },
		{ "\xc2\xb5", "\xce\x9c" },                  /* micro sign */
		{ "\xe2\x84\xaa", "K" },                     /* Kelvin sign */
		{ "\xe1\x83\x90", "\xe1\x83\x90" },          /* Georgian an */
		{ "\xc3\x9f", "\xc3\x9f" },
		{ "\xc3\xbf", "Y\xcc\x88" },
		{ "\xd1\x91", "\xd0\x95\xcc\x88" },          /* Cyrillic io */
		{ "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" },  /* Deseret */
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span k = key(rows[i].text, &mem);

		if (!span_is(k, rows[i].title))
			print_error("row %zu: %.*s\n", i, (int)k.len, k.at);
		assert_true(span_is(k, rows[i].title));
	}
	arena_free(&mem);
}

/* ---- orders ---- */

static void
test_orders_by_several_columns(void **state)
{
	static const int64_t first[] = { 3, -1, 3, INT64_MIN, INT64_MAX, -1, 3 };
	struct span second[] = { span_of("b"), span_of("12345678z"), span_of("a"), span_of(""),
		                 span_of(""),  span_of("12345678a"), span_of("b") };
	struct sort_column columns[] = { { .number = first }, { .text = second } };
	static const uint32_t wanted[4][7] = {
		{ 3, 5, 1, 2, 0, 6, 4 },
		{ 3, 1, 5, 0, 6, 2, 4 },
		{ 4, 2, 0, 6, 5, 1, 3 },
		{ 4, 0, 6, 2, 1, 5, 3 },
	};
	uint32_t order[7];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		columns[0].is_reverse = i & 2;
		columns[1].is_reverse = i & 1;
		sort_order(columns, 2, 7, order);
		assert_memory_equal(order, wanted[i], sizeof(order));
	}
	sort_order(columns, 2, 0, order);
}

static void
test_equal_ones_stay_as_they_stood(void **state)
{
	enum { COUNT = 5000 };
	int64_t *number = calloc(COUNT, sizeof(*number));
	uint32_t *order = calloc(COUNT, sizeof(*order));
	struct sort_column column = { .number = number };

	(void)state;
	for (int way = 0; way < 2; way++) {
		for (size_t i = 0; i < COUNT; i++)
			number[i] = (int64_t)(i * 7919 % 13) - 6;
		column.is_reverse = way;
		sort_order(&column, 1, COUNT, order);
		for (size_t i = 1; i < COUNT; i++) {
			int64_t a = number[order[i - 1]], b = number[order[i]];

			assert_true(way ? a >= b : a <= b);
			assert_true(a != b || order[i - 1] < order[i]);
		}
	}
	free(number);
	free(order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_subjects_RFC5256_2_1),
		cmocka_unit_test(test_hostile_subjects_are_linear),
		cmocka_unit_test(test_message_ids_RFC5256_references),
		cmocka_unit_test(test_message_ids_differ_in_case),
		cmocka_unit_test(test_collation_RFC5051),
		cmocka_unit_test(test_titlecase),
		cmocka_unit_test(test_orders_by_several_columns),
		cmocka_unit_test(test_equal_ones_stay_as_they_stood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
