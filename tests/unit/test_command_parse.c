/* test_command_parse.c - each command's arguments: what is taken, and what a BAD says */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "imapd/append.h"
#include "imapd/command.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char spare[] = "unexpected text behind the last argument";
static const char space[] = "expected a space and another argument";
static const char number[] = "expected a number above zero or *";

/* why NULL: taken; the text "unknown" stands for a name that is no command. */
static const struct row {
	const char *text, *why;
} rows[] = {
	/* no arguments */
	{ "NOOP", NULL },
	{ "noop", NULL },
	{ "NOOP ", spare },
	{ "NOOP x", spare },
	{ "NOOP {3}\r\nabc", spare }, /* G02 */
	{ "NOOPS", "unknown" },
	{ "NOO", "unknown" },
	{ "UID NOOP", "unknown" },
	{ "UID", "unknown" },
	{ "UID  FETCH 1 FLAGS", "unknown" },
	{ "", "unknown" },
	{ "GET / HTTP/1.1", "unknown" },
	{ "CAPABILITY", NULL },
	{ "LOGOUT", NULL },
	{ "CHECK", NULL },
	{ "CLOSE x", spare },
	{ "UNSELECT", NULL },
	{ "EXPUNGE", NULL },
	{ "EXPUNGE 1", spare },
	{ "IDLE", NULL },
	{ "NAMESPACE", NULL },

	/* ID: RFC 2971 s.3.1 */
	{ "ID NIL", NULL },
	{ "ID ()", NULL },
	{ "ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" \"Pink Floyd Music Limited\")",
	  NULL },
	{ "ID (\"name\" NIL)", NULL },
	{ "ID (\"name\" {4}\r\nsodr)", NULL },
	{ "ID", space },
	{ "ID x", "expected (" },
	{ "ID (\"name\")", space },
	{ "ID (name \"x\")", "expected a string" },
	{ "ID (\"name\" x)", "expected a string" },
	{ "ID (\"name\" \"x\"", "expected )" },

	/* ENABLE */
	{ "ENABLE CONDSTORE", NULL },
	{ "ENABLE X-GOOD-IDEA UTF8=ACCEPT", NULL },
	{ "ENABLE", space },
	{ "ENABLE ", "expected a word" },
	{ "ENABLE a  b", "expected a word" },

	/* mailbox names */
	{ "SELECT INBOX", NULL },
	{ "SELECT \"a b\"", NULL },
	{ "SELECT {5}\r\nINBOX", NULL },
	{ "SELECT ../x", NULL }, /* N01: NO [CANNOT], not BAD */
	{ "SELECT", space },
	{ "SELECT ", "expected a word or a string" },
	{ "SELECT INBOX x", spare },
	{ "SELECT a*", spare },
	{ "SELECT \"a", "expected \"" },
	{ "EXAMINE INBOX", NULL },
	{ "CREATE a.", NULL },
	{ "DELETE a", NULL },
	{ "SUBSCRIBE a", NULL },
	{ "UNSUBSCRIBE a", NULL },
	{ "RENAME a b", NULL },
	{ "RENAME a", space },
	{ "RENAME a b c", spare },

	/* LIST */
	{ "LIST \"\" *", NULL },
	{ "LIST \"\" \"\"", NULL },
	{ "LIST a. %.%", NULL },
	{ "LIST {1}\r\na {1}\r\n*", NULL },
	{ "LIST \"\"", space },
	{ "LIST * *", "expected a word or a string" },
	{ "LIST \"\" (a b)", NULL },
	{ "LIST \"\" (a", "expected )" },
	{ "LIST \"\" ()", "expected a mailbox pattern" },
	{ "LIST () \"\" *", NULL },
	{ "LIST (SUBSCRIBED) \"\" *", NULL },
	{ "LIST (subscribed remote SPECIAL-USE) \"\" *", NULL },
	{ "LIST (CHILDREN) \"\" *", "no such LIST option" },
	{ "LIST (RECURSIVEMATCH) \"\" *", "no such LIST option" },
	{ "LIST \"\" * RETURN (SPECIAL-USE)", NULL },
	{ "LIST \"\" * RETURN ()", NULL },
	{ "LIST \"\" * RETURN (CHILDREN SUBSCRIBED)", NULL },
	{ "LIST \"\" * RETURN (REMOTE)", "no such LIST option" },
	{ "LIST \"\" * RETURN", space },
	{ "LIST \"\" * x", "expected RETURN" },
	{ "LSUB \"\" *", NULL },
	{ "LSUB \"\" (a b)", "expected a mailbox pattern" },
	{ "LSUB \"\" * RETURN ()", spare },

	/* STATUS: RFC 3501 s.6.3.10 */
	{ "STATUS blurdybloop (UIDNEXT MESSAGES)", NULL },
	{ "STATUS a (messages recent uidnext uidvalidity unseen)", NULL },
	{ "STATUS a ()", "expected a word" },
	{ "STATUS a MESSAGES", "expected (" },
	{ "STATUS a (NONSENSE)", "no such status item" },
	{ "STATUS a (MESSAGES", "expected )" },
	{ "STATUS a", space },

	/* APPEND: up to the announcement of its message */
	{ "APPEND saved-messages (\\Seen) {310}", NULL },
	{ "APPEND a {5+}", NULL },
	{ "APPEND {1}\r\na {5}", NULL },
	{ "APPEND a \"17-Jul-1996 02:44:25 -0700\" {5}", NULL },
	{ "APPEND a () \" 1-Jul-1996 02:44:25 -0700\" {5}", NULL },
	{ "APPEND a", space },
	{ "APPEND a ", "expected a message literal" },
	{ "APPEND a \"x\"", "expected a date like \"17-Jul-1996 02:44:25 -0700\"" },
	{ "APPEND a ~{5}", "expected a message literal" },
	{ "APPEND a {x}", "expected a number" },
	{ "APPEND a {5} ", spare },
	{ "APPEND a {5-}", "unexpected character" },
	{ "APPEND a (\\Recent) {5}", "\\Recent cannot be changed by a client" },
	{ "APPEND a \"17-Jul-1996\" {5}", "expected a date like \"17-Jul-1996 02:44:25 -0700\"" },
	{ "APPEND a \"29-Feb-2023 00:00:00 +0000\" {5}",
	  "expected a date like \"17-Jul-1996 02:44:25 -0700\"" },
	{ "APPEND a \"29-Feb-2024 00:00:00 +0000\" {5}", NULL },
	{ "APPEND a \"01-Jan-9999 00:00:00 +0000\" {5}", NULL },
	{ "APPEND a \"01-Jan--001 00:00:00 +0000\" {5}",
	  "expected a date like \"17-Jul-1996 02:44:25 -0700\"" },
	{ "APPEND a (\\Seen) (\\Seen) {5}", "expected a message literal" },

	/* STORE: RFC 3501 s.6.4.6 */
	{ "STORE 2:4 +FLAGS (\\Deleted)", NULL },
	{ "STORE 1 FLAGS \\Seen work", NULL },
	{ "STORE 1 FLAGS ()", NULL },
	{ "STORE 1 -FLAGS.SILENT (a)", NULL },
	{ "UID STORE 1:* flags.silent (a)", NULL },
	{ "STORE 0 FLAGS (a)", number },
	{ "STORE 1", space },
	{ "STORE 1 FLAGS", space },
	{ "STORE 1 FLAGS ", "expected a word" },
	{ "STORE 1 FLAG (a)", "STORE can change only FLAGS" },
	{ "STORE 1 FLAGS.LOUD (a)", space },
	{ "STORE 1 X-GM-LABELS (a)", "STORE can change only FLAGS" },
	{ "STORE 1 +FLAGS (\\Recent)", "\\Recent cannot be changed by a client" },
	{ "STORE 1 +FLAGS (\\Unknown)", "no such system flag" },
	{ "STORE 1 FLAGS (a) b", spare },

	/* COPY, MOVE, UID EXPUNGE */
	{ "COPY 2:4 MEETING", NULL },
	{ "UID COPY * INBOX", NULL },
	{ "MOVE 1,3 {1}\r\na", NULL },
	{ "UID MOVE 42:69 foo", NULL },
	{ "COPY 1", space },
	{ "COPY x a", number },
	{ "COPY 1 a b", spare },
	{ "UID EXPUNGE 3000:3002", NULL },
	{ "UID EXPUNGE", space },
	{ "UID EXPUNGE 1 2", spare },
	{ "UID EXPUNGE 1,,2", number },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena mem = ARENA_EMPTY;
		struct cursor c;
		const struct command *row;
		const char *why = "unknown";

		cursor_open(&c, span_of(rows[i].text), &mem);
		row = command_find(&c);
		if (row) {
			if (row->parse)
				assert_non_null(row->parse(&c));
			take_end(&c);
			why = c.why;
		}
		if (why && !rows[i].why)
			fail_msg("%s: %s", rows[i].text, why);
		if (!why && rows[i].why)
			fail_msg("%s: taken", rows[i].text);
		if (why)
			assert_string_equal(why, rows[i].why);
		arena_free(&mem);
	}
}

/* Every row is found by its name, is told apart from longer ones, and is whole. */
static void
test_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		struct cursor c;

		cursor_open(&c, span_of(commands[i].name), NULL);
		assert_ptr_equal(command_find(&c), &commands[i]);
		assert_true(at_end(&c));
		assert_true(commands[i].states == 0 || commands[i].run);
		if (commands[i].flags & CHANGES)
			assert_int_equal(commands[i].states, IN_SELECTED);
		if (commands[i].flags & BY_UID)
			assert_memory_equal(commands[i].name, "UID ", 4);
	}
}

/* G08: 10,000 keywords are read without quadratic cost and left to the store to refuse. */
static void
test_G08_many_keywords(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct cursor c;

	(void)state;
	buf_str(&text, "APPEND a (k0");
	for (int i = 1; i < 9000; i++)
		buf_printf(&text, " k%d", i);
	buf_str(&text, ") {5}");
	cursor_open(&c, buf_view(&text), &mem);
	command_find(&c)->parse(&c);
	assert_true(cursor_ok(&c));
	buf_free(&text);
	arena_free(&mem);
}

static const struct {
	const char *args;
	bool        is_message;
} literals[] = {
	{ " a {5}", true },         { " {1}", false },           { " {1}\r\na {5}", true },
	{ " \"a b\" () {5}", true }, { " {1+}\r\na (x) {5+}", true }, { "{5}", true },
};

static void
test_which_literal_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++)
		if (append_literal_is_message(span_of(literals[i].args)) != literals[i].is_message)
			fail_msg("APPEND%s", literals[i].args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_G08_many_keywords),
		cmocka_unit_test(test_which_literal_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
