/* test_auth_protocol.c - Dovecot's authentication protocol, both ways, and messages to workers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/check.h"
#include "authd/protocol.h"

static const struct command_row {
	const char *line;
	const char *why; /* NULL: good */
	enum protocol_kind kind;
	uint32_t number;
	const char *response; /* NULL: none */
	const char *remote_ip, *session;
} rows[] = {
	{ "VERSION\t1\t2", NULL, PROTOCOL_VERSION, 1, NULL, NULL, NULL },
	{ "CPID\t77", NULL, PROTOCOL_CPID, 77, NULL, NULL, NULL },
	{ "AUTH\t1\tPLAIN\tservice=smtp\tnologin\tlip=10.0.0.1\trip=192.0.2.9\tsecured\tresp=AAAA",
	  NULL, PROTOCOL_AUTH, 1,
	  "AAAA", "192.0.2.9", NULL },
	{ "AUTH\t2\tPLAIN\tservice=imap\tresp=", NULL, PROTOCOL_AUTH, 2, "", NULL, NULL },
	{ "AUTH\t3\tLOGIN\tservice=imap\trip=::1\tsession=abc/+", NULL, PROTOCOL_AUTH, 3, NULL,
	  "::1", "abc/+" },
	{ "AUTH\t3\tLOGIN\tservice=imap\trip=not-an-address\tsession=a b", NULL, PROTOCOL_AUTH, 3,
	  NULL, NULL, NULL },
	{ "AUTH\t3\tLOGIN\tservice=imap\tsession=a>): unknown user", NULL, PROTOCOL_AUTH, 3, NULL,
	  NULL, NULL },
	{ "AUTH\t3\tLOGIN", "AUTH without service=", 0, 0, NULL, NULL, NULL },
	{ "AUTH\t3\tLOGIN\tservice=", "AUTH without service=", 0, 0, NULL, NULL, NULL },
	{ "AUTH\t3", "AUTH without a mechanism", 0, 0, NULL, NULL, NULL },
	{ "AUTH\t3\t\tservice=x", "AUTH without a mechanism", 0, 0, NULL, NULL, NULL },
	{ "AUTH\tx\tPLAIN\tservice=x", "a command without its number", 0, 0, NULL, NULL, NULL },
	{ "AUTH\t4294967296\tPLAIN\tservice=x", "a command without its number", 0, 0, NULL, NULL,
	  NULL },
	{ "AUTH\t-1\tPLAIN\tservice=x", "a command without its number", 0, 0, NULL, NULL, NULL },
	{ "CONT\t7\tYWJj", NULL, PROTOCOL_CONT, 7, "YWJj", NULL, NULL },
	{ "CONT\t7", NULL, PROTOCOL_CONT, 7, "", NULL, NULL },
	{ "CANCEL\t7", NULL, PROTOCOL_CANCEL, 7, NULL, NULL, NULL },
	{ "USER\t7\tx", "an unknown command", 0, 0, NULL, NULL, NULL },
	{ "auth\t3\tPLAIN\tservice=x", "an unknown command", 0, 0, NULL, NULL, NULL },
	{ "", "a line that is no command", 0, 0, NULL, NULL, NULL },
	{ "QUIT", "a line that is no command", 0, 0, NULL, NULL, NULL },
};

static void
assert_span(struct span s, const char *wanted)
{
	if (!wanted)
		assert_null(s.at);
	else
		assert_true(span_is(s, wanted));
}

static void
test_commands_A29(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].line);
		char *line = malloc(len + 1);
		struct protocol_command c;
		const char *why;

		memcpy(line, rows[i].line, len);
		why = protocol_parse(line, len, &c);
		if (rows[i].why) {
			assert_non_null(why);
			assert_string_equal(why, rows[i].why);
		} else {
			assert_null(why);
			assert_int_equal(c.kind, rows[i].kind);
			assert_int_equal(c.number, rows[i].number);
			assert_span(c.response, rows[i].response);
			assert_span(c.remote_ip, rows[i].remote_ip);
			assert_span(c.session, rows[i].session);
		}
		free(line);
	}
}

static void
test_replies(void **state)
{
	const struct span fields[] = { { "quota_rule=*:storage=1G", 23 } };
	const struct protocol_user user = { .uid = 5000,
		                            .gid = 5001,
		                            .home = { "/home/x", 7 },
		                            .field = fields,
		                            .field_count = 1 };
	struct buf out = BUF_EMPTY;

	(void)state;
	protocol_put_ok(&out, 1, span_of("a@b"), &user);
	protocol_put_ok(&out, 2, span_of("a\tuid=0"), NULL);
	protocol_put_cont(&out, 3, span_of("Username:"));
	protocol_put_cont(&out, 4, span_of(""));
	protocol_put_fail(&out, 5, span_of("a@b"), FAILURE_WRONG, SPAN_NONE);
	protocol_put_fail(&out, 6, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
	protocol_put_fail(&out, 7, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
	protocol_put_fail(&out, 8, SPAN_NONE, FAILURE_REFUSED, span_of("not\ntoday"));
	assert_string_equal(out.data, "OK\t1\tuser=a@b\tuid=5000\tgid=5001\thome=/home/x"
	                              "\tquota_rule=*:storage=1G\n"
	                              "OK\t2\tuser=a\001tuid=0\n"
	                              "CONT\t3\tVXNlcm5hbWU6\n"
	                              "CONT\t4\t\n"
	                              "FAIL\t5\tuser=a@b\n"
	                              "FAIL\t6\ttemp\tcode=temp_fail\n"
	                              "FAIL\t7\tauthz\n"
	                              "FAIL\t8\treason=not\001ntoday\n");
	buf_free(&out);
}

static void
test_greeting(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	protocol_put_greeting(&out, "login plain digest-md5", true, 9, "0123");
	assert_non_null(strstr(
		out.data, "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t"));
	assert_non_null(strstr(out.data, "\nCUID\t9\nCOOKIE\t0123\nDONE\n"));
	assert_null(strstr(out.data, "DIGEST"));
	buf_free(&out);
}

static void
test_worker_messages(void **state)
{
	const struct check question = { .user = span_make("a\tb", 3),
		                        .secret = span_make("p\0\n\001", 4),
		                        .mechanism = span_of("PLAIN"),
		                        .service = span_of("imap"),
		                        .remote_ip = span_of("192.0.2.1"),
		                        .local_ip = span_of(""),
		                        .wants_user = span_of("yes") };
	const struct check_result answer = { .verdict = CHECK_REFUSED, .user = span_of("u"),
		                             .uid = 5000, .gid = 5001, .reason = span_of("no"),
		                             .driver = span_of("sql"), .line = span_of("x\ty"),
		                             .field = { span_of("quota_rule=*:storage=1G"),
		                                        span_of("line=no\tline") },
		                             .field_count = 2 };
	struct check_result result;
	struct check check;
	struct buf out = BUF_EMPTY;

	(void)state;
	check_pack(&question, &out);
	assert_true(check_unpack(out.data, out.len, &check));
	assert_true(span_equal(check.secret, question.secret));
	assert_true(span_equal(check.user, question.user));
	assert_true(span_is(check.wants_user, "yes"));
	assert_null(check.authzid.at);
	assert_int_equal(check.local_ip.len, 0);
	buf_reset(&out);
	check_result_pack(&answer, &out);
	assert_true(check_result_unpack(out.data, out.len, &result));
	assert_int_equal(result.verdict, CHECK_REFUSED);
	assert_int_equal(result.gid, 5001);
	assert_true(span_is(result.line, "x\ty"));
	assert_null(result.trouble.at);
	assert_int_equal(result.field_count, 2);
	assert_true(span_is(result.field[1], "line=no\tline")); /* a column is no word of ours */
	buf_free(&out);
	assert_false(check_result_unpack((char[]){ "WHAT\t1\t2" }, 8, &result));
	assert_false(check_result_unpack((char[]){ "OK\t1" }, 4, &result));
	assert_false(check_unpack((char[]){ "CHECK\ta" }, 7, &check));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_A29),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_worker_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
