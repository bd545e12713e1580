/* test_grammar.c - the RFC 3501 s.9 rules that commands share */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/index/mailbox.h"
#include "imapd/grammar.h"

/* A row's text may hold NUL: its length is that of the literal. */
#define TEXT(s) { s, sizeof(s) - 1 }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_why(const struct cursor *c, const char *why, const char *text)
{
	if (!why && !cursor_ok(c))
		fail_msg("%s: failed with %s", text, c->why);
	if (why && cursor_ok(c))
		fail_msg("%s: taken, expected %s", text, why);
	if (why)
		assert_string_equal(c->why, why);
}

/* ---- numbers ---- */

static const struct {
	const char *text;
	uint64_t    number; /* 0: fails where no zero is allowed */
	bool        fails_plain, fails_nz, fails_64;
} numbers[] = {
	{ "0", 0, false, true, false },
	{ "1", 1, false, false, false },
	{ "007", 7, false, true, false },
	{ "4294967295", UINT32_MAX, false, false, false },
	{ "4294967296", UINT64_C(4294967296), true, true, false },
	{ "9223372036854775807", INT64_MAX, true, true, false },
	{ "9223372036854775808", 0, true, true, true },
	{ "18446744073709551616", 0, true, true, true },
	{ "99999999999999999999999999", 0, true, true, true },
	{ "-1", 0, true, true, true },
	{ "+1", 0, true, true, true },
	{ " 1", 0, true, true, true },
	{ "0x10", 0, false, true, false },
	{ "", 0, true, true, true },
	{ "x", 0, true, true, true },
};

static void
test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct cursor c;
		uint64_t n;

		cursor_open(&c, span_of(numbers[i].text), NULL);
		n = take_number(&c);
		assert_why(&c, numbers[i].fails_plain ? "expected a number" : NULL,
		           numbers[i].text);
		assert_int_equal(n, numbers[i].fails_plain ? 0 : numbers[i].number);

		cursor_open(&c, span_of(numbers[i].text), NULL);
		n = take_nz_number(&c);
		assert_why(&c, numbers[i].fails_nz ? "expected a number above zero" : NULL,
		           numbers[i].text);
		assert_int_equal(n, numbers[i].fails_nz ? 0 : numbers[i].number);

		cursor_open(&c, span_of(numbers[i].text), NULL);
		n = take_number64(&c);
		assert_why(&c, numbers[i].fails_64 ? "expected a number" : NULL, numbers[i].text);
		assert_true(n == (numbers[i].fails_64 ? 0 : numbers[i].number));
	}
}

/* ---- strings ---- */

static const struct {
	struct span text, value;
	const char *why;
} astrings[] = {
	{ TEXT("abc def"), TEXT("abc"), NULL },
	{ TEXT("a]b[c"), TEXT("a]b[c"), NULL },
	{ TEXT("a+b$&~/-.;:<>=?@^_`|}!#',"), TEXT("a+b$&~/-.;:<>=?@^_`|}!#',"), NULL },
	{ TEXT("NIL"), TEXT("NIL"), NULL },
	{ TEXT("\"\""), TEXT(""), NULL },
	{ TEXT("\"a b\""), TEXT("a b"), NULL },
	{ TEXT("\"a\\\"b\\\\c\""), TEXT("a\"b\\c"), NULL },
	{ TEXT("\"\\\\\""), TEXT("\\"), NULL },
	{ TEXT("\"caf\xc3\xa9\""), TEXT("caf\xc3\xa9"), NULL },
	{ TEXT("{3}\r\nabc"), TEXT("abc"), NULL },
	{ TEXT("{3+}\r\nabc"), TEXT("abc"), NULL },
	{ TEXT("{0}\r\n"), TEXT(""), NULL },
	{ TEXT("{5}\r\na\r\nb\""), TEXT("a\r\nb\""), NULL },
	{ TEXT("{003}\r\nabc"), TEXT("abc"), NULL },
	{ TEXT(""), TEXT(""), "expected a word or a string" },
	{ TEXT(" a"), TEXT(""), "expected a word or a string" },
	{ TEXT("(a)"), TEXT(""), "expected a word or a string" },
	{ TEXT("%"), TEXT(""), "expected a word or a string" },
	{ TEXT("*"), TEXT(""), "expected a word or a string" },
	{ TEXT("\xc3\xa9"), TEXT(""), "expected a word or a string" },
	{ TEXT("\0"), TEXT(""), "expected a word or a string" },
	{ TEXT("\""), TEXT(""), "expected \"" },
	{ TEXT("\"abc"), TEXT(""), "expected \"" },
	{ TEXT("\"abc\\"), TEXT(""), "expected \"" },
	{ TEXT("\"abc\\\""), TEXT(""), "expected \"" },
	{ TEXT("\"a\\b\""), TEXT(""), "expected \"" },
	{ TEXT("\"a\0b\""), TEXT(""), "expected \"" },
	{ TEXT("\"a\rb\""), TEXT(""), "expected \"" },
	{ TEXT("{3}\r\nab"), TEXT(""), "a literal's size must end its line" },
	{ TEXT("{3}abc"), TEXT(""), "a literal's size must end its line" },
	{ TEXT("{3}\nabc"), TEXT(""), "a literal's size must end its line" },
	{ TEXT("{3-}\r\nabc"), TEXT(""), "a literal's size must end its line" },
	{ TEXT("{4294967295}\r\nabc"), TEXT(""), "a literal's size must end its line" },
	{ TEXT("{4294967296}\r\nabc"), TEXT(""), "expected the size of a literal" },
	{ TEXT("{-1}\r\nabc"), TEXT(""), "expected the size of a literal" },
	{ TEXT("{}\r\nabc"), TEXT(""), "expected the size of a literal" },
	{ TEXT("{ 3}\r\nabc"), TEXT(""), "expected the size of a literal" },
	{ TEXT("{"), TEXT(""), "expected the size of a literal" },
	{ TEXT("{3}\r\na\0c"), TEXT(""), "a literal may not hold NUL" },
};

static void
test_astrings(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < COUNT(astrings); i++) {
		struct cursor c;
		struct span got;

		cursor_open(&c, astrings[i].text, &mem);
		got = take_astring(&c);
		assert_why(&c, astrings[i].why, astrings[i].text.at);
		if (!astrings[i].why)
			assert_true(span_equal(got, astrings[i].value));
		else
			assert_null(got.at);
	}
	arena_free(&mem);
}

static void
test_nstring(void **state)
{
	struct cursor c;
	struct span got;

	(void)state;
	cursor_open(&c, span_of("nil"), NULL);
	got = take_nstring(&c);
	assert_true(cursor_ok(&c));
	assert_null(got.at);
	cursor_open(&c, span_of("\"NIL\""), NULL);
	got = take_nstring(&c);
	assert_true(span_is(got, "NIL"));
	cursor_open(&c, span_of("nilly"), NULL);
	take_nstring(&c);
	assert_why(&c, "expected a string", "nilly");
}

static void
test_list_mailbox(void **state)
{
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("%.a*] "), NULL);
	assert_true(span_is(take_list_mailbox(&c), "%.a*]"));
	cursor_open(&c, span_of("\"a b*\""), NULL);
	assert_true(span_is(take_list_mailbox(&c), "a b*"));
	cursor_open(&c, span_of("(a)"), NULL);
	take_list_mailbox(&c);
	assert_why(&c, "expected a mailbox pattern", "(a)");
}

/* G22: what may be a tag */
static void
test_G22_tags(void **state)
{
	static const struct {
		const char *text, *tag;
	} rows[] = {
		{ "a1 NOOP", "a1" }, { ". NOOP", "." },     { "[CAPABILITY x", "[CAPABILITY" },
		{ "a]b c", "a]b" },
		{ "+ NOOP", NULL },  { "* NOOP", NULL },    { "\"\" NOOP", NULL },
		{ "", NULL },
		{ " a", NULL },      { "\xc3\xa9 x", NULL }, { "(a) x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cursor c;
		struct span tag;

		cursor_open(&c, span_of(rows[i].text), NULL);
		tag = take_tag(&c);
		assert_why(&c, rows[i].tag ? NULL : "expected a tag", rows[i].text);
		if (rows[i].tag)
			assert_true(span_is(tag, rows[i].tag));
	}
	for (size_t i = 0; i < 2; i++) { /* a tag that ends where no tag may go on */
		struct cursor c;

		cursor_open(&c, span_of(i ? "a{1}" : "a+b x"), NULL);
		take_tag(&c);
		take_byte(&c, ' ');
		assert_why(&c, "expected a space and another argument", "a");
	}
}

/* ---- mailbox names: what cannot be is no BAD but kept for NO [CANNOT] ---- */

static const struct {
	const char *text, *name;
} names[] = {
	{ "inbox", "INBOX" },
	{ "InBoX", "INBOX" },
	{ "\"INBOX\"", "INBOX" },
	{ "inbox.x", "INBOX.x" },
	{ "Sent", "Sent" },
	{ "&AOk-t&AOk-", "\xc3\xa9t\xc3\xa9" },
	{ "-rf", "-rf" },
	{ "#news", "#news" },
	/* N01 */
	{ "..", NULL },
	{ "../u2", NULL },
	{ "/etc", NULL },
	{ "a/b", NULL },
	{ ".", NULL },
	{ "a..b", NULL },
	{ "\"\"", NULL },
	{ "&AC4-.", NULL },
	{ "&AC8-", NULL },
	/* N04 */
	{ "&", NULL },
	{ "&&", NULL },
	{ "&AAA-", NULL },
	{ "&2AA-", NULL },
	{ "&AGE-", NULL },
	/* N13 */
	{ "{3}\r\na\rb", NULL },
	{ "{3}\r\na\nb", NULL },
	{ "\"a\x1b[0m\"", NULL },
};

static void
test_N01_N04_N13_mailbox_names(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct cursor c;
		struct mailbox_name m;

		cursor_open(&c, span_of(names[i].text), &mem);
		m = take_mailbox(&c);
		assert_why(&c, NULL, names[i].text);
		assert_true(at_end(&c));
		if (!names[i].name && m.name)
			fail_msg("%s became %s", names[i].text, m.name);
		if (names[i].name) {
			assert_non_null(m.name);
			assert_string_equal(m.name, names[i].name);
		} else {
			assert_non_null(m.why);
		}
	}
	arena_free(&mem);
}

static void
test_one_separator_at_the_end(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("a."), &mem);
	assert_string_equal(take_mailbox_open(&c).name, "a");
	cursor_open(&c, span_of("a.."), &mem);
	assert_null(take_mailbox_open(&c).name);
	cursor_open(&c, span_of("a."), &mem);
	assert_null(take_mailbox(&c).name);
	arena_free(&mem);
}

/* ---- flags ---- */

static const struct {
	const char *text, *why;
	uint32_t    flags;
	const char *keywords; /* with a blank behind each */
} flag_lists[] = {
	{ "()", NULL, 0, "" },
	{ "(\\Seen)", NULL, FLAG_SEEN, "" },
	{ "(\\sEEN \\ANSWERED work)", NULL, FLAG_SEEN | FLAG_ANSWERED, "work " },
	{ "(\\Deleted \\Draft \\Flagged)", NULL, FLAG_DELETED | FLAG_DRAFT | FLAG_FLAGGED, "" },
	{ "($Forwarded a work WORK a)", NULL, 0, "$Forwarded a work " },
	{ "(\\Recent)", "\\Recent cannot be changed by a client", 0, NULL },
	{ "(\\Unknown)", "no such system flag", 0, NULL },
	{ "(\\*)", "expected a word", 0, NULL },
	{ "(\\)", "expected a word", 0, NULL },
	{ "( a)", "expected a word", 0, NULL },
	{ "(a )", "expected a word", 0, NULL },
	{ "(a  b)", "expected a word", 0, NULL },
	{ "(a]b)", "expected )", 0, NULL },
	{ "(a*)", "expected )", 0, NULL },
	{ "(\"a\")", "expected a word", 0, NULL },
	{ "(caf\xc3\xa9)", "expected )", 0, NULL },
	{ "(a", "expected )", 0, NULL },
	{ "a", "expected (", 0, NULL },
};

static void
test_G13_flag_lists(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < COUNT(flag_lists); i++) {
		struct flag_list list = { 0, NULL, 0, 0 };
		struct buf words = BUF_EMPTY;
		struct cursor c;

		cursor_open(&c, span_of(flag_lists[i].text), &mem);
		take_flag_list(&c, &list);
		assert_why(&c, flag_lists[i].why, flag_lists[i].text);
		if (flag_lists[i].why)
			continue;
		assert_true(at_end(&c));
		assert_int_equal(list.flags, flag_lists[i].flags);
		buf_str(&words, "");
		for (size_t k = 0; k < list.keyword_count; k++)
			buf_printf(&words, "%s ", list.keyword[k]);
		assert_true(span_is(buf_view(&words), flag_lists[i].keywords));
		buf_free(&words);
	}
	arena_free(&mem);
}

static void
test_G13_a_keyword_has_a_length(void **state)
{
	struct arena mem = ARENA_EMPTY;
	char text[10240];

	(void)state;
	memset(text, 'k', sizeof(text));
	for (size_t n = LIMIT_KEYWORD; n <= sizeof(text); n = n == LIMIT_KEYWORD ? n + 1 : n * 2) {
		struct flag_list list = { 0, NULL, 0, 0 };
		struct cursor c;

		cursor_open(&c, span_make(text, n), &mem);
		take_flag(&c, &list);
		assert_why(&c, n > LIMIT_KEYWORD ? "a keyword is too long" : NULL, "k...");
	}
	arena_free(&mem);
}

/* ---- sequence sets ---- */

static const struct {
	const char *text, *why, *fixed;
	uint32_t    star_from; /* 0: none */
} sets[] = {
	{ "1", NULL, "1", 0 },
	{ "1:3,5,4", NULL, "1:5", 0 },
	{ "5:1", NULL, "1:5", 0 },
	{ "4294967295", NULL, "4294967295", 0 },
	{ "1:4294967295", NULL, "1:4294967295", 0 },
	{ "*", NULL, "", UINT32_MAX },
	{ "*:*", NULL, "", UINT32_MAX },
	{ "1:*", NULL, "", 1 },
	{ "*:1", NULL, "", 1 },
	{ "7:*,3:*,9,2", NULL, "2,9", 3 },
	{ "*,5:*", NULL, "", 5 },
	{ "2,4:7,9,12:*", NULL, "2,4:7,9", 12 }, /* RFC 3501 s.9 */
	{ "*:4,5:7", NULL, "5:7", 4 },
	{ "0", "expected a number above zero or *", NULL, 0 },
	{ "01", "expected a number above zero or *", NULL, 0 },
	{ "1:0", "expected a number above zero or *", NULL, 0 },
	{ "4294967296", "expected a number above zero or *", NULL, 0 },
	{ "1,,2", "expected a number above zero or *", NULL, 0 },
	{ ",1", "expected a number above zero or *", NULL, 0 },
	{ "1,", "expected a number above zero or *", NULL, 0 },
	{ "1:", "expected a number above zero or *", NULL, 0 },
	{ ":1", "expected a number above zero or *", NULL, 0 },
	{ "-1", "expected a number above zero or *", NULL, 0 },
	{ "", "expected a number above zero or *", NULL, 0 },
};

static void
test_G06_sequence_sets(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct buf fixed = BUF_EMPTY;
		struct cursor c;
		struct seq_set set;

		cursor_open(&c, span_of(sets[i].text), &mem);
		set = take_sequence_set(&c);
		assert_why(&c, sets[i].why, sets[i].text);
		if (sets[i].why)
			continue;
		assert_true(at_end(&c));
		buf_str(&fixed, "");
		ranges_print(&set.fixed, &fixed);
		assert_true(span_is(buf_view(&fixed), sets[i].fixed));
		assert_int_equal(set.has_star, sets[i].star_from != 0);
		assert_int_equal(set.has_star ? set.star_from : 0, sets[i].star_from);
		buf_free(&fixed);
	}
	arena_free(&mem);
}

/* 20,000 times the same set costs one range. */
static void
test_G06_sets_are_merged_while_read(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct cursor c;
	struct seq_set set;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_str(&text, "1:*,7:9,");
	buf_str(&text, "8");
	cursor_open(&c, buf_view(&text), &mem);
	set = take_sequence_set(&c);
	assert_true(cursor_ok(&c));
	assert_int_equal(set.fixed.count, 1);
	assert_int_equal(set.star_from, 1);
	assert_true(mem.total < 4096);
	buf_free(&text);
	arena_free(&mem);
}

static void
test_saved_result(void **state)
{
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("$ "), NULL);
	assert_true(take_sequence_set(&c).is_saved);
	assert_true(at_byte(&c, ' '));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_astrings),
		cmocka_unit_test(test_nstring),
		cmocka_unit_test(test_list_mailbox),
		cmocka_unit_test(test_G22_tags),
		cmocka_unit_test(test_N01_N04_N13_mailbox_names),
		cmocka_unit_test(test_one_separator_at_the_end),
		cmocka_unit_test(test_G13_flag_lists),
		cmocka_unit_test(test_G13_a_keyword_has_a_length),
		cmocka_unit_test(test_G06_sequence_sets),
		cmocka_unit_test(test_G06_sets_are_merged_while_read),
		cmocka_unit_test(test_saved_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
