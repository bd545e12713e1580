/*
 * append_grammar.c - the arguments of APPEND: messages, literals, CATENATE, UTF8
 *
 * A message's literal is not in the text: it ends in an announcement, the octets
 * stay in the stream, and the grammar goes on with the text behind them in the
 * state that it was left in.
 */
#include "common/base/limits.h"
#include "common/mime/date.h"
#include "imapd/append.h"

/* text up to the "{" or "~{" of the announcement that it ends in */
static struct span
before_announcement(struct span text)
{
	while (text.len > 0 && text.at[text.len - 1] != '{')
		text.len--;
	if (text.len > 0)
		text.len--;
	if (text.len > 0 && text.at[text.len - 1] == '~')
		text.len--;
	return text;
}

bool
append_more_is_message(struct span text)
{
	static const char url[] = "URL ";
	struct span before = before_announcement(text);
	size_t n = sizeof(url) - 1;

	return before.len < n || !span_is_nocase(span_skip(before, before.len - n), url);
}

bool
append_literal_is_message(struct span args, unsigned words)
{
	struct span before = before_announcement(args);
	unsigned spaces = 0;

	for (size_t i = 0; i < before.len && spaces <= words + 1; i++)
		spaces += before.at[i] == ' ';
	return (spaces > words + 1 || span_find(before, '\n')) && append_more_is_message(args);
}

static struct append_step *
add_step(struct cursor *c, struct append_script *script, enum append_step_kind kind)
{
	struct append_step *step;

	script->step = arena_grow(c->mem, script->step, script->count, &script->room,
	                          sizeof(*script->step));
	step = &script->step[script->count++];
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	if (++script->parts > LIMIT_APPEND_PARTS)
		cursor_fail(c, "too many messages or parts of messages");
	return step;
}

/* date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE */
static time_t
take_date_time(struct cursor *c)
{
	struct span text = take_string(c);
	time_t date = 0;

	if (cursor_ok(c) && !date_parse_imap(text, &date))
		cursor_fail(c, "expected a date like \"17-Jul-1996 02:44:25 -0700\"");
	return date > 0 ? date : 0;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8 ; literal8 = "~" literal ; the announcement only */
static void
take_announcement(struct cursor *c, struct append_script *script, bool is_utf8)
{
	bool is_binary = try_byte(c, '~');
	struct append_step *step;

	if (is_utf8 && !is_binary)
		cursor_fail(c, "expected a literal like ~{10}");
	if (!try_byte(c, '{'))
		cursor_fail(c, "expected a message literal");
	take_number64(c);
	try_byte(c, '+');
	take_byte(c, '}');
	take_end(c);
	if (!cursor_ok(c))
		return;
	step = add_step(c, script, STEP_LITERAL);
	step->is_binary = is_binary;
	step->is_utf8 = is_utf8;
	step->is_whole = script->state == APPEND_NEXT || script->state == APPEND_CLOSE;
	script->waits = true;
}

/* utf8-literal = "UTF8" SP "(" literal8 ")"                                   RFC 6855 s.4 */
static void
take_utf8_literal(struct cursor *c, struct append_script *script, enum append_state close)
{
	take_byte(c, ' ');
	take_byte(c, '(');
	script->state = close;
	take_announcement(c, script, true);
}

/* cat-part = text-literal / url / utf8-literal                       RFC 4469 s.5, RFC 6855 s.4
 * text-literal = "TEXT" SP literal ; url = "URL" SP astring */
static void
take_cat_part(struct cursor *c, struct append_script *script)
{
	script->state = APPEND_PARTS;
	if (try_whole_word(c, "TEXT")) {
		take_byte(c, ' ');
		take_announcement(c, script, false);
	} else if (try_whole_word(c, "URL")) {
		take_byte(c, ' ');
		add_step(c, script, STEP_URL)->url = take_astring(c);
	} else if (try_whole_word(c, "UTF8")) {
		take_utf8_literal(c, script, APPEND_PARTS_CLOSE);
	} else {
		cursor_fail(c, "expected TEXT, URL or UTF8");
	}
}

/* append-data = literal / literal8 / utf8-literal /
 *               "CATENATE" SP "(" cat-part *(SP cat-part) ")" */
static void
take_append_data(struct cursor *c, struct append_script *script)
{
	if (try_whole_word(c, "CATENATE")) {
		take_byte(c, ' ');
		take_byte(c, '(');
		take_cat_part(c, script);
	} else if (try_whole_word(c, "UTF8")) {
		take_utf8_literal(c, script, APPEND_CLOSE);
	} else {
		take_announcement(c, script, false);
	}
}

/* append-message = [SP flag-list] [SP date-time] SP append-data        RFC 3502, RFC 4466 s.3 */
static void
take_message(struct cursor *c, struct append_script *script)
{
	struct append_step *step;

	if (script->messages > 0 && script->is_single)
		take_end(c);
	script->messages++;
	step = add_step(c, script, STEP_MESSAGE);
	step->date = -1;
	take_byte(c, ' ');
	if (at_byte(c, '(')) {
		take_flag_list(c, &step->list);
		take_byte(c, ' ');
	}
	if (at_byte(c, '"')) {
		step->date = take_date_time(c);
		take_byte(c, ' ');
	}
	take_append_data(c, script);
}

static void
end_message(struct cursor *c, struct append_script *script)
{
	add_step(c, script, STEP_END);
	script->state = APPEND_NEXT;
}

/* The end of the list, or another part of it. */
static void
take_more_parts(struct cursor *c, struct append_script *script)
{
	if (try_byte(c, ')')) {
		end_message(c, script);
		return;
	}
	take_byte(c, ' ');
	take_cat_part(c, script);
}

static void
take_close(struct cursor *c, struct append_script *script)
{
	take_byte(c, ')');
	end_message(c, script);
}

static void
take_part_close(struct cursor *c, struct append_script *script)
{
	take_byte(c, ')');
	script->state = APPEND_PARTS;
}

/* A literal that is the whole message: nothing of it follows. */
static void
begin_piece(struct cursor *c, struct append_script *script)
{
	bool was_plain = script->waits && script->state == APPEND_NEXT;

	script->waits = false;
	script->step = NULL;
	script->count = script->room = 0;
	if (was_plain)
		add_step(c, script, STEP_END);
}

void
take_append_steps(struct cursor *c, struct append_script *script)
{
	static void (*const take[])(struct cursor *c, struct append_script *script) = {
		[APPEND_NEXT] = take_message,
		[APPEND_PARTS] = take_more_parts,
		[APPEND_CLOSE] = take_close,
		[APPEND_PARTS_CLOSE] = take_part_close,
	};

	begin_piece(c, script);
	while (cursor_ok(c) && !script->waits) {
		if (script->state == APPEND_NEXT && script->messages > 0 && at_end(c))
			return;
		take[script->state](c, script);
	}
}
