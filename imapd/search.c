/* search.c - SEARCH and UID SEARCH (RFC 3501 s.6.4.4, RFC 4731), CANCELUPDATE (RFC 5267) */
#include "imapd/commands.h"
#include "imapd/search_context.h"
#include "imapd/search_find.h"
#include "imapd/session.h"

/* search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key) */
void *
parse_search(struct cursor *c)
{
	struct search_request *r = arena_zero(c->mem, sizeof(*r));

	r->text = span_make(c->at, (size_t)(c->end - c->at));
	r->wanted = take_search_return(c);
	take_search_keys(c, r);
	return r;
}

/* IMAP4rev2 knows only ESEARCH, and (ALL) where nothing is said (RFC 9051 s.6.4.4). */
static struct search_request
as_the_session_wants(const struct session *s, const struct search_request *args)
{
	struct search_request r = *args;

	if ((s->enabled & ENABLED_IMAP4REV2) && !r.wanted.is_there)
		r.wanted = (struct search_return){ .is_there = true, .items = RETURN_ALL };
	return r;
}

void
run_search(struct session *s, const void *args, unsigned flags)
{
	struct search_request r = as_the_session_wants(s, args);
	struct search_answer how = { "SEARCH", &r.wanted, (flags & BY_UID) != 0, false };
	struct search_found found;
	int error;

	if (!search_begin(s, &r))
		return;
	how.with_modseq = (r.program.uses & SEARCH_USES_MODSEQ) != 0;
	error = search_find(s, &r.program, &found);
	put_search_answer(s, &how, &found);
	if (r.wanted.items & RETURN_UPDATE)
		search_context_open(s, r.text, how.by_uid, &found);
	search_end(s, &r, &found, error, "Search completed.");
}

struct tags {
	struct span *tag;
	size_t       count, room;
};

/* command-select =/ "CANCELUPDATE" 1*(SP quoted)             RFC 5267 s.5 */
void *
parse_cancelupdate(struct cursor *c)
{
	struct tags *tags = arena_zero(c->mem, sizeof(*tags));

	do {
		take_byte(c, ' ');
		if (!at_byte(c, '"'))
			cursor_fail(c, "expected a tag in quotes");
		tags->tag = arena_grow(c->mem, tags->tag, tags->count, &tags->room,
		                       sizeof(*tags->tag));
		tags->tag[tags->count++] = take_string(c);
	} while (at_byte(c, ' '));
	return tags;
}

void
run_cancelupdate(struct session *s, const void *args, unsigned flags)
{
	const struct tags *tags = args;

	(void)flags;
	for (size_t i = 0; i < tags->count; i++)
		if (!search_context_find(s, tags->tag[i])) {
			reply_no(s, NULL, "No search with this tag is kept up to date.");
			return;
		}
	for (size_t i = 0; i < tags->count; i++)
		search_context_close(s, tags->tag[i]);
	reply_ok(s, NULL, "No further updates.");
}
