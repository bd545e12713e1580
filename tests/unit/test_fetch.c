/* test_fetch.c - FETCH: its grammar, and every item's answer by the letter */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "tests/unit/fetch_mailbox.h"
#include "tests/unit/mime_support.h"

static const struct fetch_grammar grammar[] = {
	{ " 1 ALL", NULL },
	{ " 1:* full", NULL },
	{ " 1 FLAGS", NULL },
	{ " 1 (FLAGS UID)", NULL },
	{ " 1 BODY", NULL },
	{ " 1 BODY[]", NULL },
	{ " 1 body.peek[header.fields (a \"b\" {1}\r\nc)]<0.1>", NULL },
	{ " 1 BODY[1.2.3.MIME]", NULL },
	{ " 1 BODY[1.HEADER.FIELDS.NOT (x)]", NULL },
	{ " 1 (RFC822 RFC822.SIZE RFC822.HEADER RFC822.TEXT)", NULL },
	{ " 1 BODY[]<9223372036854775807.9223372036854775807>", NULL },
	{ " 1 ()", "there is no FETCH item of this name" },
	{ " 1 (ALL)", "there is no FETCH item of this name" },
	{ " 1 FLAG", "there is no FETCH item of this name" },
	{ " 1 FLAGSX", "there is no FETCH item of this name" },
	{ " 1 BODY.PEEK", "there is no FETCH item of this name" },
	{ " 1 RFC822.PEEK", "there is no FETCH item of this name" },
	{ " 1 (FLAGS", "expected )" },
	{ " 1 (FLAGS  UID)", "there is no FETCH item of this name" },
	{ " 1 FLAGS UID", "expected (" },
	{ " 1 BODY[MIME]",
	  "expected HEADER, HEADER.FIELDS, TEXT or a part's number within BODY[]" },
	{ " 1 BODY[HEADERS]",
	  "expected HEADER, HEADER.FIELDS, TEXT or a part's number within BODY[]" },
	{ " 1 BODY[1.]", "expected HEADER, HEADER.FIELDS, TEXT or a part's number within BODY[]" },
	{ " 1 BODY[0]", "expected a number above zero" },
	{ " 1 BODY[1.0]", "expected a number above zero" },
	{ " 1 BODY[HEADER.FIELDS]", "expected a space and another argument" },
	{ " 1 BODY[HEADER.FIELDS ()]", "expected a word or a string" },
	{ " 1 BODY[TEXT", "expected ]" },
	/* G04 */
	{ " 1 BODY[4294967296]", "expected a number above zero" },
	{ " 1 BODY[]<18446744073709551615.2>", "expected a number" },
	{ " 1 BODY[]<0.9223372036854775808>", "expected a number" },
	{ " 1 BODY[]<0.0>", "expected a number above zero" },
	{ " 1 BODY[]<1>", "expected ." },
	{ " 1 BODY[]<.1>", "expected a number" },
	{ " 1 BODY[]<-1.1>", "expected a number" },
	{ " 1 RFC822<0.1>", "there is no FETCH item of this name" },
};

static void
test_grammar(void **state)
{
	(void)state;
	fetch_grammar_check(grammar, sizeof(grammar) / sizeof(grammar[0]));
}

static void
test_G03_a_hundred_thousand_items(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf line = BUF_EMPTY;
	struct cursor c;

	(void)state;
	buf_str(&line, " 1 (FLAGS");
	for (int i = 0; i < 100000; i++)
		buf_str(&line, " FLAGS");
	buf_str(&line, ")");
	cursor_open(&c, buf_view(&line), &mem);
	parse_fetch(&c);
	assert_string_equal(c.why, "too many arguments");
	buf_free(&line);
	arena_free(&mem);
}

static const char simple[] = "From: Ann <ann@x.test>\nSubject: hi\n\nline one\nline two\n";
#define SIMPLE_HEADER "From: Ann <ann@x.test>\r\nSubject: hi\r\n\r\n"
#define SIMPLE_TEXT   "line one\r\nline two\r\n"

/* RFC 3501 s.6.4.5's example of part numbers, small. */
static const char parts[] =
	"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
	"--o\r\n\r\nplain\r\n"
	"--o\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: inner\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
	"--i\r\n\r\na\r\n--i\r\nContent-Type: text/html\r\n\r\n<b>\r\n--i--\r\n"
	"\r\n--o--\r\n";

static const struct fetch_sample samples[] = {
	{ simple, 0, 0, 0 },
	{ parts, 0, 0, FLAG_SEEN },
	{ "a: b\0c\n\n\0\n", 10, 0, FLAG_SEEN },
	{ "", 0, 0, FLAG_SEEN },
	{ NULL, 0, 0, 0 },
	{ simple, 0, 6288, FLAG_SEEN }, /* M23 */
};
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static const struct {
	const char *arguments;
	bool        by_uid;
	const char *answer;
} answers[] = {
	{ " 1 FLAGS", false, "* 1 FETCH (FLAGS ())\r\n" },
	{ " 1 (FLAGS FLAGS)", false, "* 1 FETCH (FLAGS ())\r\n" },
	{ " 2 FLAGS", false, "* 2 FETCH (FLAGS (\\Seen))\r\n" },
	{ " 20 FLAGS", true, "* 2 FETCH (UID 20 FLAGS (\\Seen))\r\n" },
	{ " 20 (FLAGS UID)", true, "* 2 FETCH (FLAGS (\\Seen) UID 20)\r\n" },
	{ " 15,99 FLAGS", true, "" },
	{ " 1 INTERNALDATE", false, "* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 +0000\")\r\n" },
	{ " 1 FAST", false,
	  "* 1 FETCH (FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 +0000\" RFC822.SIZE 59)\r\n" },
	{ " 1 RFC822.HEADER", false, "* 1 FETCH (RFC822.HEADER {39}\r\n" SIMPLE_HEADER ")\r\n" },
	{ " 1 BODY.PEEK[]", false, "* 1 FETCH (BODY[] {59}\r\n" SIMPLE_HEADER SIMPLE_TEXT ")\r\n" },
	{ " 1 BODY.PEEK[TEXT]", false, "* 1 FETCH (BODY[TEXT] {20}\r\n" SIMPLE_TEXT ")\r\n" },
	{ " 1 BODY.PEEK[1]", false, "* 1 FETCH (BODY[1] {20}\r\n" SIMPLE_TEXT ")\r\n" },
	{ " 1 BODY.PEEK[HEADER.FIELDS (SUBJECT To)]", false,
	  "* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT To)] {15}\r\nSubject: hi\r\n\r\n)\r\n" },
	{ " 1 BODY.PEEK[HEADER.FIELDS.NOT (subject)]", false,
	  "* 1 FETCH (BODY[HEADER.FIELDS.NOT (subject)] {26}\r\nFrom: Ann "
	  "<ann@x.test>\r\n\r\n)\r\n" },
	/* partials count octets of the CRLF form */
	{ " 1 BODY.PEEK[TEXT]<8.4>", false, "* 1 FETCH (BODY[TEXT]<8> {4}\r\n\r\nli)\r\n" },
	{ " 1 BODY.PEEK[TEXT]<9.2>", false, "* 1 FETCH (BODY[TEXT]<9> {2}\r\n\nl)\r\n" },
	{ " 1 BODY.PEEK[]<57.9999>", false, "* 1 FETCH (BODY[]<57> {2}\r\n\r\n)\r\n" },
	{ " 1 BODY.PEEK[HEADER]<37.3>", false, "* 1 FETCH (BODY[HEADER]<37> {2}\r\n\r\n)\r\n" },
	{ " 1 BODY.PEEK[HEADER.FIELDS (subject)]<9.2>", false,
	  "* 1 FETCH (BODY[HEADER.FIELDS (subject)]<9> {2}\r\nhi)\r\n" },
	/* G04 */
	{ " 1 BODY.PEEK[]<4294967295.1>", false, "* 1 FETCH (BODY[]<4294967295> \"\")\r\n" },
	{ " 1 BODY.PEEK[]<58.4294967295>", false, "* 1 FETCH (BODY[]<58> {1}\r\n\n)\r\n" },
	{ " 1 BODY.PEEK[]<9223372036854775807.9223372036854775807>", false,
	  "* 1 FETCH (BODY[]<9223372036854775807> \"\")\r\n" },
	{ " 1 BODY.PEEK[4294967295]", false, "* 1 FETCH (BODY[4294967295] NIL)\r\n" },

	/* parts */
	{ " 2 BODY[1]", false, "* 2 FETCH (BODY[1] {5}\r\nplain)\r\n" },
	{ " 2 BODY[1.MIME]", false, "* 2 FETCH (BODY[1.MIME] {2}\r\n\r\n)\r\n" },
	{ " 2 BODY[2.MIME]", false,
	  "* 2 FETCH (BODY[2.MIME] {32}\r\nContent-Type: message/rfc822\r\n\r\n)\r\n" },
	{ " 2 BODY[2.HEADER]", false,
	  "* 2 FETCH (BODY[2.HEADER] {67}\r\nSubject: inner\r\nContent-Type: "
	  "multipart/alternative; boundary=i\r\n\r\n)\r\n" },
	{ " 2 BODY[2.TEXT]", false,
	  "* 2 FETCH (BODY[2.TEXT] {54}\r\n--i\r\n\r\na\r\n--i\r\nContent-Type: "
	  "text/html\r\n\r\n<b>\r\n--i--\r\n)\r\n" },
	{ " 2 BODY[2.HEADER.FIELDS (SUBJECT)]", false,
	  "* 2 FETCH (BODY[2.HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: inner\r\n\r\n)\r\n" },
	{ " 2 BODY[2.1]", false, "* 2 FETCH (BODY[2.1] {1}\r\na)\r\n" },
	{ " 2 BODY[2.2.MIME]", false,
	  "* 2 FETCH (BODY[2.2.MIME] {27}\r\nContent-Type: text/html\r\n\r\n)\r\n" },
	{ " 2 BODY[2.HEADER]<15.2>", false, "* 2 FETCH (BODY[2.HEADER]<15> {2}\r\n\nC)\r\n" },
	{ " 2 BODY[2.HEADER]<14.2>", false, "* 2 FETCH (BODY[2.HEADER]<14> {2}\r\n\r\n)\r\n" },
	{ " 2 BODY[2.2]<1.1>", false, "* 2 FETCH (BODY[2.2]<1> {1}\r\nb)\r\n" },
	{ " 2 (BODY[1.TEXT] BODY[2.3] BODY[1.1] BODY[3] BODY[1.HEADER])", false,
	  "* 2 FETCH (BODY[1.TEXT] NIL BODY[2.3] NIL BODY[1.1] NIL BODY[3] NIL BODY[1.HEADER] "
	  "NIL)\r\n" },
	{ " 2 BODY", false,
	  "* 2 FETCH (BODY ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 "
	  "0)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" "
	  "121 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) ((\"text\" \"plain\" (\"charset\" "
	  "\"us-ascii\") NIL NIL \"7bit\" 1 0)"
	  "(\"text\" \"html\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0) \"alternative\") "
	  "11) \"mixed\"))\r\n" },
	{ " 1 BODYSTRUCTURE", false,
	  "* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	  "\"7bit\" 20 2 NIL NIL NIL NIL))\r\n" },
	{ " 1 ENVELOPE", false,
	  "* 1 FETCH (ENVELOPE (NIL \"hi\" ((\"Ann\" NIL \"ann\" \"x.test\")) ((\"Ann\" NIL "
	  "\"ann\" \"x.test\")) "
	  "((\"Ann\" NIL \"ann\" \"x.test\")) NIL NIL NIL NIL NIL))\r\n" },

	/* M01, M02 */
	{ " 3 (BODY[] RFC822.SIZE)", false, "* 3 FETCH (BODY[] {13}\r\na: b\x80"
	  "c\r\n\r\n\x80\r\n RFC822.SIZE 13)\r\n" },
	{ " 3 BODY[HEADER.FIELDS (a)]", false, "* 3 FETCH (BODY[HEADER.FIELDS (a)] {10}\r\na: b\x80"
	  "c\r\n\r\n)\r\n" },
	{ " 4 (BODY[] BODY[TEXT] BODY[1] RFC822.HEADER RFC822.SIZE)", false,
	  "* 4 FETCH (BODY[] \"\" BODY[TEXT] \"\" BODY[1] \"\" RFC822.HEADER \"\" RFC822.SIZE "
	  "0)\r\n" },

	/* M23: a wrong stored size neither cuts nor stays, once the octets were counted */
	{ " 6 RFC822.SIZE", false, "* 6 FETCH (RFC822.SIZE 6288)\r\n" },
	{ " 6 (RFC822.SIZE BODY.PEEK[TEXT])", false,
	  "* 6 FETCH (RFC822.SIZE 59 BODY[TEXT] {20}\r\n" SIMPLE_TEXT ")\r\n" },
	{ " 6 RFC822.SIZE", false, "* 6 FETCH (RFC822.SIZE 59)\r\n" },
};

static void
test_answers(void **state)
{
	struct buf answer = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		print_message("%s\n", answers[i].arguments);
		fetch_session_run(&s, answers[i].arguments, answers[i].by_uid, &answer);
		assert_string_equal(answer.data ? answer.data : "", answers[i].answer);
		assert_int_equal(s.reply, REPLY_OK);
		assert_string_equal(s.reply_text, "Fetch completed.");
	}
	assert_int_equal(fetch_session_changes(&s), 0);
	fetch_session_close(&s);
	buf_free(&answer);
}

/*
 * RFC 3501 s.6.4.5: BODY[], RFC822 and RFC822.TEXT set \Seen, in one pass, and
 * the answer says so.
 */
static void
test_seen(void **state)
{
	static const struct {
		const char *arguments;
		bool        is_writable;
		const char *answer;
		unsigned    changes;
	} cases[] = {
		{ " 1:2 BODY[1]<0.1>", true,
		  "* 1 FETCH (FLAGS (\\Seen) BODY[1]<0> {1}\r\nl)\r\n* 2 FETCH (BODY[1]<0> "
		  "{1}\r\np)\r\n", 1 },
		{ " 1 (BODY[1]<0.1> FLAGS)", true,
		  "* 1 FETCH (BODY[1]<0> {1}\r\nl FLAGS (\\Seen))\r\n", 1 },
		{ " 1 BODY[1]<0.1>", false, "* 1 FETCH (BODY[1]<0> {1}\r\nl)\r\n", 0 },
		{ " 1 BODY.PEEK[1]<0.1>", true, "* 1 FETCH (BODY[1]<0> {1}\r\nl)\r\n", 0 },
		{ " 1 RFC822.HEADER", true,
		  "* 1 FETCH (RFC822.HEADER {39}\r\n" SIMPLE_HEADER ")\r\n", 0 },
		{ " 1 RFC822.TEXT", true,
		  "* 1 FETCH (FLAGS (\\Seen) RFC822.TEXT {20}\r\n" SIMPLE_TEXT ")\r\n", 1 },
		{ " 1 RFC822", true, "* 1 FETCH (FLAGS (\\Seen) RFC822 "
		  "{59}\r\n" SIMPLE_HEADER SIMPLE_TEXT ")\r\n", 1 },
	};
	struct buf answer = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct session s;

		fetch_session_open(&s, samples, 2, cases[i].is_writable);
		fetch_session_run(&s, cases[i].arguments, false, &answer);
		assert_string_equal(answer.data, cases[i].answer);
		assert_int_equal(fetch_session_changes(&s), cases[i].changes);
		fetch_session_close(&s);
	}
	buf_free(&answer);
}

/* S02: what is gone is left out whole, and the reply says so. */
static void
test_S02_vanished(void **state)
{
	static const char *const arguments[] = { " 4:6 (UID ENVELOPE)", " 4:6 (UID RFC822.SIZE)",
		                                 " 4:6 (UID INTERNALDATE)",
		                                 " 4:6 (UID BODYSTRUCTURE)",
		                                 " 4:6 (UID BODY.PEEK[])" };
	struct buf answer = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		fetch_session_run(&s, arguments[i], false, &answer);
		assert_non_null(strstr(answer.data, "* 4 FETCH (UID 40 "));
		assert_non_null(strstr(answer.data, "* 6 FETCH (UID 60 "));
		assert_null(strstr(answer.data, "* 5 FETCH"));
		assert_int_equal(s.reply, REPLY_NO);
		assert_string_equal(s.reply_code, "EXPUNGEISSUED");
		assert_string_equal(s.reply_text,
		                    "Some of the requested messages no longer exist.");
	}
	fetch_session_run(&s, " 5 (UID FLAGS)", false, &answer);
	assert_string_equal(answer.data, "* 5 FETCH (UID 50 FLAGS ())\r\n");
	assert_int_equal(s.reply, REPLY_OK);
	fetch_session_close(&s);
	buf_free(&answer);
}

/* A file is opened once for all items, and not at all when no item needs it. */
static void
test_opened_once(void **state)
{
	struct buf answer = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, 2, true);
	fetch_session_run(&s, " 1:2 (UID FLAGS RFC822.SIZE INTERNALDATE)", false, &answer);
	assert_int_equal(fetch_session_opened(&s), 0);
	fetch_session_run(&s,
	                  " 1:2 (ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[] BODY.PEEK[1] RFC822.SIZE)",
	                  false, &answer);
	assert_int_equal(fetch_session_opened(&s), 2);
	fetch_session_close(&s);
	buf_free(&answer);
}

static void
test_counters(void **state)
{
	struct buf answer = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, 2, true);
	fetch_session_run(&s, " 1 (BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[TEXT]<0.5>)", false,
	                  &answer);
	assert_int_equal(s.fetched_headers, 1);
	assert_int_equal(s.fetched_header_bytes, 39);
	assert_int_equal(s.fetched_bodies, 2);
	assert_int_equal(s.fetched_body_bytes, 25);
	fetch_session_close(&s);
	buf_free(&answer);
}

static const struct {
	const char *header, *envelope;
} envelopes[] = {
	/* RFC 3501 s.8's example */
	{ "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\nFrom: Terry Gray "
	  "<gray@cac.washington.edu>\n"
	  "Subject: IMAP4rev1 WG mtg summary and minutes\nTo: imap@cac.washington.edu\n"
	  "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\nMessage-Id: "
	  "<B27397-0100000@cac.washington.edu>\n\n",
	  "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" "
	  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" "
	  "\"cac.washington.edu\")) "
	  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" "
	  "\"cac.washington.edu\")) "
	  "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" "
	  "\"MIT.EDU\")) NIL NIL "
	  "\"<B27397-0100000@cac.washington.edu>\")" },
	{ "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
	/* M18 */
	{ "From: group:;\nTo:\nSender: <>\nReply-To: <@a,@b:c@d>\n\n",
	  "(NIL NIL ((NIL NIL \"group\" NIL)(NIL NIL NIL NIL)) ((NIL NIL \"MISSING_MAILBOX\" "
	  "\"MISSING_DOMAIN\")) "
	  "((NIL \"@a,@b\" \"c\" \"d\")) NIL NIL NIL NIL NIL)" },
	/* M21: nothing that a client could take for a line of ours */
	{ "Subject: a\r\n b\rc\nTo: \"x\r\n y\" <a@b>\n\n",
	  "(NIL {5}\r\na b\rc NIL NIL NIL ((\"x y\" NIL \"a\" \"b\")) NIL NIL NIL NIL)" },
	{ "Subject: say \"hi\" \\ there\n\n",
	  "(NIL \"say \\\"hi\\\" \\\\ there\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "Subject: caf\xc3\xa9\n\n", "(NIL {5}\r\ncaf\xc3\xa9 NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "Subject:\nIn-Reply-To: <a> <b>\n\n",
	  "(NIL \"\" NIL NIL NIL NIL NIL NIL \"<a> <b>\" NIL)" },
	{ "Subject: one\nSubject: two\nTo: a@b\nTo: c@d\n\n",
	  "(NIL \"one\" NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL "
	  "NIL)" },
};

static void
test_envelopes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf got = BUF_EMPTY;
		struct out out;

		capture(&out);
		put_envelope(&out, span_of(envelopes[i].header), &mem);
		captured(&out, &got);
		assert_string_equal(got.data, envelopes[i].envelope);
		buf_free(&got);
		arena_free(&mem);
	}
}

/* M04, M10: headers without end cost what they are long. */
static void
test_M10_half_a_million_address_lines(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct buf header = BUF_EMPTY, got = BUF_EMPTY;
	struct out out;
	int64_t from;

	(void)state;
	for (int i = 0; i < 500000; i++)
		buf_str(&header, i % 2 ? "From: a@b\n" : "To: c@d\n");
	from = clock_ms();
	capture(&out);
	put_envelope(&out, buf_view(&header), &mem);
	captured(&out, &got);
	/* under sanitizers too; a quadratic walk takes minutes */
	assert_true(clock_ms() - from < 5000);
	assert_true(got.len < 2000000);
	buf_free(&header);
	buf_free(&got);
	arena_free(&mem);
}

static const struct {
	const char *message, *structure;
} structures[] = {
	/* Dovecot's form */
	{ "Content-Type: text/plain; charset=utf-8\n\n12345678\n",
	  "(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 10 1 NIL NIL NIL NIL)" },
	/* RFC 3501 s.7.4.2's example, as BODYSTRUCTURE */
	{ "Content-Type: MULTIPART/MIXED; BOUNDARY=x\n\n--x\nContent-Type: TEXT/PLAIN; "
	  "CHARSET=US-ASCII\n"
	  "Content-Transfer-Encoding: 7BIT\n\na\nb\n--x\nContent-Type: TEXT/PLAIN; "
	  "CHARSET=US-ASCII; NAME=\"cc.diff\"\n"
	  "Content-ID: <960723163407.20117h@cac.washington.edu>\nContent-Description: Compiler "
	  "diff\n"
	  "Content-Transfer-Encoding: BASE64\n\nYQ==\n--x--\n",
	  "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1 NIL NIL NIL NIL)"
	  "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") "
	  "\"<960723163407.20117h@cac.washington.edu>\" "
	  "\"Compiler diff\" \"BASE64\" 4 0 NIL NIL NIL NIL) \"MIXED\" (\"BOUNDARY\" \"x\") NIL "
	  "NIL NIL)" },
	{ "Content-Type: image/png; name=\"a\\\"b.png\"\nContent-MD5: abc=\nContent-Language: en, "
	  "fr\n"
	  "Content-Location: http://x/y\nContent-Disposition: attachment; filename=\"a.png\"\n"
	  "Content-Transfer-Encoding: base64\n\nYQ==\n",
	  "(\"image\" \"png\" (\"name\" \"a\\\"b.png\") NIL NIL \"base64\" 6 \"abc=\" "
	  "(\"attachment\" (\"filename\" \"a.png\")) (\"en\" \"fr\") \"http://x/y\")" },
	{ "Content-Disposition: inline\n\n",
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL (\"inline\" "
	  "NIL) NIL NIL)" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n",
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) "
	  "\"mixed\" "
	  "(\"boundary\" \"b\") NIL NIL NIL)" },
	{ "Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
	  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL "
	  "NIL) "
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL) 3 "
	  "NIL NIL NIL NIL)" },
	{ "Content-Type: application/x; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=\" x\"\n\n",
	  "(\"application\" \"x\" (\"name*\" \"utf-8''%e2%82%ac%20x\") NIL NIL \"7bit\" 0 NIL NIL "
	  "NIL NIL)" },
};

static void
test_structures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(structures) / sizeof(structures[0]); i++) {
		struct source *src = source_of(span_of(structures[i].message));
		struct arena mem = ARENA_EMPTY;
		struct buf got = BUF_EMPTY;
		struct out out;

		capture(&out);
		put_structure(&out, part_parse(src, &mem), true, &mem);
		captured(&out, &got);
		assert_string_equal(got.data, structures[i].structure);
		source_close(src);
		buf_free(&got);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_G03_a_hundred_thousand_items),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_S02_vanished),
		cmocka_unit_test(test_opened_once),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_M10_half_a_million_address_lines),
		cmocka_unit_test(test_structures),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
