/* fuzz_imap_command.c - any bytes as an IMAP command: every row of the table, LIST too */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/append.h"
#include "imapd/command.h"
#include "imapd/grammar.h"
#include "imapd/list_match.h"
#include "imapd/names.h"
#include "imapd/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A cursor never leaves its command, and a reason comes with an end. */
static void
check(const struct cursor *c, const char *start)
{
	if (c->at < start || c->at > c->end || (c->why && c->at != c->end))
		abort();
}

/* One name for one mailbox, also where '/' separates: what is shown reads as what it is. */
static void
try_name(struct span text, struct arena *mem)
{
	static const struct names looks[] = { { '/', "" }, { '.', "INBOX." }, { '/', "M/" } };
	const char *why;

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		const char *name = names_from_client(&looks[i], text, false, false, mem, &why);

		const char *back;

		if (!name)
			continue;
		back = names_from_client(&looks[i],
		                         span_of(names_to_client(&looks[i], name, false, mem)),
		                         false, false, mem, &why);
		if (!back || strcmp(back, name) != 0)
			abort();
	}
}

static void
match_names(struct span pattern, struct arena *mem)
{
	static const char *const names[] = { "INBOX", "INBOX.a.b", "a", "a.b.c", "&AOk-", "" };
	struct list_pattern *p = list_pattern_make(SPAN_NONE, pattern, '.', mem);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		list_pattern_matches(p, names[i]);
}

/* The same bytes as what follows a message literal, in each state that it may leave. */
static void
go_on_appending(struct span text, struct arena *mem)
{
	static const enum append_state states[] = { APPEND_NEXT, APPEND_PARTS, APPEND_CLOSE,
		                                    APPEND_PARTS_CLOSE };

	append_more_is_message(text);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct append_script script = { .waits = true, .state = states[i], .messages = 1 };
		struct cursor c;

		cursor_open(&c, text, mem);
		take_append_steps(&c, &script);
		check(&c, text.at);
		if (!cursor_ok(&c))
			continue;
		if (script.waits ? script.step[script.count - 1].kind != STEP_LITERAL :
		                   script.state != APPEND_NEXT)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make((const char *)data, size);
	struct arena mem = ARENA_EMPTY;
	const struct command *row;
	struct cursor c;
	struct url url;

	cursor_open(&c, text, &mem);
	row = command_find(&c);
	if (row && row->parse) {
		if ((row->flags & STREAMS))
			append_literal_is_message(span_make(c.at, (size_t)(c.end - c.at)),
			                          size % 2);
		row->parse(&c);
	}
	check(&c, text.at);

	/* the same bytes as the arguments of every row */
	for (size_t i = 0; i < command_count; i++) {
		if (!commands[i].parse)
			continue;
		cursor_open(&c, text, &mem);
		c.utf8 = i % 2 == 1;
		commands[i].parse(&c);
		check(&c, text.at);
	}
	go_on_appending(text, &mem);
	url_parse(text, &mem, &url);
	match_names(text, &mem);
	try_name(text, &mem);
	arena_free(&mem);
	return 0;
}
