/*
 * fuzz_search.c - SEARCH, SORT and THREAD commands, and what hostile messages answer to them
 *
 * Input: a command's arguments up to the first NUL, the first byte of which says which
 * command; then messages with a byte 1 between them.
 */
#include <stdlib.h>

#include "imapd/commands.h"
#include "imapd/cursor.h"
#include "imapd/search_find.h"
#include "imapd/search_message.h"
#include "imapd/sort.h"
#include "imapd/thread.h"
#include "tests/unit/search_mailbox.h"

enum { MESSAGES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each of these has a search_request at its front. */
static struct search_request *
parse(struct cursor *c, char which)
{
	which &= 3;
	return which == 0 ? parse_sort(c) : which == 1 ? parse_thread(c) : parse_search(c);
}

static void
sort_by_all(struct search_message *m, const struct mailbox *box)
{
	struct span text[SORT_TEXTS][MESSAGES];
	int64_t date[MESSAGES];
	struct sort_column column[SORT_TEXTS + 1];
	uint32_t order[MESSAGES], count = mailbox_count(box);
	struct arena mem = ARENA_EMPTY;

	for (uint32_t i = 0; i < count; i++) {
		search_message_open(m, m->box, i + 1);
		for (int which = 0; which < SORT_TEXTS; which++)
			text[which][i] = arena_copy(&mem, sort_text(m, (enum sort_text)which));
		date[i] = sort_sent_date(m);
	}
	column[0] = (struct sort_column){ .number = date, .is_reverse = true };
	for (int which = 0; which < SORT_TEXTS; which++)
		column[which + 1] = (struct sort_column){ .text = text[which] };
	sort_order(column, SORT_TEXTS + 1, count, order);
	sort_order(column + 1, SORT_TEXTS, count, order);
	arena_free(&mem);
}

static void
thread_by_all(struct search_message *m, const struct mailbox *box)
{
	static const thread_algorithm links[] = { thread_references, thread_refs,
		                                  thread_ordered_subject };
	static const uint32_t name[MESSAGES] = { 1, 2, 3, 4 };
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };

	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		search_message_open(m, m->box, n);
		thread_input_add(&input, m);
	}
	for (int i = 0; i < 3; i++) {
		struct thread_forest forest;
		struct buf printed = BUF_EMPTY;

		thread_forest_open(&forest, &input);
		links[i](&forest);
		thread_print(&forest, name, &printed);
		thread_forest_free(&forest);
		buf_free(&printed);
	}
	thread_input_free(&input);
}

static void
ask(struct mailbox *box, struct search_request *r, struct arena *mem)
{
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	uint32_t first, last;

	m.box = box;
	if (r->is_charset_known && search_samples_resolve(box, &r->program, mem)) {
		search_program_span(&r->program, box, &first, &last);
		partial_of(&r->wanted.partial, last, &first, &last);
		for (uint32_t n = 1; n <= mailbox_count(box); n++) {
			search_message_open(&m, box, n);
			search_matches(&r->program, &m);
		}
	}
	sort_by_all(&m, box);
	thread_by_all(&m, box);
	search_message_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_make((const char *)data, size), command, text = input, one;
	struct search_sample samples[MESSAGES];
	struct arena mem = ARENA_EMPTY;
	struct search_request *r;
	struct mailbox *box;
	struct cursor c;
	size_t count = 0;

	if (size == 0 || !span_find(input, '\0'))
		return 0;
	span_split(&text, '\0', &command);
	cursor_open(&c, span_skip(command, 1), &mem);
	r = parse(&c, input.at[0]);
	take_end(&c);
	while (cursor_ok(&c) && count < MESSAGES && span_split(&text, 1, &one)) {
		samples[count] = (struct search_sample){ .uid = 7 * (uint32_t)count + 5,
			                                 .text = one.at, .len = one.len };
		if (one.len == 0)
			samples[count].text = "";
		count++;
	}
	if (count > 0) {
		box = search_samples_open(samples, count);
		ask(box, r, &mem);
		search_samples_close(box);
	}
	arena_free(&mem);
	return 0;
}
