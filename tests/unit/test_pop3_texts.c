/* test_pop3_texts.c - the words of POP3 in each language (RFC 6856 s.3) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/utf8.h"
#include "pop3d/greet_state.h"
#include "pop3d/texts.h"

/* RFC 2449 s.4: a line is 512 bytes at most; nothing in it but UTF-8 without controls. */
static void
test_every_text_is_there_in_every_language(void **state)
{
	(void)state;
	for (unsigned text = 0; text < TEXTS; text++)
		for (unsigned l = 0; l < LANGUAGES; l++) {
			const char *words = text_in((enum language)l, (enum text)text);

			assert_non_null(words);
			assert_in_range(strlen(words), 1, 400);
			assert_true(utf8_is_valid(span_of(words)));
			assert_null(strpbrk(words, "\r\n"));
		}
}

static void
test_english_is_ascii(void **state)
{
	(void)state;
	for (unsigned text = 0; text < TEXTS; text++)
		for (const char *c = text_in(LANGUAGE_EN, (enum text)text); *c; c++)
			assert_in_range(*c, 0x20, 0x7e);
}

static void
test_ranges_D15(void **state)
{
	static const struct {
		const char   *range;
		bool          found;
		enum language language;
	} rows[] = {
		{ "en", true, LANGUAGE_EN },    { "FR", true, LANGUAGE_FR },
		{ "*", true, LANGUAGE_EN },     { "fr-CA", true, LANGUAGE_FR },
		{ "fr-CA-x", true, LANGUAGE_FR }, { "en-", true, LANGUAGE_EN },
		{ "", false, LANGUAGE_EN },     { "f", false, LANGUAGE_EN },
		{ "fra", false, LANGUAGE_EN },  { "MUL", false, LANGUAGE_EN },
		{ "-fr", false, LANGUAGE_EN },  { "**", false, LANGUAGE_EN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum language got = LANGUAGE_EN;

		assert_int_equal(language_find(span_of(rows[i].range), &got), rows[i].found);
		assert_int_equal(got, rows[i].language);
	}
}

/* It passes through a process that has read a stranger's bytes. */
static void
test_state_word(void **state)
{
	static const char *const junk[] = { "", "en-utf9", "de", "en ", "fr-utf8x" };

	(void)state;
	for (unsigned i = 0; i < 2 * LANGUAGES; i++) {
		struct greet_state s = { (enum language)(i / 2), i % 2 };
		struct greet_state got = greet_state_of(greet_state_word(&s));

		assert_int_equal(got.language, s.language);
		assert_int_equal(got.is_utf8, s.is_utf8);
	}
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		struct greet_state got = greet_state_of(junk[i]);

		assert_int_equal(got.language, LANGUAGE_EN);
		assert_false(got.is_utf8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_text_is_there_in_every_language),
		cmocka_unit_test(test_english_is_ascii),
		cmocka_unit_test(test_ranges_D15),
		cmocka_unit_test(test_state_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
