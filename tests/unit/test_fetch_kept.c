/*
 * test_fetch_kept.c - FETCH and the cache: the same answers without opening a file, BINARY, PREVIEW
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "tests/unit/fetch_mailbox.h"
#include "tests/unit/mime_support.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct fetch_sample samples[] = {
	{ .text = "From: Ann <ann@x.test>\nSubject: hi\nX-One: 1\nX-Two: 2\nsubject: again\n\n"
		  "line one\n" },
	{ .text = "From: =?utf-8?q?J=C3=B6?= <j@x.test>\r\nSubject: caf\xc3\xa9\r\n"
		  "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		  "--b\r\nContent-Type: text/html\r\n\r\n<p>Hall&ouml; <b>du</b></p>\r\n"
		  "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n"
		  "\r\nwithin\r\n--b--\r\n" },
	{ .text = "X-One: 1\nSubject: no body" },
	{ .text = "" },
	{ TEXT("Subject: a\0b\n folded\n\nx\0y\n"), 0, 0 },
};
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static const char *const kept_items[] = {
	"ENVELOPE",
	"BODYSTRUCTURE",
	"BODY",
	"PREVIEW",
	"(ENVELOPE BODY BODYSTRUCTURE FLAGS)",
	"BODY.PEEK[HEADER.FIELDS (Subject)]",
	"BODY.PEEK[HEADER.FIELDS (DATE FROM subject Message-ID)]",
	"BODY.PEEK[HEADER.FIELDS (X-One)]",
	"BODY.PEEK[HEADER.FIELDS (X-Two Subject x-three)]",
	"BODY.PEEK[HEADER.FIELDS (From Subject)]<5.20>",
	"BODY.PEEK[HEADER.FIELDS (From)]<500.20>",
	"(BODY.PEEK[HEADER.FIELDS (X-One)] BODY.PEEK[HEADER.FIELDS (X-Two)] ENVELOPE)",
};
enum { ITEMS = sizeof(kept_items) / sizeof(kept_items[0]) };

static void
ask(struct session *s, const char *items, struct buf *answer)
{
	char line[20000];

	snprintf(line, sizeof(line), " 1:%d %s", (int)SAMPLES, items);
	fetch_session_run(s, line, false, answer);
	assert_int_equal(s->reply, REPLY_OK);
}

static void
test_again_without_a_file(void **state)
{
	struct buf first = BUF_EMPTY, again = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < ITEMS; i++) {
		struct session s;
		unsigned opened;

		print_message("%s\n", kept_items[i]);
		fetch_session_open(&s, samples, SAMPLES, true);
		ask(&s, kept_items[i], &first);
		opened = fetch_session_opened(&s);
		assert_int_equal(opened, SAMPLES);
		ask(&s, kept_items[i], &again);
		assert_string_equal(first.data, again.data);
		assert_int_equal(fetch_session_opened(&s), opened);
		fetch_session_close(&s);
	}
	buf_free(&first);
	buf_free(&again);
}

/* Whatever was asked for before: the answer is that of a session that knows nothing. */
static void
test_in_any_order(void **state)
{
	struct buf fresh = BUF_EMPTY, got = BUF_EMPTY;
	struct session s, alone;
	uint64_t random = 7;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	for (int round = 0; round < 200; round++) {
		const char *items;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		items = kept_items[(random >> 33) % ITEMS];
		fetch_session_open(&alone, samples, SAMPLES, true);
		ask(&alone, items, &fresh);
		fetch_session_close(&alone);
		ask(&s, items, &got);
		assert_string_equal(got.data, fresh.data);
	}
	assert_true(fetch_session_opened(&s) < 10 * SAMPLES);
	fetch_session_close(&s);
	buf_free(&fresh);
	buf_free(&got);
}

/* A client that asks for ever other fields: those that come first are kept, and no more. */
static void
test_a_thousand_fields(void **state)
{
	struct buf got = BUF_EMPTY;
	struct session s;
	struct span kept;
	char items[128];
	unsigned opened;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	for (int i = 0; i < 1000; i++) {
		snprintf(items, sizeof(items), "BODY.PEEK[HEADER.FIELDS (X-%d)]", i);
		ask(&s, items, &got);
	}
	assert_true(cached(s.box, 1, CACHE_FIELDS, &kept));
	assert_true(kept.len < 1000);
	opened = fetch_session_opened(&s);
	ask(&s, "BODY.PEEK[HEADER.FIELDS (X-7)]", &got);
	ask(&s, "BODY.PEEK[HEADER.FIELDS (Subject From)]", &got);
	assert_int_equal(fetch_session_opened(&s), opened);
	ask(&s, "BODY.PEEK[HEADER.FIELDS (X-700)]", &got);
	assert_int_equal(fetch_session_opened(&s), opened + SAMPLES);
	fetch_session_close(&s);
	buf_free(&got);
}

/* RFC 6855 s.3: who enabled UTF-8 gets it quoted, from the same cache. */
static void
test_utf8(void **state)
{
	struct buf got = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	for (int round = 0; round < 2; round++) {
		s.enabled = 0;
		fetch_session_run(&s, " 2 ENVELOPE", false, &got);
		assert_non_null(strstr(got.data, "(NIL {5}\r\ncaf\xc3\xa9 (("));
		fetch_session_run(&s, " 2 PREVIEW", false, &got);
		assert_string_equal(got.data, "* 2 FETCH (PREVIEW {9}\r\nHall\xc3\xb6 du)\r\n");
		s.enabled = ENABLED_UTF8;
		fetch_session_run(&s, " 2 ENVELOPE", false, &got);
		assert_non_null(strstr(got.data, "(NIL \"caf\xc3\xa9\" (("));
		fetch_session_run(&s, " 2 PREVIEW", false, &got);
		assert_string_equal(got.data, "* 2 FETCH (PREVIEW \"Hall\xc3\xb6 du\")\r\n");
	}
	fetch_session_close(&s);
	buf_free(&got);
}

/* RFC 8970 s.3.1: a client that does not want to wait gets what is there. */
static void
test_lazy_preview(void **state)
{
	struct buf got = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, samples, SAMPLES, true);
	fetch_session_run(&s, " 1 (PREVIEW (LAZY) UID)", false, &got);
	assert_string_equal(got.data, "* 1 FETCH (PREVIEW NIL UID 10)\r\n");
	assert_int_equal(fetch_session_opened(&s), 0);
	fetch_session_run(&s, " 1 PREVIEW", false, &got);
	assert_string_equal(got.data, "* 1 FETCH (PREVIEW \"line one\")\r\n");
	fetch_session_run(&s, " 1 PREVIEW (LAZY)", false, &got);
	assert_string_equal(got.data, "* 1 FETCH (PREVIEW \"line one\")\r\n");
	fetch_session_close(&s);
	buf_free(&got);
}

static const struct fetch_grammar grammar[] = {
	{ " 1 (EMAILID THREADID SAVEDATE MODSEQ PREVIEW)", NULL },
	{ " 1 PREVIEW (LAZY)", NULL },
	{ " 1 PREVIEW (LAZY LAZY)", NULL },
	{ " 1 (PREVIEW (LAZY) UID)", NULL },
	{ " 1 PREVIEW (FUZZY=YES)", "expected LAZY" },
	{ " 1 PREVIEW ()", "expected LAZY" },
	{ " 1 PREVIEW (LAZY", "expected )" },
	{ " 1 BINARY[]", NULL },
	{ " 1 BINARY[1]", NULL },
	{ " 1 BINARY.PEEK[1.2]<0.10>", NULL },
	{ " 1 (BINARY.SIZE[1] BINARY.SIZE[])", NULL },
	{ " 1 BINARY", "there is no FETCH item of this name" },
	{ " 1 BINARY[TEXT]", "expected a part's number within BINARY[]" },
	{ " 1 BINARY[1.]", "expected a part's number within BINARY[]" },
	{ " 1 BINARY[1.MIME]", "expected a part's number within BINARY[]" },
	{ " 1 BINARY[0]", "expected a number above zero" },
	{ " 1 BINARY.SIZE[1]<0.1>", "unexpected text behind the last argument" },
	{ " 1 BINARY.PEEK[1", "expected ]" },
};

static void
test_grammar(void **state)
{
	(void)state;
	fetch_grammar_check(grammar, sizeof(grammar) / sizeof(grammar[0]));
}

/* RFC 3516: parts of each encoding. */
static const struct fetch_sample binary_samples[] = {
	{ .text = "Content-Type: multipart/mixed; boundary=b\n\n"
		  "--b\nContent-Transfer-Encoding: base64\n\nYQBi\nY2Q=\n"
		  "--b\nContent-Transfer-Encoding: quoted-printable\n\na=\nb=3D=00c  \nd\n"
		  "--b\nContent-Transfer-Encoding: x-foo\n\nxx\n"
		  "--b\nContent-Type: message/rfc822\n\nSubject: s\n\nt\n"
		  "--b\n\nplain\nlines\n\n--b--\n",
	  .flags = FLAG_SEEN },
	{ .text = "Content-Transfer-Encoding: base64\n\nSGVsbG8=\n" },
};

static const struct {
	const char *arguments, *answer, *code;
	size_t      length; /* of an answer that has a NUL */
} binaries[] = {
	{ " 1 BINARY[1]", "* 1 FETCH (BINARY[1] ~{5}\r\na\0bcd)\r\n", NULL, 35 },
	{ " 1 BINARY[1]<0.1>", "* 1 FETCH (BINARY[1]<0> {1}\r\na)\r\n", NULL, 0 },
	{ " 1 BINARY[1]<2.2>", "* 1 FETCH (BINARY[1]<2> {2}\r\nbc)\r\n", NULL, 0 },
	{ " 1 BINARY[1]<1.1>", "* 1 FETCH (BINARY[1]<1> ~{1}\r\n\0)\r\n", NULL, 34 },
	{ " 1 BINARY[1]<5.9>", "* 1 FETCH (BINARY[1]<5> \"\")\r\n", NULL, 0 },
	{ " 1 BINARY[1]<9223372036854775807.9223372036854775807>",
	  "* 1 FETCH (BINARY[1]<9223372036854775807> \"\")\r\n", NULL, 0 },
	{ " 1 BINARY.SIZE[1]", "* 1 FETCH (BINARY.SIZE[1] 5)\r\n", NULL, 0 },
	{ " 1 BINARY[2]", "* 1 FETCH (BINARY[2] ~{8}\r\nab=\0c\r\nd)\r\n", NULL, 38 },
	{ " 1 BINARY.SIZE[2]", "* 1 FETCH (BINARY.SIZE[2] 8)\r\n", NULL, 0 },
	{ " 1 BINARY[3]", "", "UNKNOWN-CTE", 0 },
	{ " 1 BINARY.SIZE[3]", "", "UNKNOWN-CTE", 0 },
	{ " 1 (BINARY[1] BINARY.PEEK[3])", "", "UNKNOWN-CTE", 0 },
	{ " 1 BINARY[4]", "* 1 FETCH (BINARY[4] {15}\r\nSubject: s\r\n\r\nt)\r\n", NULL, 0 },
	{ " 1 BINARY[4.1]", "* 1 FETCH (BINARY[4.1] {1}\r\nt)\r\n", NULL, 0 },
	{ " 1 BINARY[5]", "* 1 FETCH (BINARY[5] {14}\r\nplain\r\nlines\r\n)\r\n", NULL, 0 },
	{ " 1 BINARY[5]<5.4>", "* 1 FETCH (BINARY[5]<5> {4}\r\n\r\nli)\r\n", NULL, 0 },
	{ " 1 BINARY[6]", "* 1 FETCH (BINARY[6] NIL)\r\n", NULL, 0 },
	{ " 1 BINARY.SIZE[6]", "* 1 FETCH (BINARY.SIZE[6] 0)\r\n", NULL, 0 },
	{ " 2 BINARY.PEEK[1]", "* 2 FETCH (BINARY[1] {5}\r\nHello)\r\n", NULL, 0 },
	{ " 2 BINARY.PEEK[]<35.7>", "* 2 FETCH (BINARY[]<35> {7}\r\n\r\nSGVsb)\r\n", NULL, 0 },
	{ " 2 BINARY.SIZE[]", "* 2 FETCH (BINARY.SIZE[] 47)\r\n", NULL, 0 },
	{ " 2 BINARY[1]", "* 2 FETCH (FLAGS (\\Seen) BINARY[1] {5}\r\nHello)\r\n", NULL, 0 },
};

static void
test_binary(void **state)
{
	struct buf got = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, binary_samples, 2, true);
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
		size_t n = binaries[i].length ? binaries[i].length : strlen(binaries[i].answer);

		print_message("%s\n", binaries[i].arguments);
		buf_reset(&got);
		fetch_session_run(&s, binaries[i].arguments, false, &got);
		assert_int_equal(got.len, n);
		assert_memory_equal(got.data ? got.data : "", binaries[i].answer, n);
		if (binaries[i].code)
			assert_string_equal(s.reply_code, binaries[i].code);
		else
			assert_int_equal(s.reply, REPLY_OK);
	}
	fetch_session_close(&s);
	buf_free(&got);
}

/* However it is cut, the pieces together are the whole. */
static void
test_binary_in_pieces(void **state)
{
	struct buf got = BUF_EMPTY, whole = BUF_EMPTY, joined = BUF_EMPTY;
	struct session s;

	(void)state;
	fetch_session_open(&s, binary_samples, 2, true);
	fetch_session_run(&s, " 1 BINARY[2]", false, &whole);
	for (int at = 0; at < 8; at++) {
		char line[64];

		snprintf(line, sizeof(line), " 1 BINARY[2]<%d.1>", at);
		fetch_session_run(&s, line, false, &got);
		buf_add(&joined, got.data + got.len - 4, 1);
	}
	assert_memory_equal(joined.data, whole.data + whole.len - 11, 8);
	fetch_session_close(&s);
	buf_free(&got);
	buf_free(&whole);
	buf_free(&joined);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again_without_a_file),
		cmocka_unit_test(test_in_any_order),
		cmocka_unit_test(test_a_thousand_fields),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_lazy_preview),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
