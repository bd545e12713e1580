/* test_thread.c - THREAD's algorithms on messages in memory (RFC 5256, M19) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "imapd/search_message.h"
#include "imapd/thread.h"
#include "tests/unit/search_mailbox.h"

/* One message: "date id subject refs", where a subject of "re:x" is a reply, "-" is nothing. */
static struct search_sample
sample(const char *line, uint32_t uid)
{
	char date[16], id[64], subject[64], references[512] = "";
	char *text = malloc(2048);
	struct tm tm = { .tm_year = 124, .tm_mday = 1 };
	char stamp[64];

	assert_true(sscanf(line, "%15s %63s %63s %511[^\n]", date, id, subject, references) >= 3);
	tm.tm_sec = atoi(date);
	timegm(&tm);
	strftime(stamp, sizeof(stamp), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	sprintf(text, "%s%s%s%s%s%s%s%s%s%s\n", date[0] == '-' ? "X: " : "Date: ", stamp,
	        id[0] == '-' ? "" : "\nMessage-ID: ", id[0] == '-' ? "" : id,
	        subject[0] == '-' ? "" : "\nSubject: ", subject[0] == '-' ? "" : subject,
	        references[0] ? "\nReferences: " : "", references, "\n", "");
	return (struct search_sample){ .uid = uid, .date = 1704067200 + atoi(date), .text = text };
}

enum { MOST = 24 };

static void
thread(const char *const *lines, thread_algorithm link, struct buf *printed)
{
	struct search_sample samples[MOST];
	uint32_t name[MOST], count = 0;
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct thread_forest forest;
	struct mailbox *box;

	for (; count < MOST && lines[count]; count++) {
		samples[count] = sample(lines[count], count + 1);
		name[count] = count + 1;
	}
	box = search_samples_open(samples, count);
	for (uint32_t n = 1; n <= count; n++) {
		search_message_open(&m, box, n);
		thread_input_add(&input, &m);
	}
	thread_forest_open(&forest, &input);
	link(&forest);
	buf_str(printed, "");
	thread_print(&forest, name, printed);
	thread_forest_free(&forest);
	thread_input_free(&input);
	search_message_free(&m);
	search_samples_close(box);
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)samples[i].text);
}

static const struct {
	const char *what;
	thread_algorithm link;
	const char *printed;
	const char *lines[MOST];
} cases[] = {
	{ "nothing", thread_references, "", { NULL } },
	{ "one", thread_references, " (1)", { "1 <a@x> s" } },
	{ "RFC 5256 BASE.7.2.THREAD, first example", thread_references, " (1)(2 3 (4 5)(6 7 8))",
	  { "1 <2@x> -", "2 <3@x> -", "3 <6@x> - <3@x>", "4 <4@x> - <3@x> <6@x>",
	    "5 <23@x> - <3@x> <6@x> <4@x>", "6 <44@x> - <6@x>", "7 <7@x> - <44@x>",
	    "8 <96@x> - <7@x>" } },
	{ "RFC 5256 BASE.7.2.THREAD, second example: their parent is not there", thread_references,
	  " ((1)(2))", { "1 <3@x> - <gone@x>", "2 <5@x> - <gone@x>" } },
	{ "step 1.A: a reference that nobody has, between two that are there", thread_references,
	  " (1 2)", { "1 <a@x> -", "2 <c@x> - <a@x> <b@x>" } },
	{ "step 1.A: a message keeps the parent it has", thread_references, " (1 2 3)",
	  { "1 <a@x> -", "2 <b@x> - <a@x>", "3 <c@x> - <z@x> <b@x>" } },
	{ "step 1.A: the second message with one id has none", thread_references, " (1 3)(2)",
	  { "1 <a@x> -", "2 <a@x> -", "3 <b@x> - <a@x>" } },
	{ "step 1.A: no loop", thread_references, " (2 1)",
	  { "1 <a@x> - <b@x>", "2 <b@x> - <a@x>" } },
	{ "step 1.A: of itself", thread_references, " (1)", { "1 <a@x> - <a@x>" } },
	{ "step 1.A: around three corners", thread_references, " (3 2 1)",
	  { "1 <a@x> - <b@x>", "2 <b@x> - <c@x>", "3 <c@x> - <a@x>" } },
	{ "step 1.A: what has no parent gets one from a later message", thread_references,
	  " (1 2 3)",
	  { "1 <a@x> -", "2 <b@x> -", "3 <c@x> - <a@x> <b@x>" } },
	{ "step 1.B: a message without references has no parent then", thread_references,
	  " (1)(3 2)",
	  { "1 <a@x> -", "2 <c@x> - <a@x> <b@x>", "3 <b@x> -" } },
	{ "step 3: one child only of what is not there", thread_references, " (1 2)",
	  { "1 <a@x> - <gone@x>", "2 <b@x> - <a@x>" } },
	{ "step 3: two that are not there, one above the other", thread_references, " ((1)(2)(3))",
	  { "1 <a@x> - <g@x> <h@x>", "2 <b@x> - <g@x> <h@x>", "3 <c@x> - <g@x>" } },
	{ "step 4: by sent date", thread_references, " (3)(1)(2)",
	  { "5 <a@x> a", "7 <b@x> b", "1 <c@x> c" } },
	{ "step 4: by number where dates are equal", thread_references, " (1)(2)(3)",
	  { "5 <a@x> a", "5 <b@x> b", "5 <c@x> c" } },
	{ "step 4: what is not there is where its first child is", thread_references,
	  " (4)((3)(1))(2)",
	  { "5 <a@x> a <g@x>", "3 <b@x> b", "2 <c@x> c <g@x>", "1 <d@x> d" } },
	{ "step 5: a reply without references", thread_references, " (1 2)",
	  { "1 <a@x> s", "2 <b@x> re:s" } },
	{ "step 5: a reply comes first, by date", thread_references, " (2 1)",
	  { "1 <a@x> re:s", "2 <b@x> s" } },
	{ "step 5: two that are no replies", thread_references, " ((1)(2))",
	  { "1 <a@x> s", "2 <b@x> s" } },
	{ "step 5: a third one", thread_references, " ((1)(2)(3))",
	  { "1 <a@x> s", "2 <b@x> s", "3 <c@x> s" } },
	{ "step 5: two replies", thread_references, " ((1)(2))",
	  { "1 <a@x> re:s", "2 <b@x> re:s" } },
	{ "step 5: what is not there takes all", thread_references, " ((1)(2)(3)(4))",
	  { "1 <a@x> s", "2 <b@x> s <g@x>", "3 <c@x> t <g@x>", "4 <d@x> re:s" } },
	{ "step 5: two that are not there", thread_references, " ((1)(2)(3)(4))",
	  { "1 <a@x> s <g@x>", "2 <b@x> t <g@x>", "3 <c@x> s <h@x>", "4 <d@x> u <h@x>" } },
	{ "step 5: empty subjects are not alike", thread_references, " (1)(2)(3)",
	  { "1 <a@x> -", "2 <b@x> -", "3 <c@x> re:" } },
	{ "step 5: case does not count", thread_references, " (1 2)",
	  { "1 <a@x> Stra\xc3\x9f" "e", "2 <b@x> RE:sTRA\xc3\x9f" "E" } },
	{ "step 6: siblings by date", thread_references, " (1 (4)(3)(2))",
	  { "1 <a@x> -", "9 <b@x> - <a@x>", "8 <c@x> - <a@x>", "7 <d@x> - <a@x>" } },
	{ "no Message-ID", thread_references, " (1)(2)", { "1 - a", "2 - b" } },

	{ "REFS: subjects do not count", thread_refs, " (1)(2)", { "1 <a@x> s", "2 <b@x> re:s" } },
	{ "REFS: by the newest message", thread_refs, " (2)(1 3)",
	  { "1 <a@x> -", "2 <b@x> -", "3 <c@x> - <a@x>" } },
	{ "REFS: by the newest message below what is not there", thread_refs, " (3)((1)(2 4))",
	  { "1 <a@x> - <g@x>", "2 <b@x> - <g@x>", "3 <c@x> -", "9 <d@x> - <b@x>" } },

	{ "ORDEREDSUBJECT: nothing", thread_ordered_subject, "", { NULL } },
	{ "ORDEREDSUBJECT: children have no children", thread_ordered_subject, " (1 (3)(4))(2)",
	  { "1 <a@x> s", "2 <b@x> t", "3 <c@x> re:s", "4 <d@x> s <c@x>" } },
	{ "ORDEREDSUBJECT: one child", thread_ordered_subject, " (2 1)(3)",
	  { "2 <a@x> s", "1 <b@x> s", "3 <c@x> t" } },
};

static void
test_algorithms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf printed = BUF_EMPTY;

		thread(cases[i].lines, cases[i].link, &printed);
		if (strcmp(printed.data, cases[i].printed) != 0)
			print_error("%s\n", cases[i].what);
		assert_string_equal(printed.data, cases[i].printed);
		buf_free(&printed);
	}
}

/* ---- many and hostile ones, without files ---- */

static void
add(struct thread_input *input, uint64_t id, int64_t date)
{
	if (input->count == input->room) {
		input->room = 2 * input->room + 64;
		input->message = realloc(input->message, input->room * sizeof(*input->message));
	}
	input->message[input->count] = (struct thread_message){
		.number = (uint32_t)input->count + 1, .id = id, .date = date,
		.first_reference = input->references,
	};
	input->count++;
}

static void
refer(struct thread_input *input, uint64_t id)
{
	if (input->references == input->reference_room) {
		input->reference_room = 2 * input->reference_room + 64;
		input->reference = realloc(input->reference,
		                           input->reference_room * sizeof(*input->reference));
	}
	input->reference[input->references++] = id;
	input->message[input->count - 1].references++;
}

/* All messages must be in the answer once, its parentheses must close, and soon. */
static void
check(struct thread_input *input)
{
	thread_algorithm const links[] = { thread_references, thread_refs, thread_ordered_subject };
	uint32_t *name = calloc(input->count, sizeof(*name));

	for (size_t i = 0; i < input->count; i++)
		name[i] = (uint32_t)i;
	for (size_t k = 0; k < 3; k++) {
		struct thread_forest forest;
		struct buf printed = BUF_EMPTY;
		unsigned char *seen = calloc(input->count, 1);
		size_t depth = 0, names = 0;
		clock_t start = clock();

		thread_forest_open(&forest, input);
		links[k](&forest);
		thread_print(&forest, name, &printed);
		for (char *at = printed.data; *at;) {
			if (*at >= '0' && *at <= '9') {
				unsigned long n = strtoul(at, &at, 10);

				assert_true(n < input->count && !seen[n]);
				seen[n] = 1;
				names++;
				continue;
			}
			depth += *at == '(';
			assert_true(*at != ')' || depth > 0);
			depth -= *at == ')';
			at++;
		}
		assert_int_equal(depth, 0);
		assert_int_equal(names, input->count);
		assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
		thread_forest_free(&forest);
		buf_free(&printed);
		free(seen);
	}
	free(name);
	thread_input_free(input);
}

static void
test_a_chain_of_100000_M19(void **state)
{
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++) {
		add(&input, i, (int64_t)(i * 7 % 1000));
		refer(&input, i == 1 ? 100000 : i - 1);
	}
	check(&input);
}

/* A long chain, and then many that want to hang what has children below its end. */
static void
test_long_walks_are_bounded_M19(void **state)
{
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };
	enum { DEEP = 50000, WIDE = 20000 };

	(void)state;
	for (uint64_t i = 1; i <= DEEP; i++) {
		add(&input, i, 0);
		if (i > 1)
			refer(&input, i - 1);
	}
	for (uint64_t i = 0; i < WIDE; i++) {
		add(&input, 0, 1);
		refer(&input, 1000000 + i);
		refer(&input, 2000000 + i);
		add(&input, 0, 2);
		refer(&input, DEEP);
		refer(&input, 1000000 + i);
	}
	check(&input);
}

static void
test_duplicates_cycles_and_chance_M19(void **state)
{
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		add(&input, 7, 5);
	check(&input);
	srand(1);
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 60; i++) {
			add(&input, (uint64_t)rand() % 50, rand() % 20);
			input.message[input.count - 1].subject = (uint64_t)rand() % 20;
			input.message[input.count - 1].is_reply = rand() % 2;
			for (int n = rand() % 6; n > 0; n--)
				refer(&input, (uint64_t)rand() % 60 + 1);
		}
		check(&input);
	}
}

/* Of very many references the last ones count, and no more nodes come than there may be. */
static void
test_very_many_references_M19(void **state)
{
	struct buf text = BUF_EMPTY;
	struct search_sample one = { .uid = 1 };
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct mailbox *box;

	(void)state;
	buf_str(&text, "References:");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, " <%d@x>\n", i);
	buf_str(&text, "\n");
	one.text = text.data;
	box = search_samples_open(&one, 1);
	search_message_open(&m, box, 1);
	thread_input_add(&input, &m);
	assert_int_equal(input.message[0].references, LIMIT_REFERENCES);
	check(&input);
	search_message_free(&m);
	search_samples_close(box);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_a_chain_of_100000_M19),
		cmocka_unit_test(test_long_walks_are_bounded_M19),
		cmocka_unit_test(test_duplicates_cycles_and_chance_M19),
		cmocka_unit_test(test_very_many_references_M19),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
