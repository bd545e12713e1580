/* test_cursor.c - the sticky cursor */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "imapd/cursor.h"

static void
test_failing_is_sticky(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("abc def"), &mem);
	assert_true(try_word(&c, "ABC"));
	take_byte(&c, '(');
	assert_false(cursor_ok(&c));
	assert_string_equal(c.why, "expected (");
	assert_true(at_end(&c));
	assert_false(try_byte(&c, ' '));
	assert_false(try_word(&c, "def"));
	cursor_fail(&c, "another reason");
	take_byte(&c, ')');
	take_end(&c);
	assert_string_equal(c.why, "expected (");
	arena_free(&mem);
}

/* Each row: text, the word tried, and what is left behind try_whole_word(); NULL: declined. */
static const struct {
	const char *text, *word, *left;
} words[] = {
	{ "NIL)", "nil", ")" },
	{ "NIL", "NIL", "" },
	{ "nilpotent", "NIL", NULL },
	{ "NI", "NIL", NULL },
	{ "UID FETCH 1", "UID FETCH", " 1" },
	{ "BODY[1]", "BODY", NULL },
	{ "RETURN(", "RETURN", "(" },
};

static void
test_whole_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct cursor c;

		cursor_open(&c, span_of(words[i].text), NULL);
		assert_int_equal(try_whole_word(&c, words[i].word), words[i].left != NULL);
		assert_string_equal(c.at, words[i].left ? words[i].left : words[i].text);
		assert_true(cursor_ok(&c));
	}
}

static void
test_G05_depth_is_limited(void **state)
{
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("x"), NULL);
	for (int i = 0; i < LIMIT_NESTING; i++)
		assert_true(cursor_enter(&c));
	cursor_leave(&c);
	assert_true(cursor_enter(&c));
	assert_false(cursor_enter(&c));
	assert_false(cursor_ok(&c));
}

static void
test_G03_tokens_are_limited(void **state)
{
	struct cursor c;

	(void)state;
	cursor_open(&c, span_of("x"), NULL);
	for (int i = 0; i < LIMIT_TOKENS; i++)
		assert_true(cursor_token(&c));
	assert_false(cursor_token(&c));
	assert_string_equal(c.why, "too many arguments");
}

static void
test_nothing_at_all(void **state)
{
	struct cursor c;

	(void)state;
	cursor_open(&c, SPAN_NONE, NULL);
	assert_true(at_end(&c));
	assert_false(at_byte(&c, '\0'));
	assert_false(try_word(&c, "A"));
	take_end(&c);
	assert_true(cursor_ok(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing_is_sticky),      cmocka_unit_test(test_whole_words),
		cmocka_unit_test(test_G05_depth_is_limited),
		cmocka_unit_test(test_G03_tokens_are_limited),
		cmocka_unit_test(test_nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
