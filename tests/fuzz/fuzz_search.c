/*
 * fuzz_search.c - SEARCH programs, and what hostile messages answer to them
 *
 * Input: a program up to the first NUL, then a message.
 */
#include <stdlib.h>

#include "imapd/search_message.h"
#include "imapd/search_program.h"
#include "tests/unit/search_mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_make((const char *)data, size);
	struct span command, text = input;
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct arena mem = ARENA_EMPTY;
	struct search_program program = SEARCH_PROGRAM_EMPTY;
	struct cursor c;

	if (!span_find(input, '\0'))
		return 0;
	span_split(&text, '\0', &command);
	cursor_open(&c, command, &mem);
	take_search_program(&c, &program);
	take_end(&c);
	if (cursor_ok(&c)) {
		struct search_sample sample = { .uid = 7, .text = text.at, .len = text.len };
		struct mailbox *box;

		if (text.len == 0)
			sample.text = "";
		box = search_samples_open(&sample, 1);
		search_samples_resolve(box, &program, &mem);
		search_message_open(&m, box, 1);
		search_matches(&program, &m);
		search_message_free(&m);
		search_samples_close(box);
	}
	arena_free(&mem);
	return 0;
}
