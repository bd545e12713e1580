/*
 * search.c - SEARCH and UID SEARCH (RFC 3501 s.6.4.4)
 *
 * The answer is collected as ranges of numbers or UIDs, which come in ascending
 * order, and written at the end by the result writer.
 */
#include <errno.h>

#include "imapd/commands.h"
#include "imapd/search_message.h"
#include "imapd/search_program.h"
#include "imapd/session.h"

static const char badcharset[] = "BADCHARSET (US-ASCII UTF-8)";

struct search_args {
	bool                  is_charset_known;
	struct search_program program;
};

/* ["CHARSET" SP astring] */
static bool
take_charset(struct cursor *c)
{
	struct span name;

	if (!try_word(c, " CHARSET "))
		return true;
	name = take_astring(c);
	return span_is_nocase(name, "UTF-8") || span_is_nocase(name, "US-ASCII");
}

/* search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
 * The strings of a charset that nobody knows cannot be parsed, so nothing behind it is. */
void *
parse_search(struct cursor *c)
{
	struct search_args *a = arena_zero(c->mem, sizeof(*a));

	a->is_charset_known = take_charset(c);
	if (a->is_charset_known)
		take_search_program(c, &a->program);
	else if (cursor_ok(c))
		c->at = c->end;
	return a;
}

/* Does every number exist?  UIDs need not. */
static bool
is_set_valid(const struct search_key *key, uint32_t count)
{
	const struct ranges *fixed = &key->set.fixed;

	if (key->set_is_uids)
		return true;
	if (fixed->count > 0 && fixed->range[fixed->count - 1].last > count)
		return false;
	return !key->set.has_star || key->set.star_from == UINT32_MAX || key->set.star_from <= count;
}

/*
 * What sets and keywords mean in the selected mailbox.  False: the reply is set.
 * Sets stay as they were written: a thousand of "1:*" must not become a thousand lists of UIDs.
 */
static bool
resolve(struct session *s, const struct search_program *program)
{
	for (struct search_key *key = program->last; key; key = key->before) {
		if (key->set.is_saved) {
			reply_bad(s, "no search result was saved");
			return false;
		}
		if (key->has_set && !is_set_valid(key, mailbox_count(s->box))) {
			reply_bad(s, "there is no message with this number");
			return false;
		}
		if (key->keyword)
			key->keyword_bit = mailbox_find_keyword(s->box, key->keyword);
	}
	return true;
}

/* Numbers or UIDs of what matches, in s->mem.  Returns the errno of an unreadable one, or 0. */
static int
collect(struct session *s, const struct search_program *program, bool by_uid, struct ranges *found)
{
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	int error;

	for (uint32_t number = 1; number <= mailbox_count(s->box); number++) {
		uint32_t name;

		search_message_open(&m, s->box, number);
		if (!search_matches(program, &m))
			continue;
		name = by_uid ? m.message.uid : number;
		ranges_add(found, &s->mem, name, name);
	}
	error = m.error;
	search_message_free(&m);
	return error;
}

/* mailbox-data =/ "SEARCH" *(SP nz-number) */
static void
put_search(struct session *s, const struct ranges *found)
{
	struct ranges_walk walk = { 0 };
	uint32_t n;

	out_str(&s->out, "* SEARCH");
	while (ranges_next(found, &walk, &n)) {
		out_byte(&s->out, ' ');
		out_number(&s->out, n);
	}
	out_str(&s->out, "\r\n");
}

void
run_search(struct session *s, const void *args, unsigned flags)
{
	const struct search_args *a = args;
	struct ranges found = RANGES_EMPTY;
	int error = 0;

	if (!a->is_charset_known) {
		reply_no(s, badcharset, "Unknown charset");
		return;
	}
	if (mailbox_count(s->box) > 0) { /* in an empty mailbox even 1:* names no message */
		if (!resolve(s, &a->program))
			return;
		error = collect(s, &a->program, (flags & BY_UID) != 0, &found);
	}
	put_search(s, &found);
	if (error) {
		errno = error;
		reply_errno(s, "search", mailbox_name(s->box));
		return;
	}
	reply_ok(s, NULL, "Search completed.");
}
