/*
 * command_reader.c - collecting one complete, bounded command from the stream
 *
 * A line that ends in an announcement "{n}" or "{n+}" goes on behind n bytes.
 * Limits are looked at before memory is taken or a literal is asked for.  A
 * client that waits for "+" is told BAD instead and stays in step; one that
 * does not wait ("{n+}") already sends, so beyond the limits it gets BYE
 * (RFC 7888 s.4).
 */
#include "imapd/command_reader.h"

#include "common/base/limits.h"
#include "common/base/number.h"
#include "imapd/append.h"
#include "imapd/command.h"
#include "imapd/grammar.h"

enum {
	TAG_BYTES = 128,         /* kept of a line that is too long */
	ANNOUNCEMENT_BYTES = 32, /* no announcement that makes sense is longer */
	KEEP_BYTES = 8192        /* of s->command between two commands */
};

/* "{" number ["+"] "}" at the end of a line; a number beyond all limits is UINT64_MAX. */
static struct pending_literal
announced(struct span line)
{
	struct pending_literal none = { false, false, 0 }, found = { true, true, UINT64_MAX };
	size_t digits_end, at;

	if (line.len < 3 || line.at[line.len - 1] != '}')
		return none;
	digits_end = line.len - 1;
	if (line.at[digits_end - 1] == '+') {
		found.is_sync = false;
		digits_end--;
	}
	for (at = digits_end; at > 0 && ascii_is_digit(line.at[at - 1]); at--)
		;
	if (at == digits_end || at == 0 || line.at[at - 1] != '{')
		return none;
	number_parse(span_make(line.at + at, digits_end - at), UINT64_MAX, &found.left);
	return found;
}

/* Arguments in front of the mailbox: REPLACE names a message first. */
static unsigned
words_before(const struct command *row)
{
	return row->flags & CHANGES ? 1 : 0;
}

/* Is the literal that s->command ends with one that its command reads itself? */
static bool
is_message(struct session *s)
{
	struct cursor c;
	const struct command *row;

	cursor_open(&c, buf_view(&s->command), &s->mem);
	take_tag(&c);
	take_byte(&c, ' ');
	row = command_find(&c);
	return row && (row->flags & STREAMS) &&
	       append_literal_is_message(span_make(c.at, (size_t)(c.end - c.at)),
	                                 words_before(row));
}

static const char *
too_big(struct session *s, bool is_sync, const char *why)
{
	if (!is_sync)
		session_bye(s, why);
	s->reply_code = "TOOBIG";
	return why;
}

/*
 * More than LIMIT_LINE bytes without a line end: keep what the tag may be, read
 * over the rest in constant memory.
 */
static const char *
skip_long_line(struct session *s)
{
	static const char why[] = "Command line is too long";
	struct pending_literal literal;
	struct span line;
	uint64_t skipped = 0;

	if (s->command.len == 0)
		buf_span(&s->command, in_some(&s->in, TAG_BYTES));
	do {
		in_skip(&s->in, LIMIT_LINE - TAG_BYTES - ANNOUNCEMENT_BYTES);
		skipped += LIMIT_LINE - TAG_BYTES - ANNOUNCEMENT_BYTES;
		if (skipped > LIMIT_COMMAND)
			session_bye(s, why);
	} while (in_line(&s->in, LIMIT_LINE, &line) == IN_LINE_TOO_LONG);
	literal = announced(line);
	return too_big(s, !literal.is_there || literal.is_sync, why);
}

static const char *
read_literal(struct session *s, struct pending_literal literal)
{
	size_t size = (size_t)literal.left;

	if (literal.left > LIMIT_LITERAL)
		return too_big(s, literal.is_sync, "Literal is too large");
	if (s->command.len + size > LIMIT_COMMAND)
		return too_big(s, literal.is_sync, "Command is too large");
	if (literal.is_sync)
		out_str(&s->out, "+ OK\r\n");
	buf_str(&s->command, "\r\n");
	in_bytes(&s->in, buf_reserve(&s->command, size), size);
	s->command.len += size;
	return NULL;
}

/* Take another line into s->command; *literal_out is what it announces. */
static const char *
read_line(struct session *s, struct pending_literal *literal_out)
{
	struct span line;

	*literal_out = (struct pending_literal){ false, false, 0 };
	if (in_line(&s->in, LIMIT_LINE, &line) == IN_LINE_TOO_LONG)
		return skip_long_line(s);
	*literal_out = announced(line);
	buf_span(&s->command, line);
	if (s->command.len > LIMIT_COMMAND)
		return too_big(s, !literal_out->is_there || literal_out->is_sync,
		               "Command is too large");
	return NULL;
}

static void
forget_command(struct session *s)
{
	if (s->command.room > KEEP_BYTES)
		buf_free(&s->command);
	buf_reset(&s->command);
}

/* Lines with their literals, up to one that stays in the stream. */
static const char *
read_text(struct session *s, bool (*stays)(struct session *s))
{
	struct pending_literal literal;
	const char *why;

	s->literal.is_there = false;
	forget_command(s);
	while (!(why = read_line(s, &literal)) && literal.is_there) {
		if (stays(s)) {
			s->literal = literal;
			return NULL;
		}
		why = read_literal(s, literal);
		if (why)
			return why;
	}
	return why;
}

static bool
is_message_again(struct session *s)
{
	return append_more_is_message(buf_view(&s->command));
}

const char *
command_read(struct session *s)
{
	return read_text(s, is_message);
}

const char *
command_read_more(struct session *s)
{
	return read_text(s, is_message_again);
}

void
command_ask_literal(struct session *s)
{
	if (s->literal.is_sync)
		out_str(&s->out, "+ OK\r\n");
	s->literal.is_sync = false;
}

void
command_drop_rest(struct session *s)
{
	while (s->literal.is_there && !s->literal.is_sync) {
		if (s->literal.left > s->login->settings->mail_max_append_size)
			session_bye(s, "Literal is too large");
		in_skip(&s->in, s->literal.left);
		forget_command(s);
		read_line(s, &s->literal);
	}
	s->literal.is_there = false;
}
