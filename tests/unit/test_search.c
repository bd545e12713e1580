/* test_search.c - SEARCH programs: parsing, and what messages answer (RFC 3501 s.6.4.4, G05) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "imapd/search_message.h"
#include "imapd/search_program.h"
#include "imapd/search_text.h"
#include "tests/unit/search_mailbox.h"

/* ---- parsing ---- */

static void
print_key(const struct search_key *key, struct buf *out)
{
	if (key->is_not)
		buf_byte(out, '!');
	buf_str(out, key->row->name);
	if (key->has_set && !key->set.is_saved) {
		buf_byte(out, ' ');
		ranges_print(&key->set.fixed, out);
		if (key->set.has_star)
			buf_printf(out, ",%lu:*", (unsigned long)key->set.star_from);
	}
	if (key->field.at)
		buf_printf(out, " %.*s", (int)key->field.len, key->field.at);
	if (key->needle.at)
		buf_printf(out, " \"%.*s\"", (int)key->needle.len, key->needle.at);
	if (key->keyword)
		buf_printf(out, " %s", key->keyword);
	if (key->id)
		buf_printf(out, " %s", key->id);
	if (key->set.is_saved)
		buf_str(out, " $");
	if (key->number)
		buf_printf(out, " %llu", (unsigned long long)key->number);
	if (key->day)
		buf_printf(out, " day %d", (int)key->day);
	if (!key->first)
		return;
	buf_byte(out, '(');
	for (const struct search_key *child = key->first; child; child = child->next) {
		print_key(child, out);
		if (child->next)
			buf_byte(out, ' ');
	}
	buf_byte(out, ')');
}

/* printed: the tree, children in the order in which they are asked; or "BAD " and the reason. */
static const struct {
	const char *text, *printed;
} programs[] = {
	{ " ALL", "and(ALL)" },
	{ " all", "and(ALL)" },
	{ " UNSEEN UNDELETED", "and(UNSEEN UNDELETED)" },
	{ " NOT SEEN", "and(!SEEN)" },
	{ " NOT NOT NOT SEEN", "and(!SEEN)" },
	{ " NOT NOT SEEN", "and(SEEN)" },
	{ " OR SEEN DRAFT", "and(or(SEEN DRAFT))" },
	{ " OR SEEN OR DRAFT FLAGGED", "and(or(SEEN DRAFT FLAGGED))" },
	{ " OR OR SEEN DRAFT FLAGGED", "and(or(SEEN DRAFT FLAGGED))" },
	{ " OR OR OR SEEN DRAFT FLAGGED NEW", "and(or(SEEN DRAFT FLAGGED NEW))" },
	{ " NOT OR SEEN DRAFT", "and(!or(SEEN DRAFT))" },
	{ " OR NOT OR SEEN NEW DRAFT", "and(or(!or(SEEN NEW) DRAFT))" },
	{ " (SEEN)", "and(and(SEEN))" },
	{ " NOT (SEEN DRAFT) OLD", "and(!and(SEEN DRAFT) OLD)" },
	{ " 1:3,7", "and(set 1:3,7)" },
	{ " *", "and(set ,4294967295:*)" },
	{ " 5:* SEEN", "and(set ,5:* SEEN)" },
	{ " UID 3:9", "and(UID 3:9)" },
	{ " KEYWORD work", "and(KEYWORD work)" },
	{ " UNKEYWORD work", "and(!UNKEYWORD work)" },
	{ " NOT UNKEYWORD work", "and(UNKEYWORD work)" },
	{ " LARGER 100 SMALLER 4294967295", "and(LARGER 100 SMALLER 4294967295)" },
	{ " SINCE 2-Jan-1970", "and(SINCE day 1)" },
	{ " SINCE \"2-Jan-1970\"", "and(SINCE day 1)" },
	{ " SENTON 1-Jan-1971", "and(SENTON day 365)" },
	{ " HEADER Message-ID \"\"", "and(HEADER Message-ID \"\")" },
	/* cheapest first, in the client's order where they cost the same */
	{ " BODY 1 SUBJECT 2 LARGER 3 SEEN",
	  "and(SEEN LARGER 3 SUBJECT Subject \"2\" BODY \"1\")" },
	{ " OR BODY 1 (SUBJECT 2 SEEN) 1",
	  "and(set 1 or(and(SEEN SUBJECT Subject \"2\") BODY \"1\"))" },
	{ " FROM {3}\r\n1 2 SEEN", "and(SEEN FROM From \"1 2\")" },
	{ " $ SEEN", "and(set $ SEEN)" },
	{ " UID $", "and(UID $)" },
	/* RFC 5032 */
	{ " YOUNGER 259200 OLDER 5", "and(YOUNGER 259200 OLDER 5)" },
	/* RFC 7162 */
	{ " MODSEQ 620162338", "and(MODSEQ 620162338)" },
	{ " MODSEQ \"/flags/\\\\draft\" all 620162338", "and(MODSEQ 620162338)" },
	{ " MODSEQ \"/flags/work\" priv 0", "and(MODSEQ)" },
	/* RFC 8474, RFC 8514 */
	{ " EMAILID M6d99ac3275bb4e THREADID T-_9", "and(THREADID T-_9 EMAILID M6d99ac3275bb4e)" },
	{ " SAVEDON 2-Jan-1970 SAVEDATESUPPORTED", "and(SAVEDATESUPPORTED SAVEDON day 1)" },

	{ "", "BAD expected a space and another argument" },
	{ " ", "BAD unknown search key" },
	{ " ALL ", "BAD unknown search key" },
	{ " FOO", "BAD unknown search key" },
	{ " SEENX", "BAD unknown search key" },
	{ " ()", "BAD unknown search key" },
	{ " (SEEN", "BAD expected )" },
	{ " (SEEN ", "BAD unknown search key" },
	{ " NOT", "BAD expected a space and another argument" },
	{ " OR SEEN", "BAD expected a space and another argument" },
	{ " FROM", "BAD expected a space and another argument" },
	{ " FROM \"x", "BAD expected \"" },
	{ " SUBJECT {3}\r\n\xff\xfe\xfd", "BAD a search string is not of its character set" },
	{ " LARGER x", "BAD expected a number" },
	{ " SINCE 31-Feb", "BAD expected a date such as 1-Feb-1994" },
	{ " SINCE 2020-01-01", "BAD expected a date such as 1-Feb-1994" },
	{ " 0", "BAD expected a number above zero or *" },
	{ " UID x", "BAD expected a number above zero or *" },
	{ " KEYWORD (x)", "BAD expected a word" },
	{ " YOUNGER 0", "BAD expected a number above zero" },
	{ " OLDER -1", "BAD expected a number above zero" },
	{ " MODSEQ x", "BAD expected a mod-sequence, or an entry name in quotes" },
	{ " MODSEQ 9223372036854775808", "BAD expected a number" },
	{ " MODSEQ \"draft\" all 1", "BAD an entry name begins with /flags/" },
	{ " MODSEQ \"/flags/\\\\draft\" some 1", "BAD expected all, shared or priv" },
	{ " EMAILID M.1", "BAD an identifier is of letters, digits, _ and -" },
	{ " SAVEDSINCE x", "BAD expected a date such as 1-Feb-1994" },
	{ " KEYWORD \"a\r\n* BYE\"", "BAD expected a word" },
};

static void
parse(const char *text, size_t len, struct arena *mem, struct cursor *c,
      struct search_program *program)
{
	*program = (struct search_program)SEARCH_PROGRAM_EMPTY;
	cursor_open(c, span_make(text, len), mem);
	take_search_program(c, program);
	take_end(c);
}

static void
test_parsing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct search_program program;
		struct buf printed = BUF_EMPTY;
		struct cursor c;

		parse(programs[i].text, strlen(programs[i].text), &mem, &c, &program);
		if (cursor_ok(&c))
			print_key(program.root, &printed);
		else
			buf_printf(&printed, "BAD %s", c.why);
		if (strcmp(printed.data, programs[i].printed) != 0)
			print_error("SEARCH%s\n", programs[i].text);
		assert_string_equal(printed.data, programs[i].printed);
		buf_free(&printed);
		arena_free(&mem);
	}
}

/* many times the opening, then the end: fine or BAD, never deep */
static void
check_repeated(const char *opening, size_t times, const char *ending, bool is_fine)
{
	struct arena mem = ARENA_EMPTY;
	struct search_program program;
	struct buf text = BUF_EMPTY;
	struct cursor c;

	buf_byte(&text, ' ');
	for (size_t i = 0; i < times; i++)
		buf_str(&text, opening);
	buf_str(&text, ending);
	parse(text.data, text.len, &mem, &c, &program);
	assert_int_equal(cursor_ok(&c), is_fine);
	assert_true(program.count <= LIMIT_SEARCH_KEYS + 2);
	buf_free(&text);
	arena_free(&mem);
}

static void
test_nesting_and_repeating_are_bounded_G05(void **state)
{
	(void)state;
	check_repeated("NOT ", 100000, "ALL", false);
	check_repeated("NOT ", LIMIT_SEARCH_KEYS - 1, "ALL", true);
	check_repeated("OR ", 50000, "ALL", false);
	check_repeated("(", 50000, "", false);
	check_repeated("(", 50000, "ALL", false);
	check_repeated("NOT (", 50000, "ALL", false);
	check_repeated("NOT OR ALL ", 50000, "ALL", false);
	check_repeated("OR ALL ", 50000, "ALL", false);
	check_repeated("OR ALL ", 400, "ALL", true);
	check_repeated("OR FROM a ", 400, "FROM b", true);
	check_repeated("NOT OR ALL ", 31, "ALL", true);
	check_repeated("NOT OR ALL ", 33, "ALL", false);
	check_repeated("ALL ", LIMIT_SEARCH_KEYS - 1, "ALL", true);
	check_repeated("ALL ", LIMIT_SEARCH_KEYS, "ALL", false);
}

/* ---- matching ---- */

/* 2024-05-01 10:00 UTC */
enum { MAY = 1714557600, DAY = 86400 };

static const struct search_sample samples[] = {
	{ .uid = 11, .flags = FLAG_SEEN, .date = MAY, .text =
	  "From: Anne Martin <anne@example.org>\r\nTo: toto@mondomaine.local\r\n"
	  "Subject: =?UTF-8?Q?Caf=C3=A9_=C3=A0_Paris?=\r\nDate: Wed, 1 May 2024 23:30:00 "
	  "-0500\r\n\r\n"
	  "Bonjour le monde.\r\n" },
	{ .uid = 12, .flags = FLAG_RECENT, .keywords = 1, .date = MAY + DAY, .text =
	  "From: bob@example.org\nTo: one@example.org,\n two@example.org\nCc: three@example.org\n"
	  "Subject: two\n lines\nDate: Thu, 2 May 2024 01:00:00 +0000\n\nshort\n" },
	{ .uid = 15, .flags = FLAG_SEEN | FLAG_ANSWERED, .keywords = 2, .modseq = 3,
	  .date = MAY + 2 * DAY,
	  .text =
	  "From: c@example.org\r\nSubject: parts\r\nX-Empty:\r\nMIME-Version: 1.0\r\n"
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n"
	  "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
	  "quoted-printable\r\n\r\n"
	  "Sm=F8rrebr=F8d p=E5 bor=\r\ndet\r\n--b\r\n"
	  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "w4dhIHZhIGJpZW4=\r\n--b\r\n"
	  "Content-Type: application/octet-stream; "
	  "name=\"budget.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "Qm9uam91cg==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	  "Subject: inner subject\r\n\r\ninner body\r\n--b--\r\n" },
	{ .uid = 20, .modseq = 9, .date = MAY + 3 * DAY, .text = NULL /* vanished */ },
	{ .uid = 21, .flags = FLAG_DELETED, .date = MAY + 4 * DAY, .text = "no header at all\r\n" },
	{ .uid = 22, .date = MAY + 5 * DAY,
	  .text = "Date: 32 Foo 99999 25:61:61 +9999\r\nSubject: broken date\r\n\r\n" },
};

static const struct {
	const char *text, *numbers;
} searches[] = {
	{ "ALL", "1:6" },
	{ "SEEN", "1,3" },
	{ "NOT SEEN", "2,4:6" },
	{ "RECENT", "2" },
	{ "NEW", "2" },
	{ "OLD", "1,3:6" },
	{ "DELETED", "5" },
	{ "UNANSWERED UNDELETED", "1:2,4,6" },
	{ "OR DELETED ANSWERED", "3,5" },
	{ "NOT OR DELETED ANSWERED", "1:2,4,6" },
	{ "NOT (SEEN ANSWERED)", "1:2,4:6" },
	{ "KEYWORD work", "2" },
	{ "KEYWORD WORK", "2" },
	{ "UNKEYWORD work", "1,3:6" },
	{ "KEYWORD home", "3" },
	{ "KEYWORD unused", "" },
	{ "UNKEYWORD unused", "1:6" },
	{ "UID 12:15,21", "2:3,5" },
	{ "UID 22:*", "6" },
	{ "UID 99:*", "6" },
	{ "UID 1:*", "1:6" },
	{ "*", "6" },
	{ "2,4:*", "2,4:6" },
	{ "NOT 2:5", "1,6" },
	/* what vanished answers to nothing that must be read, also not to its opposite */
	{ "LARGER 1", "1:3,5:6" },
	{ "NOT LARGER 1", "" },
	{ "NOT BODY zq", "1:3,5:6" },
	{ "OR BODY nosuch UID 20", "4" },
	{ "SMALLER 100", "5:6" },
	{ "ON 1-May-2024", "1" },
	{ "BEFORE 3-May-2024", "1:2" },
	{ "SINCE 4-May-2024", "4:6" },
	{ "SENTON 1-May-2024", "1" },
	{ "SENTON 2-May-2024", "2" },
	{ "SENTSINCE 2-May-2024", "2" },
	{ "SENTBEFORE 1-Jan-2030", "1:2" },
	{ "NOT SENTBEFORE 1-Jan-2030", "3,5:6" },
	{ "FROM anne", "1" },
	{ "FROM EXAMPLE.ORG", "1:3" },
	{ "TO two@example", "2" },
	{ "TO \"one@example.org, two\"", "2" },
	{ "CC three", "2" },
	{ "BCC x", "" },
	{ "SUBJECT \"two lines\"", "2" },
	{ "SUBJECT {5}\r\ncaf\xc3\xa9", "1" },
	{ "SUBJECT {5}\r\nCAF\xc3\x89", "1" },
	{ "SUBJECT =C3", "" },
	{ "HEADER X-Empty \"\"", "3" },
	{ "HEADER X-None \"\"", "" },
	{ "HEADER subject parts", "3" },
	{ "HEADER subjec parts", "" },
	{ "BODY bonjour", "1" }, /* not in the attachment that is no text */
	{ "BODY {10}\r\np\xc3\xa5 bordet", "3" }, /* across a soft line break */
	{ "BODY {13}\r\nSM\xc3\x98RREBR\xc3\x98" "D ", "3" },
	{ "BODY {6}\r\n\xc3\xa7" "a va", "3" },
	{ "BODY budget.bin", "3" },
	{ "BODY \"inner subject\"", "3" },
	{ "BODY \"inner body\"", "3" },
	{ "BODY preamble", "" },
	{ "BODY parts", "" },
	{ "TEXT parts", "3" },
	{ "TEXT \"subject: parts\"", "3" },
	{ "TEXT \"inner body\"", "3" },
	{ "TEXT x-empty", "3" },
	{ "BODY \"\"", "1:3,5:6" },
	{ "TEXT \"\"", "1:3,5:6" },
	{ "OR OR FROM anne FROM bob SUBJECT broken", "1:2,6" },
	{ "$", "2,4:5" },
	{ "UID $", "2,4:5" },
	{ "NOT $ SEEN", "1,3" },
	{ "MODSEQ 0", "1:6" },
	{ "MODSEQ 3", "3:4" },
	{ "EMAILID M15", "3" },
	{ "EMAILID m15", "" },
	{ "THREADID T1", "" },
	{ "NOT THREADID T1", "1:6" },
	{ "SAVEDATESUPPORTED", "1:6" },
	{ "SAVEDON 12-May-2024", "2" },
	{ "SAVEDBEFORE 12-May-2024", "1" },
	{ "SAVEDSINCE 15-May-2024", "5:6" },
	{ "OLDER 1000000", "1:6" },
	{ "YOUNGER 1000000", "" },
};

static void
find(const char *text, struct mailbox *box, struct buf *printed)
{
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct arena mem = ARENA_EMPTY;
	struct ranges found = RANGES_EMPTY;
	struct search_program program;
	struct buf line = BUF_EMPTY;
	struct cursor c;

	buf_printf(&line, " %s", text);
	parse(line.data, line.len, &mem, &c, &program);
	if (!cursor_ok(&c))
		print_error("%s: %s\n", text, c.why);
	assert_true(cursor_ok(&c));
	assert_true(search_samples_resolve(box, &program, &mem));
	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		search_message_open(&m, box, n);
		if (search_matches(&program, &m))
			ranges_add(&found, &mem, n, n);
	}
	assert_int_equal(m.error, 0);
	buf_str(printed, "");
	ranges_print(&found, printed);
	search_message_free(&m);
	buf_free(&line);
	arena_free(&mem);
}

static void
test_matching(void **state)
{
	struct mailbox *box = search_samples_open(samples, sizeof(samples) / sizeof(samples[0]));

	(void)state;
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		struct buf printed = BUF_EMPTY;

		find(searches[i].text, box, &printed);
		if (strcmp(printed.data, searches[i].numbers) != 0)
			print_error("SEARCH %s\n", searches[i].text);
		assert_string_equal(printed.data, searches[i].numbers);
		buf_free(&printed);
	}
	search_samples_close(box);
}

/* However many keys ask, a message is opened once; and not at all where the view settles it. */
static void
test_files_are_opened_once_and_only_if_needed(void **state)
{
	static const struct {
		const char *text;
		unsigned    opened;
	} rows[] = {
		{ "UNSEEN NOT DELETED UID 1:100", 0 },
		{ "BODY a SEEN DELETED", 0 },
		{ "OR SEEN BODY nosuch UID 11:15", 1 },
		{ "SUBJECT e FROM e TEXT e BODY e UID 11:15", 3 },
	};
	struct mailbox *box = search_samples_open(samples, sizeof(samples) / sizeof(samples[0]));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned before = search_samples_opened(box);
		struct buf printed = BUF_EMPTY;

		find(rows[i].text, box, &printed);
		assert_int_equal(search_samples_opened(box) - before, rows[i].opened);
		buf_free(&printed);
	}
	search_samples_close(box);
}

/* ---- text in pieces ---- */

static void
test_pieces_of_every_size(void **state)
{
	static const char text[] = "Stra\xc3\x9f"
				   "enfest, \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, 10 "
	                           "\xe2\x82\xac, \xf0\x9f\x93\xac end";
	static const char *const there[] = { "stra", "fest, \xd0\xbf\xd1\x80\xd0\xb8",
		                             "\xe2\x82\xac, \xf0\x9f\x93\xac", "END" };
	static const char *const absent[] = { "strasse!", "\xd0\xbf\xd1\x80\xd0\xb5", "endx",
		                              "\xf0\x9f\x93\xad" };

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		for (size_t i = 0; i < 8; i++) {
			const char *wanted = i < 4 ? there[i] : absent[i - 4];
			struct buf needle = BUF_EMPTY;
			struct search_text t = SEARCH_TEXT_EMPTY;

			casemap_fold(span_of(wanted), &needle);
			search_text_begin(&t, buf_view(&needle));
			for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
				size_t left = sizeof(text) - 1 - at;

				search_text_add(&t,
				                span_make(text + at, left < piece ? left : piece));
			}
			assert_int_equal(search_text_end(&t), i < 4);
			search_text_free(&t);
			buf_free(&needle);
		}
	}
}

static void
test_nothing_is_found_across_a_pause(void **state)
{
	struct search_text t = SEARCH_TEXT_EMPTY;

	(void)state;
	for (int pauses = 0; pauses < 2; pauses++) {
		search_text_begin(&t, span_of("ab"));
		search_text_add(&t, span_of("xa"));
		if (pauses)
			search_text_pause(&t);
		search_text_add(&t, span_of("by"));
		assert_int_equal(search_text_end(&t), !pauses);
	}
	search_text_free(&t);
}

/* Large pieces of ASCII are not folded: whatever way is gone, the same is found. */
static void
test_large_pieces_of_ascii(void **state)
{
	enum { TEXT = 40000, ROUNDS = 3000, WORDS = 6 };
	static const char words[WORDS][11] = { "xYZZy     ", "CAF\xc3\xa9     ",
		                               "\xe2\x84\xaa\x65lvin  ",
		                               "\xd0\x9f\xd1\x80\xd0\xb8 . .",
		                               "zyx\xc3\xa1\xc3\xa4   ",
		                               "a\xcc\x81\xe6\x97\xa5_b a" };
	static const char *const needles[] = { "ab", "xyzzy", "aaaaaaab", "q", "\xc3\xa9",
		                               "b a", "cafe", "kelvin", "zyxa", "e" };
	char *text = malloc(TEXT);
	struct search_text t = SEARCH_TEXT_EMPTY;

	(void)state;
	srand(2);
	for (int round = 0; round < ROUNDS; round++) {
		const char *wanted = needles[rand() % 10];
		size_t len = (size_t)(rand() % TEXT), at = 0;
		struct buf needle = BUF_EMPTY, folded = BUF_EMPTY;
		bool is_there;

		for (size_t i = 0; i < len; i++)
			text[i] = "aAbB x,zyZ"[rand() % (round % 3 ? 10 : 4)];
		for (int n = round % 7; len > 100 && n > 0; n--)
			memcpy(text + 10 * (rand() % (int)(len / 10)), words[rand() % WORDS], 10);
		casemap_fold(span_of(wanted), &needle);
		casemap_fold(span_make(text, len), &folded);
		is_there = folded.len > 0 &&
		           memmem(folded.data, folded.len, needle.data, needle.len);
		search_text_begin(&t, buf_view(&needle));
		while (at < len) {
			size_t piece = (size_t)(rand() % (round % 5 ? 9000 : 1200)) + 1;

			piece = piece < len - at ? piece : len - at; /* also within a character */
			search_text_add(&t, span_make(text + at, piece));
			at += piece;
		}
		assert_int_equal(search_text_end(&t), is_there);
		buf_free(&needle);
		buf_free(&folded);
	}
	search_text_free(&t);
	free(text);
}

/* A long needle and small pieces: the time must follow the text, not text times needle. */
static void
test_long_needle_in_small_pieces_is_linear(void **state)
{
	enum { NEEDLE = 64 * 1024, TEXT = 8 * 1024 * 1024, PIECE = 16 };
	char *needle = malloc(NEEDLE);
	struct search_text t = SEARCH_TEXT_EMPTY;

	(void)state;
	memset(needle, 'A', NEEDLE);
	needle[NEEDLE - 1] = 'B';
	search_text_begin(&t, span_make(needle, NEEDLE));
	for (size_t at = 0; at < TEXT; at += PIECE)
		assert_false(search_text_add(&t, span_of("AAAAAAAAAAAAAAAA")));
	assert_true(t.window.room < 16 * NEEDLE);
	assert_false(search_text_end(&t));
	search_text_free(&t);
	free(needle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_nesting_and_repeating_are_bounded_G05),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_files_are_opened_once_and_only_if_needed),
		cmocka_unit_test(test_pieces_of_every_size),
		cmocka_unit_test(test_nothing_is_found_across_a_pause),
		cmocka_unit_test(test_large_pieces_of_ascii),
		cmocka_unit_test(test_long_needle_in_small_pieces_is_linear),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
