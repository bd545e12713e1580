/* test_name.c - mailbox names and modified UTF-7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/maildir/name.h"

/* What a client writes in modified UTF-7, the canonical name and the folder; NULL: refused. */
static const struct row {
	const char *id, *raw, *name, *dir;
} rows[] = {
	{ "plain", "Sent", "Sent", ".Sent" },
	{ "levels", "A.B", "A.B", ".A.B" },
	{ "N05", "inbox", "INBOX", "." },
	{ "N05 child", "iNbOx.x", "INBOX.x", ".INBOX.x" },
	{ "N05 not it", "INBOX ", "INBOX ", ".INBOX " },
	{ "N05 longer", "inboxes", "inboxes", ".inboxes" },
	{ "mUTF-7", "&AOk-t&AOk-", "\303\251t\303\251", ".&AOk-t&AOk-" },
	{ "N04 emoji", "&2D3eAA-", "\360\237\230\200", ".&2D3eAA-" },
	{ "ampersand", "a&-b", "a&b", ".a&-b" },
	{ "N02", "cur", "cur", ".cur" },
	{ "N02 control file", "dovecot-uidlist", "dovecot-uidlist", ".dovecot-uidlist" },
	{ "N12 option", "-o", "-o", ".-o" },
	{ "N12 braces", "{host}x", "{host}x", ".{host}x" },
	{ "N12 hash", "#news", "#news", ".#news" },
	{ "N03 wildcards", "a*%\"\\ b", "a*%\"\\ b", ".a*%\"\\ b" },
	{ "empty", "", NULL, NULL },
	{ "N01 dots", "..", NULL, NULL },
	{ "N01 dot", ".", NULL, NULL },
	{ "N01 up", "../u2", NULL, NULL },
	{ "N01 absolute", "/etc", NULL, NULL },
	{ "N01 slash", "a/b", NULL, NULL },
	{ "N01 home", "~root", NULL, NULL },
	{ "N01 slash in mUTF-7", "&AC8-", NULL, NULL },
	{ "N01 dot in mUTF-7", "&AC4-.", NULL, NULL },
	{ "N01 front", ".Sent", NULL, NULL },
	{ "N01 middle", "a..b", NULL, NULL },
	{ "N01 end", "a.", NULL, NULL },
	{ "N04 lone", "&", NULL, NULL },
	{ "N04 two", "&&", NULL, NULL },
	{ "N04 NUL", "&AAA-", NULL, NULL },
	{ "N04 lone surrogate", "&2AA-", NULL, NULL },
	{ "N04 low surrogate", "&3AA-", NULL, NULL },
	{ "N04 ASCII", "&AGE-", NULL, NULL },
	{ "N04 open", "&AOk", NULL, NULL },
	{ "N04 bits", "&AOl-x&AO-", NULL, NULL },
	{ "N04 split run", "&AOk-&AOk-", NULL, NULL },
	{ "N04 8-bit", "\303\251", NULL, NULL },
	{ "N13 CR", "a\rb", NULL, NULL },
	{ "N13 ESC", "a\033b", NULL, NULL },
	{ "N13 C1", "&AIU-", NULL, NULL },
};

static void
test_names_of_clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const char *why = NULL;
		const char *name = name_from_client(span_of(rows[i].raw), false, false, &mem, &why);

		if (!rows[i].name) {
			if (name)
				fail_msg("%s: '%s' should be refused", rows[i].id, rows[i].raw);
			assert_non_null(why);
		} else {
			if (!name)
				fail_msg("%s: '%s' refused: %s", rows[i].id, rows[i].raw, why);
			assert_string_equal(name, rows[i].name);
			assert_string_equal(name_to_dir(name, &mem), rows[i].dir);
			assert_string_equal(name_from_dir(rows[i].dir, &mem), rows[i].name);
		}
		arena_free(&mem);
	}
}

static void
test_open_end_and_utf8(void **state)
{
	struct arena mem = ARENA_EMPTY;
	const char *why = NULL;

	(void)state;
	assert_string_equal(name_from_client(span_of("a.b."), false, true, &mem, &why), "a.b");
	assert_null(name_from_client(span_of("a.."), false, true, &mem, &why));
	assert_null(name_from_client(span_of("."), false, true, &mem, &why));
	assert_string_equal(name_from_client(span_of("\303\251"), true, false, &mem, &why),
	                    "\303\251");
	/* in UTF-8 mode & is only a character, and mUTF-7 is not decoded */
	assert_string_equal(
		name_to_client(name_from_client(span_of("&AOk-"), true, false, &mem, &why), false,
	                       &mem),
		"&-AOk-");
	assert_null(name_from_client(span_of("\355\240\200"), true, false, &mem, &why));
	assert_null(name_from_client(span_of("\300\200"), true, false, &mem, &why));
	assert_null(name_from_client(span_make("a\0b", 3), true, false, &mem, &why));
	arena_free(&mem);
}

/* N03: 254 bytes fit behind the dot, 255 do not; 32 levels, 33 not */
static void
test_limits(void **state)
{
	struct arena mem = ARENA_EMPTY;
	char name[LIMIT_NAME + 2];
	const char *why;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_non_null(name_from_client(span_make(name, 254), false, false, &mem, &why));
	assert_null(name_from_client(span_make(name, 255), false, false, &mem, &why));
	assert_null(name_from_client(span_make(name, sizeof(name)), false, false, &mem, &why));
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '.';
	assert_non_null(name_from_client(span_make(name, 2 * 32 - 1), false, false, &mem, &why));
	assert_null(name_from_client(span_make(name, 2 * 33 - 1), false, false, &mem, &why));
	/* long only on disk: each e-acute is three characters of base64 there */
	for (size_t i = 0; i < 200; i += 2)
		memcpy(name + i, "\303\251", 2);
	assert_null(name_from_client(span_make(name, 200), true, false, &mem, &why));
	arena_free(&mem);
}

/* N11: what lies in a Maildir's root and is no mailbox */
static void
test_entries_that_are_none(void **state)
{
	static const char *const entries[] = { "cur",
		                               "..",
		                               "...",
		                               ".a..b",
		                               "..DOVECOT-TRASHED",
		                               "..linnet-new.x",
		                               ".INBOX",
		                               ".inbox",
		                               ".inbox.x",
		                               ".&AGE-",
		                               ".a/b",
		                               ".~a",
		                               "",
		                               ".&",
		                               ".a\n" };
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (name_from_dir(entries[i], &mem))
			fail_msg("'%s' is no mailbox", entries[i]);
	assert_string_equal(name_from_dir(".-", &mem), "-");
	arena_free(&mem);
}

/* Every character outside of the surrogates survives encoding and decoding. */
static void
test_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
		struct buf utf8 = BUF_EMPTY, mutf7 = BUF_EMPTY, back = BUF_EMPTY;
		char b[4];

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		if (c < 0x800) {
			b[0] = (char)(0xc0 | c >> 6);
			b[1] = (char)(0x80 | (c & 0x3f));
			buf_add(&utf8, b, 2);
		} else if (c < 0x10000) {
			b[0] = (char)(0xe0 | c >> 12);
			b[1] = (char)(0x80 | (c >> 6 & 0x3f));
			b[2] = (char)(0x80 | (c & 0x3f));
			buf_add(&utf8, b, 3);
		} else {
			b[0] = (char)(0xf0 | c >> 18);
			b[1] = (char)(0x80 | (c >> 12 & 0x3f));
			b[2] = (char)(0x80 | (c >> 6 & 0x3f));
			b[3] = (char)(0x80 | (c & 0x3f));
			buf_add(&utf8, b, 4);
		}
		buf_str(&utf8, "x&");
		assert_true(mutf7_encode(buf_view(&utf8), &mutf7));
		assert_true(mutf7_decode(buf_view(&mutf7), &back));
		assert_string_equal(back.data, utf8.data);
		buf_free(&utf8);
		buf_free(&mutf7);
		buf_free(&back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_clients),
		cmocka_unit_test(test_open_end_and_utf8),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_entries_that_are_none),
		cmocka_unit_test(test_every_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
