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
	{ "SELECT INBOX x", "expected (" },
	{ "SELECT a*", spare },
	{ "SELECT \"a", "expected \"" },
	{ "EXAMINE INBOX", NULL },

	/* SELECT's parameters: RFC 7162 s.7, G17 */
	{ "SELECT INBOX (CONDSTORE)", NULL },
	{ "EXAMINE INBOX (condstore QRESYNC (67890007 20050715194045000))", NULL },
	{ "SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))", NULL },
	{ "SELECT INBOX (QRESYNC (67890007 90060115194045000 1:29997 (5000,7500,9000,9990:9999 "
	  "15000,22500,27000,29970,29973,29976,29979,29982,29985,29988,29991,29994,29997)))",
	  NULL },
	{ "SELECT INBOX (QRESYNC (1 0 (1:3 4:6)))", NULL },
	{ "SELECT INBOX ()", "expected CONDSTORE or QRESYNC" },
	{ "SELECT INBOX (X)", "expected CONDSTORE or QRESYNC" },
	{ "SELECT INBOX (CONDSTORE CONDSTORE)", "a SELECT parameter is there twice" },
	{ "SELECT INBOX (QRESYNC)", space },
	{ "SELECT INBOX (QRESYNC (1))", space },
	{ "SELECT INBOX (QRESYNC (0 1))", "expected a number above zero" },
	{ "SELECT INBOX (QRESYNC (0 0 1:* (1 1)))", "expected a number above zero" },
	{ "SELECT INBOX (QRESYNC (1 9223372036854775807))", NULL },
	{ "SELECT INBOX (QRESYNC (1 9223372036854775808))", "expected a number" },
	{ "SELECT INBOX (QRESYNC (1 2 1:*))", "* and $ are not allowed among known numbers" },
	{ "SELECT INBOX (QRESYNC (1 2 $))", "* and $ are not allowed among known numbers" },
	{ "SELECT INBOX (QRESYNC (1 2 1:9 (1:2 3)))", "expected as many UIDs as message numbers" },
	{ "SELECT INBOX (QRESYNC (1 2 1:9 (1 2) 3))", "expected )" },
	{ "SELECT INBOX (QRESYNC (1 2 ))", number },
	{ "SELECT INBOX (QRESYNC (1 2)", "expected )" },
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
	{ "LIST (RECURSIVEMATCH) \"\" *", "RECURSIVEMATCH needs another selection option" },
	{ "LIST (REMOTE RECURSIVEMATCH) \"\" *", "RECURSIVEMATCH needs another selection option" },
	{ "LIST (RECURSIVEMATCH SPECIAL-USE) \"\" *", NULL },
	{ "LIST (STATUS (MESSAGES)) \"\" *", "no such LIST option" },
	{ "LIST \"\" * RETURN (STATUS (MESSAGES UNSEEN) CHILDREN)", NULL },
	{ "LIST \"\" * RETURN (STATUS)", "expected a space and another argument" },
	{ "LIST \"\" * RETURN (STATUS ())", "expected a word" },
	{ "CREATE a (USE (\\Drafts \\Sent))", NULL },
	{ "CREATE a (USE ())", NULL },
	{ "CREATE a (USE (Drafts))", "unexpected character" },
	{ "CREATE a (BACKWARD)", "no such CREATE parameter" },
	{ "COMPRESS DEFLATE", NULL },
	{ "COMPRESS GZIP", "DEFLATE is the only compression" },
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
	/* CATENATE: RFC 4469 s.5; literal8: RFC 3516 s.7; UTF8: RFC 6855 s.4 */
	{ "APPEND Drafts (\\Seen) CATENATE (TEXT {42}", NULL },
	{ "APPEND Drafts CATENATE (URL \"/Drafts/;UID=1\" TEXT {42+}", NULL },
	{ "APPEND Drafts \"17-Jul-1996 02:44:25 -0700\" catenate (url /a/;UID=1 url /b/;UID=2)",
	  NULL },
	{ "APPEND Drafts CATENATE (URL {9}\r\n/a/;UID=1)", NULL },
	{ "APPEND a ~{5}", NULL },
	{ "APPEND a UTF8 (~{5+}", NULL },
	{ "APPEND a CATENATE (UTF8 (~{5}", NULL },
	{ "APPEND a CATENATE ()", "expected TEXT, URL or UTF8" },
	{ "APPEND a CATENATE (X {5}", "expected TEXT, URL or UTF8" },
	{ "APPEND a CATENATE {5}", "expected (" },
	{ "APPEND a CATENATE (TEXT ~{5}", NULL },
	{ "APPEND a CATENATE (TEXT \"x\")", "expected a message literal" },
	{ "APPEND a CATENATE (URL x", space },
	{ "APPEND a CATENATE (URL x)x", space },
	{ "APPEND a CATENATE (URL x) (\\Seen) {5}", NULL },
	{ "APPEND a UTF8 ({5}", "expected a literal like ~{10}" },
	{ "APPEND a UTF8 ~{5}", "expected (" },

	/* REPLACE: RFC 8508 s.5, G20 */
	{ "REPLACE 4 Drafts (\\Seen \\Draft) {312}", NULL },
	{ "UID REPLACE 2000 Drafts (\\Seen \\Draft) {350}", NULL },
	{ "UID REPLACE 3002 Drafts CATENATE (TEXT {71}", NULL },
	{ "REPLACE * {1}\r\na {5+}", NULL },
	{ "REPLACE 4 a CATENATE (URL x) {5}", spare },
	{ "REPLACE 0 a {5}", number },
	{ "REPLACE 1:2 a {5}", "expected one message number or *" },
	{ "REPLACE 1,2 a {5}", "expected one message number or *" },
	{ "REPLACE 1:* a {5}", "expected one message number or *" },
	{ "REPLACE $ a {5}", "expected one message number or *" },
	{ "REPLACE 4294967296 a {5}", number },
	{ "REPLACE 1 a", space },
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

	/* UNCHANGEDSINCE: RFC 7162 s.3.1.3 */
	{ "UID STORE 6,4,8 (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Deleted)", NULL },
	{ "STORE 12 (unchangedsince 0) +FLAGS.SILENT ($MDNSent)", NULL },
	{ "STORE 1 () FLAGS (a)", "expected UNCHANGEDSINCE" },
	{ "STORE 1 (UNCHANGEDSINCE) FLAGS (a)", space },
	{ "STORE 1 (UNCHANGEDSINCE x) FLAGS (a)", "expected a number" },
	{ "STORE 1 (UNCHANGEDSINCE -1) FLAGS (a)", "expected a number" },
	{ "STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS (a)", "expected )" },
	{ "STORE 1 (UNCHANGEDSINCE 1)", space },

	/* CHANGEDSINCE and VANISHED: RFC 7162 s.3.1.4.1, s.3.2.6 */
	{ "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)", NULL },
	{ "UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)", NULL },
	{ "UID FETCH 300:500 FAST (vanished changedsince 12345)", NULL },
	{ "FETCH 1:3 (MODSEQ)", NULL },
	{ "FETCH 1 FLAGS ()", "there is no FETCH modifier of this name" },
	{ "FETCH 1 FLAGS (NEVER 1)", "there is no FETCH modifier of this name" },
	{ "UID FETCH 1 FLAGS (VANISHED)", "VANISHED goes together with CHANGEDSINCE only" },
	{ "UID FETCH 1 FLAGS (CHANGEDSINCE)", space },
	{ "UID FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", "a FETCH modifier is there twice" },
	{ "UID FETCH 1 FLAGS (CHANGEDSINCE 1) x", spare },

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
	unsigned    words;
	bool        is_message;
} literals[] = {
	{ " a {5}", 0, true },
	{ " {1}", 0, false },
	{ " {1}\r\na {5}", 0, true },
	{ " \"a b\" () {5}", 0, true },
	{ " {1+}\r\na (x) {5+}", 0, true },
	{ " a ~{5}", 0, true },
	{ " a UTF8 (~{5+}", 0, true },
	{ " a CATENATE (TEXT {5}", 0, true },
	{ " a CATENATE (URL {5}", 0, false },
	{ " a CATENATE (URL x TEXT {5}", 0, true },
	{ " a CATENATE (URL x url {5+}", 0, false },
	{ " 4 {1}", 1, false }, /* REPLACE */
	{ " 4 a {1}", 1, true },
	{ " 4 {1}\r\na {1}", 1, true },
	{ "{5}", 0, false },
};

static void
test_which_literal_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++)
		if (append_literal_is_message(span_of(literals[i].args), literals[i].words) !=
		    literals[i].is_message)
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
