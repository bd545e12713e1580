/*
 * fuzz_fetch.c - any bytes as a message, asked for by FETCH: the cache gives what the file gives
 *
 * The first byte says what is asked for.  Answers must be alike with and without the cache, and
 * a client must be able to read them: literals of the length they say, parentheses that close.
 */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/fetch.h"
#include "tests/unit/fetch_mailbox.h"
#include "tests/unit/mime_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const items[] = {
	" 1 ENVELOPE",
	" 1 BODYSTRUCTURE",
	" 1 (BODY PREVIEW)",
	" 1 (BODY.PEEK[HEADER.FIELDS (Subject To A)] BODY.PEEK[HEADER.FIELDS (B subject)])",
	" 1 (BINARY.PEEK[1] BINARY.SIZE[1])",
	" 1 (BINARY.PEEK[1.2]<3.9> BODY.PEEK[1.2]<2.7>)",
	" 1 (BODY.PEEK[]<1.40> BODY.PEEK[TEXT] RFC822.SIZE)",
	" 1 (BODY.PEEK[2.HEADER.FIELDS.NOT (A)] BODY.PEEK[1.MIME] BINARY.SIZE[])",
};
enum { ITEMS = sizeof(items) / sizeof(items[0]) };

/* Behind the literal or quoted string that s begins with; s itself when it begins with neither. */
static struct span
skip_string(struct span s)
{
	size_t n = 0, at = 1;

	if (s.at[0] == '"') {
		while (at < s.len && s.at[at] != '"')
			at += s.at[at] == '\\' ? 2 : 1;
		return span_skip(s, at + 1);
	}
	if (s.at[0] != '{')
		return s;
	while (at < s.len && ascii_is_digit(s.at[at]))
		n = n * 10 + (size_t)(s.at[at++] - '0');
	if (at + 3 > s.len || n > s.len - at - 3)
		abort();
	return span_skip(s, at + 3 + n);
}

static void
check_readable(struct span answer)
{
	long depth = 0;

	while (answer.len > 0) {
		struct span behind = skip_string(answer);

		if (behind.len < answer.len) {
			answer = behind;
			continue;
		}
		depth += answer.at[0] == '(' ? 1 : answer.at[0] == ')' ? -1 : 0;
		if (depth < 0 || answer.at[0] == '\0')
			abort();
		answer = span_skip(answer, 1);
	}
	if (depth != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = BUF_EMPTY, again = BUF_EMPTY;
	struct fetch_sample sample = { .flags = FLAG_SEEN };
	struct session s;

	if (size < 2)
		return 0;
	sample.text = (const char *)data + 1;
	sample.len = size - 1;
	fetch_session_open(&s, &sample, 1, true);
	if (data[0] & 0x80)
		s.enabled = ENABLED_UTF8;
	fetch_session_run(&s, items[data[0] % ITEMS], false, &first);
	check_readable(first.len ? buf_view(&first) : span_of(""));
	fetch_session_run(&s, items[data[0] % ITEMS], false, &again);
	if (!span_equal(buf_view(&first), buf_view(&again)))
		abort();
	fetch_session_close(&s);
	buf_free(&first);
	buf_free(&again);
	return 0;
}
