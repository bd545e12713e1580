/*
 * names.c - mailbox names on the wire: the namespace's separator and prefix
 *
 * The separator is changed in the bytes that the client writes, before modified UTF-7 is looked
 * at: neither '.', '/' nor '\' is a byte of its base64.
 */
#include "imapd/names.h"

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/maildir/name.h"

const struct names names_plain = { '.', "" };

static const char inbox[] = "INBOX";

/* Bytes that the separator '/' frees for names, and how they stand where '.' separates. */
static const struct {
	char        plain;
	const char *escaped;
} escapes[] = { { '.', "\\2e" }, { '\\', "\\5c" } };
enum { ESCAPES = sizeof(escapes) / sizeof(escapes[0]), ESCAPED_LENGTH = 3 };

static void
add_byte(struct buf *to, char c, char separator)
{
	for (size_t i = 0; i < ESCAPES; i++) {
		if (c != escapes[i].plain)
			continue;
		buf_str(to, escapes[i].escaped);
		return;
	}
	buf_byte(to, c == separator ? '.' : c);
}

static struct span
with_dots(struct span raw, char separator, struct arena *mem)
{
	struct buf out = BUF_EMPTY;
	struct span copy;

	if (separator == '.')
		return raw;
	for (size_t i = 0; i < raw.len; i++)
		add_byte(&out, raw.at[i], separator);
	copy = arena_copy(mem, raw.len > 0 ? buf_view(&out) : raw);
	buf_free(&out);
	return copy;
}

/* Also what could not be a folder anyway is refused in the words that other names hear (N01). */
static bool
walks(struct span raw, char separator)
{
	struct span level;

	while (separator != '.' && span_split(&raw, separator, &level))
		if (span_is(level, ".") || span_is(level, ".."))
			return true;
	return false;
}

/* Take the prefix away; false: the name is in no namespace.  INBOX needs none. */
static bool
take_prefix(const struct names *n, struct span *raw)
{
	struct span prefix = span_of(n->prefix), head = *raw;

	if (prefix.len == 0 || span_is_nocase(*raw, inbox))
		return true;
	if (head.len > prefix.len)
		head.len = prefix.len;
	/* INBOX in any case, the rest to the letter */
	if (!span_equal(head, prefix) &&
	    !(span_equal_nocase(head, prefix) && span_starts_nocase(prefix, inbox)))
		return false;
	*raw = span_skip(*raw, prefix.len);
	return true;
}

const char *
names_from_client(const struct names *n, struct span raw, bool utf8, bool may_end_open,
                  struct arena *mem, const char **why_out)
{
	size_t given = raw.len;

	*why_out = NULL;
	if (raw.len > LIMIT_NAME)
		*why_out = "Mailbox name is too long";
	else if (!take_prefix(n, &raw))
		*why_out = arena_printf(mem, "Mailbox name must begin with %s", n->prefix);
	else if (given != raw.len && span_is_nocase(raw, inbox))
		*why_out = "INBOX is no mailbox below itself";
	else if (walks(raw, n->separator))
		*why_out = "A level of the mailbox name is . or ..";
	if (*why_out)
		return NULL;
	return name_from_client(with_dots(raw, n->separator, mem), utf8, may_end_open, mem,
	                        why_out);
}

/* The byte that stands escaped at s, or 0. */
static char
escaped_byte(const char *s)
{
	for (size_t i = 0; i < ESCAPES; i++)
		if (strncmp(s, escapes[i].escaped, ESCAPED_LENGTH) == 0)
			return escapes[i].plain;
	return '\0';
}

static const char *
with_separators(const char *name, char separator, struct arena *mem)
{
	char *copy = arena_alloc(mem, strlen(name) + 1), *to = copy;

	while (*name) {
		char escaped = escaped_byte(name);

		*to++ = escaped ? escaped : *name == '.' ? separator : *name;
		name += escaped ? ESCAPED_LENGTH : 1;
	}
	*to = '\0';
	return copy;
}

const char *
names_to_client(const struct names *n, const char *name, bool utf8, struct arena *mem)
{
	const char *shown = name_to_client(name, utf8, mem);

	if (n->separator != '.')
		shown = with_separators(shown, n->separator, mem);
	if (n->prefix[0] && strcmp(name, inbox) != 0)
		shown = arena_printf(mem, "%s%s", n->prefix, shown);
	return shown;
}

bool
names_can_say(const struct names *n, const char *name, struct arena *mem)
{
	const char *why, *back;

	if (n->separator == '.' || !strchr(name, '\\'))
		return true;
	back = names_from_client(n, span_of(names_to_client(n, name, true, mem)), true, false, mem,
	                         &why);
	return back && strcmp(back, name) == 0;
}

const char *
names_from_settings(const struct names *n, const char *name, struct arena *mem)
{
	struct names bare = { n->separator, "" };
	const char *why;

	return names_from_client(&bare, span_of(name), true, false, mem, &why);
}
