/*
 * search_match_text.c - SEARCH keys that look through the text of a message
 *
 * Header texts are compared decoded (RFC 2047) and folded, bodies also
 * transfer-decoded and in UTF-8: a client searches for what its user sees.
 */
#include "common/mime/charset.h"
#include "common/mime/header.h"
#include "imapd/search_match.h"
#include "imapd/search_text.h"

/* Any field of that name; an empty string is in every one that is there (RFC 3501, HEADER). */
static bool
match_unknown_field(struct search_message *m, const struct search_key *key)
{
	struct span rest;
	struct field field;

	if (!search_message_header(m, &rest))
		return false;
	while (header_next(&rest, &field)) {
		struct arena_mark mark = arena_mark(&m->mem);
		bool is_found = span_equal_nocase(field.name, key->field) &&
		                search_text_has(header_decode(field.value, &m->mem), key->needle,
		                                &m->text.window);

		arena_release(&m->mem, mark);
		if (is_found)
			return true;
	}
	return false;
}

/* Each field of a known text has a byte behind it that no UTF-8 has. */
bool
match_field(struct search_message *m, const struct search_key *key)
{
	struct span text;

	if (key->known < 0)
		return match_unknown_field(m, key);
	if (!search_message_field(m, (enum search_field)key->known, &text) || text.len == 0)
		return false;
	return key->needle.len == 0 ||
	       memmem(text.at, text.len, key->needle.at, key->needle.len) != NULL;
}

/*
 * One text of a header, decoded, behind its name if it has one; nothing is found across two of
 * them.
 */
static void
add_field(struct search_message *m, struct span name, struct span value)
{
	struct arena_mark mark = arena_mark(&m->mem);

	if (name.at) {
		search_text_add(&m->text, name);
		search_text_add(&m->text, span_of(": "));
	}
	search_text_add(&m->text, header_decode(value, &m->mem));
	search_text_pause(&m->text);
	arena_release(&m->mem, mark);
}

/*
 * All fields that may have what is searched; the lines between that are none, whatever they are,
 * as they stand.
 */
static void
add_header(struct search_message *m, const struct search_key *key, struct span block)
{
	const char *end = block.at + block.len, *from = block.at;
	bool may_have = skim_may_have(&key->skim, block, SKIM_HEADER);
	struct field field;

	while (!m->text.is_found && header_next(&block, &field)) {
		if (field.whole.at > from)
			add_field(m, SPAN_NONE, span_make(from, (size_t)(field.whole.at - from)));
		if (may_have || header_has_words(field.value))
			add_field(m, field.name, field.value);
		from = field.whole.at + field.whole.len;
	}
	if (!m->text.is_found)
		add_field(m, SPAN_NONE, span_make(from, (size_t)(end - from)));
}

static bool
add_piece(void *context, struct span utf8)
{
	return !search_text_add(context, utf8);
}

static bool
is_text(const struct part *p)
{
	return p->kind == PART_LEAF &&
	       (span_is(p->type.type, "TEXT") || span_is(p->type.type, "MESSAGE"));
}

/* The part behind p in the order of the message; NULL behind the last. */
static const struct part *
next_part(const struct part *p)
{
	if (p->first)
		return p->first;
	while (p && !p->next)
		p = p->parent;
	return p ? p->next : NULL;
}

/*
 * The body is the text of all text parts and the headers of all
 * parts but the message itself: these stand in the body, and hold the names of
 * attachments and the subjects of messages within.
 */
static bool
is_in_body(struct search_message *m, const struct search_key *key)
{
	struct search_text *t = &m->text;
	struct part *root;

	if (!search_message_parts(m, &root))
		return false;
	search_text_begin(t, key->needle);
	for (const struct part *p = root; p && !t->is_found; p = next_part(p)) {
		if (p != root)
			add_header(m, key, p->header);
		if (is_text(p) && part_text_may_have(m->source, p, &key->skim, &m->spare))
			part_decode_text(m->source, p, add_piece, t);
		search_text_pause(t);
	}
	return search_text_end(t);
}

/* The header is much cheaper than the body, and often enough. */
bool
match_text(struct search_message *m, const struct search_key *key)
{
	struct span block;

	if (!search_message_header(m, &block))
		return false;
	search_text_begin(&m->text, key->needle);
	add_header(m, key, block);
	return search_text_end(&m->text) || is_in_body(m, key);
}

bool
match_body(struct search_message *m, const struct search_key *key)
{
	return is_in_body(m, key);
}

