/*
 * auth_line.c - lines of Dovecot's authentication protocol: fields between tabs
 *
 * A line is  command *(TAB field) LF .  Within a field five bytes are written as
 * two: NUL is SOH "0", SOH is SOH "1", TAB is SOH "t", CR is SOH "r" and LF is
 * SOH "n", so a value can never add a field or a line.
 */
#include "common/start/auth_line.h"

enum { ESCAPE = '\001' };

static const struct escape {
	char byte, letter;
} escapes[] = {
	{ '\0', '0' }, { ESCAPE, '1' }, { '\t', 't' }, { '\r', 'r' }, { '\n', 'n' },
};
enum { ESCAPES = sizeof(escapes) / sizeof(escapes[0]) };

static const struct escape *
escape_of_letter(char letter)
{
	for (size_t i = 0; i < ESCAPES; i++)
		if (escapes[i].letter == letter)
			return &escapes[i];
	return NULL;
}

static const struct escape *
escape_of_byte(char byte)
{
	for (size_t i = 0; i < ESCAPES; i++)
		if (escapes[i].byte == byte)
			return &escapes[i];
	return NULL;
}

/* The field shrinks where it stands. */
static bool
unescape(struct span *field, char *to)
{
	const char *end = field->at + field->len;
	char *start = to;

	for (const char *p = field->at; p < end; p++) {
		const struct escape *e = NULL;

		if (*p == ESCAPE) {
			if (++p == end)
				return false;
			e = escape_of_letter(*p);
			if (!e)
				return false;
		}
		*to++ = e ? e->byte : *p;
	}
	*field = span_make(start, (size_t)(to - start));
	return true;
}

bool
auth_line_parse(char *line, size_t len, struct auth_line *out)
{
	struct span rest = span_make(line, len), field;

	out->count = 0;
	while (span_split(&rest, '\t', &field)) {
		if (out->count == LIMIT_AUTH_FIELDS || !unescape(&field, line + (field.at - line)))
			return false;
		out->field[out->count++] = field;
	}
	return true;
}

struct span
auth_line_value(const struct auth_line *line, size_t first, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = first; i < line->count; i++)
		if (span_starts(line->field[i], key) && line->field[i].len > len &&
		    line->field[i].at[len] == '=')
			return span_skip(line->field[i], len + 1);
	return SPAN_NONE;
}

bool
auth_line_has(const struct auth_line *line, size_t first, const char *word)
{
	for (size_t i = first; i < line->count; i++)
		if (span_is(line->field[i], word))
			return true;
	return false;
}

static void
put_escaped(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		const struct escape *e = escape_of_byte(value.at[i]);

		if (e) {
			buf_byte(out, ESCAPE);
			buf_byte(out, e->letter);
		} else {
			buf_byte(out, value.at[i]);
		}
	}
}

void
auth_put(struct buf *out, const char *command)
{
	buf_str(out, command);
}

void
auth_put_field(struct buf *out, struct span value)
{
	buf_byte(out, '\t');
	put_escaped(out, value);
}

void
auth_put_number(struct buf *out, uint64_t n)
{
	buf_byte(out, '\t');
	buf_number(out, n);
}

void
auth_put_value(struct buf *out, const char *key, struct span value)
{
	if (!value.at)
		return;
	buf_byte(out, '\t');
	buf_str(out, key);
	buf_byte(out, '=');
	put_escaped(out, value);
}

void
auth_put_end(struct buf *out)
{
	buf_byte(out, '\n');
}
