/* cursor.c - walking one complete command */
#include "imapd/cursor.h"

#include "common/base/limits.h"

void
cursor_open(struct cursor *c, struct span command, struct arena *mem)
{
	memset(c, 0, sizeof(*c));
	c->at = command.at ? command.at : "";
	c->end = c->at + command.len;
	c->mem = mem;
}

bool
cursor_ok(const struct cursor *c)
{
	return !c->why;
}

void
cursor_fail(struct cursor *c, const char *why)
{
	if (!c->why)
		c->why = why;
	c->at = c->end;
}

bool
cursor_enter(struct cursor *c)
{
	if (c->depth == LIMIT_NESTING) {
		cursor_fail(c, "too many parentheses within each other");
		return false;
	}
	c->depth++;
	return cursor_token(c);
}

void
cursor_leave(struct cursor *c)
{
	if (c->depth > 0)
		c->depth--;
}

bool
cursor_token(struct cursor *c)
{
	if (c->tokens == LIMIT_TOKENS)
		cursor_fail(c, "too many arguments");
	else
		c->tokens++;
	return cursor_ok(c);
}

bool
is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && c != '(' && c != ')' && c != '{' && c != '%' && c != '*' &&
	       c != '"' && c != '\\' && c != ']';
}

bool
at_end(const struct cursor *c)
{
	return c->at == c->end;
}

bool
at_byte(const struct cursor *c, char byte)
{
	return c->at < c->end && *c->at == byte;
}

bool
try_byte(struct cursor *c, char byte)
{
	if (!at_byte(c, byte))
		return false;
	c->at++;
	return true;
}

bool
try_word(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if (!span_starts_nocase(span_make(c->at, (size_t)(c->end - c->at)), word))
		return false;
	c->at += n;
	return true;
}

bool
try_whole_word(struct cursor *c, const char *word)
{
	const char *start = c->at;

	if (!try_word(c, word))
		return false;
	if (c->at < c->end && is_atom_char(*c->at)) {
		c->at = start;
		return false;
	}
	return true;
}

/* What take_byte() expected, in words. */
static const char *
missing(char byte)
{
	static const struct {
		char        byte;
		const char *why;
	} words[] = {
		{ ' ', "expected a space and another argument" },
		{ '(', "expected (" },
		{ ')', "expected )" },
		{ '"', "expected \"" },
		{ '[', "expected [" },
		{ ']', "expected ]" },
		{ '<', "expected <" },
		{ '>', "expected >" },
		{ '.', "expected ." },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].byte == byte)
			return words[i].why;
	return "unexpected character";
}

void
take_byte(struct cursor *c, char byte)
{
	if (!try_byte(c, byte))
		cursor_fail(c, missing(byte));
}

void
take_end(struct cursor *c)
{
	if (!at_end(c))
		cursor_fail(c, "unexpected text behind the last argument");
}
