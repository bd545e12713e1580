/* test_greet.c - IMAP and POP3 before the login, in this process */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/base64.h"
#include "imapd/greet.h"
#include "pop3d/greet.h"
#include "tests/unit/greet_harness.h"

static const uint8_t fails[] = { VERDICT_FAILED };
static const uint8_t succeeds[] = { VERDICT_OK };
static const uint8_t goes_on[] = { VERDICT_CONTINUE, VERDICT_OK };
static const uint8_t is_away[] = { VERDICT_UNAVAILABLE };

/* bits of sasl_names.c's rows */
enum { PLAIN_AND_LOGIN = 3 << 10 };

static const struct greeter_facts open_facts = {
	.greets = true, .tls_is_offered = true, .plaintext_is_allowed = true, .has_plain = true,
	.has_login = true, .mechanisms = PLAIN_AND_LOGIN,
	.greeting = "linnet ready.",
};
static const struct greeter_facts closed_facts = {
	.greets = true, .tls_is_offered = true, .has_plain = true, .greeting = "linnet ready.",
	.mechanisms_with_tls = PLAIN_AND_LOGIN,
};

static struct greet_play *
run(void (*greet)(struct greeter *), const struct greeter_facts *facts, struct span input,
    size_t chunk, const uint8_t *verdict, size_t verdict_count)
{
	static struct greet_play p;

	memset(&p, 0, sizeof(p));
	p.greet = greet;
	p.facts = *facts;
	p.input = input;
	p.chunk = chunk;
	p.verdict = verdict;
	p.verdict_count = verdict_count;
	greet_play(&p);
	assert_false(p.broke_rules);
	assert_false(p.is_full);
	return &p;
}

/* What comes behind the greeting, for input given in any pieces. */
struct row {
	const char *input;
	size_t      len;     /* 0: strlen */
	const char *output;  /* behind the greeting's line */
};
#define ROW(input, output) { input, sizeof(input) - 1, output }

static void
check_rows(void (*greet)(struct greeter *), const struct row *rows, size_t count)
{
	static const size_t chunks[] = { 0, 1, 2, 7 };

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++) {
			struct greet_play *p = run(greet, &open_facts,
			                           span_make(rows[i].input, rows[i].len), chunks[k],
			                           fails, 1);
			const char *behind = strstr(p->output, "\r\n");

			assert_non_null(behind);
			assert_string_equal(behind + 2, rows[i].output);
		}
}

#define NO_LOGIN "BAD LOGIN takes a user name and a password.\r\n"

static const struct row imap_rows[] = {
	ROW("a LOGOUT\r\n", "* BYE Logging out\r\na OK Logout completed.\r\n"),
	ROW("a noop\n", "a OK NOOP completed.\r\n"),
	ROW("a LOGIN u p\r\n", "a NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
	ROW("a LOGIN \"u\\\"x\" \"p\\\\\"\r\n",
	"a NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
	ROW("a LOGIN u\r\n", "a " NO_LOGIN),
	ROW("a LOGIN u  p\r\n", "a " NO_LOGIN),
	ROW("a LOGIN u p q\r\n", "a " NO_LOGIN),
	ROW("a LOGIN \"u p\r\n", "a " NO_LOGIN),
	ROW("a LOGIN \"u\\x\" p\r\n", "a " NO_LOGIN),
	ROW("a LOGIN {1} {1} p\r\n", "a " NO_LOGIN),
	/* the bytes of a literal are wanted, whatever is in front of it */
	ROW("a LOGIN \"{1}\r\n", "+ OK\r\n"),
	ROW("a LOGIN {0}\r\n {0}\r\n\r\n",
	"+ OK\r\n+ OK\r\na NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
	ROW("a LOGIN {3}\r\nu\0x p\r\n", "+ OK\r\na " NO_LOGIN), /* P03 */
	ROW("a LOGIN \"u\0\" p\r\n", "* BAD A command begins with a tag.\r\n"), /* P01 */
	ROW("a APPEND x {9}\r\n", "a BAD Not before login.\r\n"),
	ROW("a APPEND x {9+}\r\n", "* BYE A literal that cannot be taken.\r\n"),
	ROW("a NOOP {9}\r\n", "a BAD This command takes no literal here.\r\n"),
	ROW("a LOGIN {18446744073709551616}\r\n", "a NO [TOOBIG] Literal too long.\r\n"), /* P09 */
	ROW("a LOGIN {+}\r\n", "* BYE A literal that cannot be taken.\r\n"),
	ROW("a AUTHENTICATE PLAIN\r\n*\r\n", "+ \r\na BAD Authentication aborted by client.\r\n"),
	ROW("a AUTHENTICATE PLAIN\r\nx?\r\n", "+ \r\na BAD Invalid base64 data.\r\n"),
	ROW("a AUTHENTICATE PLAIN \r\n",
	"a BAD AUTHENTICATE takes a mechanism and at most one base64 response.\r\n"),
	ROW("a AUTHENTICATE X\r\n", "a NO [CANNOT] Unsupported authentication mechanism.\r\n"),
	ROW("\x16\x03\x01", "* BAD This is an IMAP server.\r\n"), /* P17 */
};

static void
test_imap_rows(void **state)
{
	(void)state;
	check_rows(imap_greet, imap_rows, sizeof(imap_rows) / sizeof(imap_rows[0]));
}

static const struct row pop3_rows[] = {
	ROW("QUIT\r\n", "+OK Logging out\r\n"),
	ROW("USER u\r\nPASS p\r\n", "+OK\r\n-ERR [AUTH] Authentication failed.\r\n"),
	ROW("USER u\r\nPASS \r\n", "+OK\r\n-ERR [AUTH] Authentication failed.\r\n"),
	ROW("PASS p\r\n", "-ERR USER comes first.\r\n"),
	ROW("USER\r\n", "-ERR This command takes an argument.\r\n"),
	ROW("QUIT x\r\n", "-ERR This command takes no argument.\r\n"), /* P16 */
	ROW("STAT\r\n", "-ERR Not before login.\r\n"),
	ROW("USER a\0b\r\n", "-ERR A command has no NUL in it.\r\n"), /* P04 */
	ROW("AUTH\r\n", "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n"),
	ROW("AUTH PLAIN *\r\n", "-ERR Invalid base64 data.\r\n"),
	ROW("AUTH PLAIN\r\n*\r\n", "+ \r\n-ERR Authentication aborted by client.\r\n"),
	ROW("GET / HTTP/1.0\r\n", "-ERR This is a POP3 server.\r\n"),
};

static void
test_pop3_rows(void **state)
{
	(void)state;
	check_rows(pop3_greet, pop3_rows, sizeof(pop3_rows) / sizeof(pop3_rows[0]));
}

static void
test_greetings(void **state)
{
	static const struct {
		const struct greeter_facts *facts;
		const char                 *imap;
	} rows[] = {
		{ &open_facts, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID "
		  "ENABLE IDLE STARTTLS "
		               "AUTH=PLAIN AUTH=LOGIN] linnet ready.\r\n" },
		{ &closed_facts, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID "
		  "ENABLE IDLE STARTTLS "
		                 "LOGINDISABLED] linnet ready.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(
			run(imap_greet, rows[i].facts, span_make("", 0), 0, fails, 1)->output,
			rows[i].imap);
		assert_string_equal(
			run(pop3_greet, rows[i].facts, span_make("", 0), 0, fails, 1)->output,
			"+OK linnet ready.\r\n");
	}
}

/*
 * T08: nothing of a password goes anywhere where it may not be used; a literal
 * with it is not even asked for.
 */
static void
test_plaintext_is_refused_before_it_is_read(void **state)
{
	static const char *const inputs[] = { "a LOGIN u p\r\n", "a LOGIN {1}\r\n",
		                              "a AUTHENTICATE PLAIN\r\n",
		                              "a AUTHENTICATE PLAIN AHUAcA==\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		struct greet_play *p = run(imap_greet, &closed_facts, span_of(inputs[i]), 0,
		                           succeeds, 1);

		assert_int_equal(p->asked, 0);
		assert_non_null(strstr(p->output, "* BAD [ALERT] Plaintext"));
		assert_non_null(strstr(p->output, "a NO [PRIVACYREQUIRED] "));
		assert_null(strstr(p->output, "+ OK"));
	}
	assert_int_equal(
		run(pop3_greet, &closed_facts, span_of("USER u\r\nPASS p\r\n"), 0, succeeds, 1)
			->asked,
		0);
}

static void
test_login_is_plain_for_authd(void **state)
{
	struct greet_play *p = run(imap_greet, &open_facts,
	                           span_of("tag LOGIN u@d \"p w\"\r\nb NOOP\r\n"), 0, succeeds, 1);
	char raw[64];
	size_t len;

	(void)state;
	assert_string_equal(p->auth_name, "PLAIN");
	assert_string_equal(p->auth_user, "u@d");
	assert_true(base64_decode(span_of(p->auth_data), raw, &len));
	assert_int_equal(len, 8);
	assert_memory_equal(raw, "\0u@d\0p w", 8);
	assert_int_equal(p->last.kind, GREETER_GIVE_BACK);
	assert_true(span_is(greeter_message_name(&p->last), "tag"));
	assert_true(span_is(greeter_message_data(&p->last), "b NOOP\r\n"));
	assert_null(strstr(p->output, "tag OK")); /* the session answers */
}

static void
test_exchange_with_challenges(void **state)
{
	struct greet_play *p = run(imap_greet, &open_facts,
	                           span_of("a AUTHENTICATE LOGIN\r\ndQ==\r\nrest"), 0, goes_on, 2);

	(void)state;
	assert_int_equal(p->asked, 2);
	assert_string_equal(p->auth_user, "u");
	assert_non_null(strstr(p->output, "+ VXNlcm5hbWU6\r\n"));
	assert_true(span_is(greeter_message_data(&p->last), "rest"));
	assert_true(run(imap_greet, &open_facts, span_of("a AUTHENTICATE LOGIN =\r\n"), 0, fails, 1)
	                    ->auth_has_data);
	assert_false(run(imap_greet, &open_facts, span_of("a AUTHENTICATE LOGIN\r\n"), 0, fails, 1)
	                     ->auth_has_data);
}

static void
test_unavailable(void **state)
{
	(void)state;
	assert_non_null(strstr(
		run(imap_greet, &open_facts, span_of("a LOGIN u p\r\n"), 0, is_away, 1)->output,
		"a NO [UNAVAILABLE] Temporary authentication failure.\r\n"));
	assert_non_null(
		strstr(run(pop3_greet, &open_facts, span_of("USER u\r\nPASS p\r\n"), 0, is_away, 1)
	                       ->output,
	               "-ERR [SYS/TEMP] Temporary authentication failure.\r\n"));
}

/* T01: what came behind STARTTLS is with this process, and goes with it. */
static void
test_starttls_gives_nothing_back(void **state)
{
	struct greet_play *p = run(imap_greet, &open_facts,
	                           span_of("a STARTTLS\r\nb LOGIN u p\r\n"), 0, succeeds, 1);

	(void)state;
	assert_int_equal(p->last.kind, GREETER_STARTTLS);
	assert_int_equal(p->asked, 0);
	assert_int_equal(p->packets, 1);
}

/* Limits, each from below and above. */
static void
test_line_limits(void **state)
{
	static char line[LIMIT_GREETER_SASL_LINE + 64];
	struct greet_play *p;

	(void)state;
	memset(line, 'A', sizeof(line));
	line[LIMIT_GREETER_LINE] = '\n';
	p = run(imap_greet, &open_facts, span_make(line, LIMIT_GREETER_LINE + 1), 0, fails, 1);
	assert_non_null(strstr(p->output, "* BAD "));
	p = run(imap_greet, &open_facts, span_make(line, LIMIT_GREETER_LINE), 0, fails, 1);
	assert_null(strstr(p->output, "* BAD "));
	line[LIMIT_GREETER_LINE] = 'A';
	p = run(imap_greet, &open_facts, span_make(line, LIMIT_GREETER_LINE + 1), 0, fails, 1);
	assert_non_null(strstr(p->output, "* BYE Command line too long."));
	memcpy(line, "a AUTHENTICATE PLAIN ", 21);
	line[LIMIT_GREETER_SASL_LINE] = '\n';
	p = run(imap_greet, &open_facts, span_make(line, LIMIT_GREETER_SASL_LINE + 1), 0, fails, 1);
	assert_int_equal(p->asked, 1);
	line[LIMIT_GREETER_SASL_LINE] = 'A';
	p = run(imap_greet, &open_facts, span_make(line, LIMIT_GREETER_SASL_LINE + 1), 0, fails, 1);
	assert_int_equal(p->asked, 0);
	assert_non_null(strstr(p->output, "* BYE "));
}

/* Twenty commands, three that are none, three refusals. */
static void
test_count_limits(void **state)
{
	char many[64 * 16] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(many, "a NOOP\r\n");
	struct greet_play *p = run(imap_greet, &open_facts, span_of(many), 0, fails, 1);
	assert_non_null(strstr(p->output, "* BYE Too many commands before login."));
	p = run(imap_greet, &open_facts, span_of("a X\r\na X\r\na X\r\na NOOP\r\n"), 0, fails, 1);
	assert_null(strstr(p->output, "NOOP"));
	p = run(imap_greet, &open_facts,
	        span_of("a LOGIN u p\r\na LOGIN u p\r\na LOGIN u p\r\na LOGIN u p\r\n"), 0, fails,
	        1);
	assert_int_equal(p->asked, LIMIT_GREETER_FAILURES);
}

/* Every bracket of the grammar, in any number (P10, P11). */
static void
test_brackets(void **state)
{
	static const char brackets[] = "()[]{}<>\"\\";
	static const char *const commands[] = { "a NOOP ", "a ID ", "a LOGIN ", "a AUTHENTICATE ",
		                                "" };
	static char line[6000];

	(void)state;
	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++)
		for (size_t i = 0; i < sizeof(brackets) - 1; i++)
			for (size_t k = 0; k < sizeof(brackets) - 1; k++) {
				size_t n = strlen(commands[c]);
				struct greet_play *p;

				memcpy(line, commands[c], n);
				for (; n < sizeof(line) - 1; n++)
					line[n] = n % 2 ? brackets[i] : brackets[k];
				line[n++] = '\n';
				p = run(imap_greet, &open_facts, span_make(line, n), 0, fails, 1);
				assert_true(strstr(p->output, " BAD ") ||
				            strstr(p->output, " NO [CANNOT] "));
				assert_int_equal(p->asked, 0);
			}
}

static void
test_proxy_header_then_greeting(void **state)
{
	static struct greet_play p;
	struct proxy_header header;

	(void)state;
	memset(&p, 0, sizeof(p));
	p.greet = imap_greet;
	p.facts = open_facts;
	p.expects_proxy = true;
	p.input = span_of("PROXY TCP4 192.0.2.7 198.51.100.1 40000 143\r\na LOGOUT\r\n");
	greet_play(&p);
	assert_false(p.broke_rules);
	assert_int_equal(p.packets, 2); /* PROXY, END */
	assert_non_null(strstr(p.output, "a OK Logout completed."));
	assert_true(proxy_parse(span_of("PROXY TCP4 192.0.2.7 198.51.100.1 40000 143\r\n"), &header,
	                        &(size_t){ 0 }) == PROXY_WHOLE);
	assert_memory_equal(header.remote + 10, "\xff\xff\xc0\x00\x02\x07", 6);
	assert_int_equal(header.remote_port, 40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imap_rows),
		cmocka_unit_test(test_pop3_rows),
		cmocka_unit_test(test_greetings),
		cmocka_unit_test(test_plaintext_is_refused_before_it_is_read),
		cmocka_unit_test(test_login_is_plain_for_authd),
		cmocka_unit_test(test_exchange_with_challenges),
		cmocka_unit_test(test_unavailable),
		cmocka_unit_test(test_starttls_gives_nothing_back),
		cmocka_unit_test(test_line_limits),
		cmocka_unit_test(test_count_limits),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_proxy_header_then_greeting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
