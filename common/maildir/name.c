/*
 * name.c - mailbox names: what a client writes, what stands on disk
 *
 * One mailbox has one canonical name and one folder: everything that could be
 * written in two ways (inbox, non-canonical modified UTF-7, a trailing dot) is
 * brought to one form or refused, so that no two names meet in one folder (N03).
 * Names on disk begin with the dot of Maildir++ and thus never collide with
 * cur, new, tmp or a control file (N02); a name that would begin with two dots
 * cannot be made, which leaves "..DOVECOT-TRASHED" to Dovecot.
 */
#include "common/maildir/name.h"

#include "common/base/limits.h"

static const char inbox[] = "INBOX";

/*
 * Levels within the limits, none of them empty, "." and
 * ".." being impossible as '.' is the separator.
 */
static const char *
find_fault_on_disk(struct span disk)
{
	struct span rest = disk, level;
	size_t levels = 0;

	while (span_split(&rest, '.', &level)) {
		if (level.len == 0)
			return "A level of the mailbox name is empty";
		if (level.len > LIMIT_NAME_LEVEL)
			return "A level of the mailbox name is too long";
		if (++levels > LIMIT_NAME_LEVELS)
			return "Mailbox name has too many levels";
	}
	/* The folder's own name is the dot and all levels: one component for the system. */
	if (disk.len + 1 > LIMIT_NAME_LEVEL)
		return "Mailbox name is too long";
	return NULL;
}

static const char *
find_fault(struct span utf8)
{
	if (utf8.len == 0)
		return "Mailbox name is empty";
	if (!utf8_is_valid(utf8))
		return "Mailbox name is not valid UTF-8";
	if (utf8.at[0] == '~')
		return "Mailbox name begins with ~";
	for (size_t i = 0; i < utf8.len; i++) {
		unsigned char c = (unsigned char)utf8.at[i];

		if (c == '/')
			return "Mailbox name holds /, the separator is .";
		if (c < 0x20 || c == 0x7f)
			return "Mailbox name holds a control character";
		/* U+0080 ... U+009F */
		if (c == 0xc2 && (unsigned char)utf8.at[i + 1] < 0xa0)
			return "Mailbox name holds a control character";
	}
	return NULL;
}

/*
 * Writes INBOX as the first level in capitals; "INBOX" below
 * INBOX stays as it is (".INBOX.x" is a folder).
 */
static void
spell_inbox(char *name)
{
	size_t n = sizeof(inbox) - 1;

	if (span_starts_nocase(span_of(name), inbox) && (name[n] == '\0' || name[n] == '.'))
		memcpy(name, inbox, n);
}

const char *
name_from_client(struct span raw, bool utf8, bool may_end_open, struct arena *mem,
                 const char **why_out)
{
	struct buf text = BUF_EMPTY, disk = BUF_EMPTY;
	const char *why = NULL;
	char *name = NULL;

	if (may_end_open && raw.len > 1 && raw.at[raw.len - 1] == '.')
		raw.len--;
	if (raw.len > LIMIT_NAME)
		why = "Mailbox name is too long";
	else if (utf8)
		buf_span(&text, raw);
	else if (!mutf7_decode(raw, &text))
		why = "Mailbox name is not valid modified UTF-7";
	if (!why)
		why = find_fault(buf_view(&text));
	if (!why)
		why = mutf7_encode(buf_view(&text), &disk) ? find_fault_on_disk(buf_view(&disk)) :
		                                             "Mailbox name is not valid UTF-8";
	if (why) {
		*why_out = why;
	} else {
		name = arena_string(mem, buf_view(&text));
		spell_inbox(name);
	}
	buf_free(&text);
	buf_free(&disk);
	return name;
}

static const char *
encode(const char *prefix, const char *name, struct arena *mem)
{
	struct buf out = BUF_EMPTY;
	const char *text;

	buf_str(&out, prefix);
	mutf7_encode(span_of(name), &out);
	text = arena_string(mem, buf_view(&out));
	buf_free(&out);
	return text;
}

const char *
name_to_client(const char *name, bool utf8, struct arena *mem)
{
	return utf8 ? name : encode("", name, mem);
}

const char *
name_to_dir(const char *name, struct arena *mem)
{
	return strcmp(name, inbox) == 0 ? "." : encode(".", name, mem);
}

const char *
name_from_dir(const char *entry, struct arena *mem)
{
	const char *why, *name;

	if (strcmp(entry, ".") == 0)
		return inbox;
	if (entry[0] != '.' || entry[1] == '.' || entry[1] == '\0')
		return NULL;
	name = name_from_client(span_of(entry + 1), false, false, mem, &why);
	/* ".INBOX" would be a second INBOX, ".inbox.x" a second "INBOX.x" */
	if (!name || strcmp(name, inbox) == 0 || strcmp(name_to_dir(name, mem), entry) != 0)
		return NULL;
	return name;
}
