/* test_names.c - names on the wire (separator, prefix), and the file of annotations */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/maildir/metadata.h"
#include "imapd/names.h"

static const struct names slash = { '/', "" }, courier = { '.', "INBOX." }, mail = { '/', "Mail/" };

static const struct {
	const struct names *names;
	const char         *wire, *name; /* name NULL: cannot be */
} rows[] = {
	{ &names_plain, "a.b", "a.b" },
	{ &names_plain, "a/b", NULL },
	{ &names_plain, "a\\b", "a\\b" },
	{ &slash, "a/b", "a.b" },
	{ &slash, "a.b/c", "a\\2eb.c" },
	{ &slash, "a\\b", "a\\5cb" },
	{ &slash, "a\\2eb", "a\\5c2eb" },
	{ &slash, "INBOX", "INBOX" },
	{ &slash, "INBOX/x", "INBOX.x" },
	{ &slash, "INBOX.x", "INBOX\\2ex" },
	{ &slash, "a//b", NULL },
	{ &slash, "/a", NULL },
	{ &slash, "a/../b", NULL },
	{ &slash, ".", NULL },
	{ &slash, "...", "\\2e\\2e\\2e" },
	{ &courier, "INBOX", "INBOX" },
	{ &courier, "INBOX.a.b", "a.b" },
	{ &courier, "INBOX.INBOX.x", "INBOX.x" },
	{ &courier, "INBOX.INBOX", NULL },
	{ &courier, "INBOX.inbox", NULL },
	{ &courier, "a", NULL },
	{ &courier, "INBOX.", NULL },
	{ &mail, "Mail/a.b", "a\\2eb" },
	{ &mail, "mail/a", NULL },
	{ &mail, "INBOX", "INBOX" },
};

/* What a client may write is shown to it as it wrote it. */
static void
test_N03_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const char *why, *name = names_from_client(rows[i].names, span_of(rows[i].wire),
		                                           true, false, &mem, &why);

		if (!rows[i].name) {
			assert_null(name);
			assert_non_null(why);
		} else {
			assert_non_null(name);
			assert_string_equal(name, rows[i].name);
			assert_string_equal(names_to_client(rows[i].names, name, true, &mem),
			                    rows[i].wire);
			assert_true(names_can_say(rows[i].names, name, &mem));
		}
		arena_free(&mem);
	}
}

static void
test_any_case_of_INBOX_in_a_prefix(void **state)
{
	struct arena mem = ARENA_EMPTY;
	const char *why, *name;

	(void)state;
	name = names_from_client(&courier, span_of("iNbOx.a"), false, true, &mem, &why);
	assert_string_equal(name, "a");
	name = names_from_client(&slash, span_of("&AOk-.x/y/"), false, true, &mem, &why);
	assert_string_equal(name, "\303\251\\2ex.y");
	assert_false(names_can_say(&slash, "a\\b", &mem));
	assert_true(names_can_say(&names_plain, "a\\b", &mem));
	assert_string_equal(names_from_settings(&courier, "Sent", &mem), "Sent");
	arena_free(&mem);
}

#define FIRST "linnet-metadata 1\n"
static const struct {
	const char *text;
	size_t      count;
} files[] = {
	{ "", 0 },
	{ "linnet-metadata 2\n/private/a 1\nx\n", 0 },
	{ FIRST, 0 },
	{ FIRST "/private/a 1\nx\n", 1 },
	{ FIRST "/private/a 0\n\n/private/b 2\n\n\n\n", 2 },
	{ FIRST "/private/a 1\nx", 0 },
	{ FIRST "/private/a 2\nx\n", 0 },
	{ FIRST "/private/a 1\nxy", 0 },
	{ FIRST "/private/a 1\nx\n/private/a 1\ny\n", 1 },
	{ FIRST "/private/A 1\nx\n", 0 },
	{ FIRST "private/a 1\nx\n", 0 },
	{ FIRST "/private/a 99999999999999999999\nx\n", 0 },
	{ FIRST "/private/a 32769\nx\n", 0 },
	{ FIRST "/private/a -1\nx\n", 0 },
};

static void
test_metadata_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct metadata m;

		metadata_parse(span_of(files[i].text), &mem, &m);
		assert_int_equal(m.count, files[i].count);
		arena_free(&mem);
	}
}

/* More than the limit in a file that another version wrote: the first ones count. */
static void
test_metadata_limit_and_round_trip(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf text = BUF_EMPTY, again = BUF_EMPTY;
	struct metadata m;

	(void)state;
	buf_str(&text, FIRST);
	for (int i = 0; i < LIMIT_METADATA_ENTRIES + 1; i++)
		buf_printf(&text, "/private/n%d 3\na\nb\n", i);
	metadata_parse(buf_view(&text), &mem, &m);
	assert_int_equal(m.count, LIMIT_METADATA_ENTRIES);
	assert_true(span_is(metadata_find(&m, "/private/n7"), "a\nb"));
	assert_null(metadata_find(&m, "/private/n").at);
	metadata_write(&m, &again);
	assert_true(span_starts(buf_view(&text), again.data));
	buf_free(&text);
	buf_free(&again);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_N03_both_ways),
		cmocka_unit_test(test_any_case_of_INBOX_in_a_prefix),
		cmocka_unit_test(test_metadata_files),
		cmocka_unit_test(test_metadata_limit_and_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
