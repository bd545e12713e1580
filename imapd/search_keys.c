/*
 * search_keys.c - the keys of SEARCH: arguments and meaning of each (RFC 3501 s.6.4.4)
 *
 * Header texts are compared decoded (RFC 2047) and folded, bodies also
 * transfer-decoded and in UTF-8: a client searches for what its user sees.
 */
#include "common/base/limits.h"
#include "common/maildir/name.h"
#include "common/mime/charset.h"
#include "common/mime/date.h"
#include "common/mime/header.h"
#include "imapd/search_message.h"
#include "imapd/search_program.h"
#include "imapd/search_text.h"

/* ---- arguments ---- */

/* astring in the charset of the command, which is US-ASCII or UTF-8 here */
static void
take_needle(struct cursor *c, struct search_key *key)
{
	struct buf folded = BUF_EMPTY;
	struct span text;

	take_byte(c, ' ');
	text = take_astring(c);
	if (!cursor_ok(c))
		return;
	if (!utf8_is_valid(text)) {
		cursor_fail(c, "a search string is not UTF-8");
		return;
	}
	casemap_fold(text, &folded);
	key->needle = folded.len > 0 ? arena_copy(c->mem, buf_view(&folded)) : span_of("");
	buf_free(&folded);
}

static void
take_field_needle(struct cursor *c, struct search_key *key)
{
	take_byte(c, ' ');
	key->field = take_astring(c);
	take_needle(c, key);
}

/* date = date-text / DQUOTE date-text DQUOTE */
static void
take_day(struct cursor *c, struct search_key *key)
{
	struct span text;

	take_byte(c, ' ');
	text = take_astring(c);
	if (cursor_ok(c) && !date_parse_day(text, &key->day))
		cursor_fail(c, "expected a date such as 1-Feb-1994");
}

static void
take_octets(struct cursor *c, struct search_key *key)
{
	take_byte(c, ' ');
	key->octets = take_number64(c);
}

static void
take_keyword(struct cursor *c, struct search_key *key)
{
	struct span name;

	take_byte(c, ' ');
	name = take_atom(c);
	if (name.len > LIMIT_KEYWORD)
		cursor_fail(c, "a keyword is too long");
	if (cursor_ok(c))
		key->keyword = arena_string(c->mem, name);
	key->keyword_bit = -1;
}

static void
take_set(struct cursor *c, struct search_key *key)
{
	key->set = take_sequence_set(c);
	key->has_set = true;
}

static void
take_uids(struct cursor *c, struct search_key *key)
{
	take_byte(c, ' ');
	take_set(c, key);
	key->set_is_uids = true;
}

/* ---- what is in the view ---- */

static bool
match_flags(struct search_message *m, const struct search_key *key)
{
	uint32_t flags = m->message.flags;

	return (flags & key->row->has) == key->row->has && (flags & key->row->lacks) == 0;
}

static bool
match_keyword(struct search_message *m, const struct search_key *key)
{
	return key->keyword_bit >= 0 && (m->message.keywords >> key->keyword_bit & 1) != 0;
}

/* "n:*" always has the last message (RFC 3501 s.6.4.8); that all numbers exist is known. */
static bool
match_set(struct search_message *m, const struct search_key *key)
{
	uint32_t name = key->set_is_uids ? m->message.uid : m->number;
	bool is_last = m->number == mailbox_count(m->box);

	return ranges_has(&key->set.fixed, name) ||
	       (key->set.has_star && (is_last || name >= key->set.star_from));
}

/* ---- sizes and dates ---- */

static bool
match_size(struct search_message *m, const struct search_key *key)
{
	uint64_t octets;

	if (!search_message_size(m, &octets))
		return false;
	return key->row->way < 0 ? octets < key->octets : octets > key->octets;
}

static bool
compare_day(int32_t day, const struct search_key *key)
{
	if (key->row->way == 0)
		return day == key->day;
	return key->row->way < 0 ? day < key->day : day >= key->day;
}

/* INTERNALDATE's day as FETCH shows it: in the server's zone. */
static bool
match_date(struct search_message *m, const struct search_key *key)
{
	struct tm local;
	time_t when;

	if (!search_message_date(m, &when) || !localtime_r(&when, &local))
		return false;
	return compare_day(date_day(when, (int)(local.tm_gmtoff / 60)), key);
}

/* The Date: header's day as the sender wrote it.  Without a readable date no day matches. */
static bool
match_sent(struct search_message *m, const struct search_key *key)
{
	struct span block;
	struct field date;
	time_t when;
	int zone;

	return search_message_header(m, &block) && header_find(block, "Date", &date) &&
	       date_parse(date.value, &when, &zone) && compare_day(date_day(when, zone), key);
}

/* ---- text ---- */

static struct span
wanted_field(const struct search_key *key)
{
	return key->row->field ? span_of(key->row->field) : key->field;
}

/* Any field of that name; an empty string is in every one that is there (RFC 3501, HEADER). */
static bool
match_field(struct search_message *m, const struct search_key *key)
{
	struct span name = wanted_field(key);
	struct span rest;
	struct field field;

	if (!search_message_header(m, &rest))
		return false;
	while (header_next(&rest, &field)) {
		struct arena_mark mark = arena_mark(&m->mem);
		bool is_found = span_equal_nocase(field.name, name) &&
		                search_text_has(header_decode(field.value, &m->mem), key->needle,
		                                &m->text.window);

		arena_release(&m->mem, mark);
		if (is_found)
			return true;
	}
	return false;
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

/* All fields; the lines between that are none, whatever they are, as they stand. */
static void
add_header(struct search_message *m, struct span block)
{
	const char *end = block.at + block.len, *from = block.at;
	struct field field;

	while (!m->text.is_found && header_next(&block, &field)) {
		if (field.whole.at > from)
			add_field(m, SPAN_NONE, span_make(from, (size_t)(field.whole.at - from)));
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
	return p->kind == PART_LEAF && (span_is(p->type.type, "TEXT") || span_is(p->type.type, "MESSAGE"));
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
is_in_body(struct search_message *m, struct span needle)
{
	struct search_text *t = &m->text;
	struct part *root;

	if (!search_message_parts(m, &root))
		return false;
	search_text_begin(t, needle);
	for (const struct part *p = root; p && !t->is_found; p = next_part(p)) {
		if (p != root)
			add_header(m, p->header);
		if (is_text(p))
			part_decode_text(m->source, p, add_piece, t);
		search_text_pause(t);
	}
	return search_text_end(t);
}

/* The header is much cheaper than the body, and often enough. */
static bool
match_text(struct search_message *m, const struct search_key *key)
{
	struct span block;

	if (!search_message_header(m, &block))
		return false;
	search_text_begin(&m->text, key->needle);
	add_header(m, block);
	return search_text_end(&m->text) || is_in_body(m, key->needle);
}

static bool
match_body(struct search_message *m, const struct search_key *key)
{
	return is_in_body(m, key->needle);
}

/* ---- the rows ---- */

#define FLAG_ROW(name, has, lacks) \
	{ name, COST_VIEW, NULL, match_flags, has, lacks, 0, false, NULL }
#define DAY_ROW(name, cost, match, way) { name, cost, take_day, match, 0, 0, way, false, NULL }
#define SIZE_ROW(name, way) { name, COST_STAT, take_octets, match_size, 0, 0, way, false, NULL }
#define KEYWORD_ROW(name, is_not) \
	{ name, COST_VIEW, take_keyword, match_keyword, 0, 0, 0, is_not, NULL }
#define FIELD_ROW(name, take, field) \
	{ name, COST_HEADER, take, match_field, 0, 0, 0, false, field }
#define TEXT_ROW(name, match) { name, COST_BODY, take_needle, match, 0, 0, 0, false, NULL }

const struct search_row search_keys[] = {
	FLAG_ROW("ALL", 0, 0),
	FLAG_ROW("ANSWERED", FLAG_ANSWERED, 0),
	FLAG_ROW("DELETED", FLAG_DELETED, 0),
	FLAG_ROW("DRAFT", FLAG_DRAFT, 0),
	FLAG_ROW("FLAGGED", FLAG_FLAGGED, 0),
	FLAG_ROW("SEEN", FLAG_SEEN, 0),
	FLAG_ROW("RECENT", FLAG_RECENT, 0),
	FLAG_ROW("NEW", FLAG_RECENT, FLAG_SEEN),
	FLAG_ROW("OLD", 0, FLAG_RECENT),
	FLAG_ROW("UNANSWERED", 0, FLAG_ANSWERED),
	FLAG_ROW("UNDELETED", 0, FLAG_DELETED),
	FLAG_ROW("UNDRAFT", 0, FLAG_DRAFT),
	FLAG_ROW("UNFLAGGED", 0, FLAG_FLAGGED),
	FLAG_ROW("UNSEEN", 0, FLAG_SEEN),
	KEYWORD_ROW("KEYWORD", false),
	KEYWORD_ROW("UNKEYWORD", true),
	{ "UID", COST_VIEW, take_uids, match_set, 0, 0, 0, false, NULL },
	SIZE_ROW("LARGER", 1),
	SIZE_ROW("SMALLER", -1),
	DAY_ROW("BEFORE", COST_STAT, match_date, -1),
	DAY_ROW("ON", COST_STAT, match_date, 0),
	DAY_ROW("SINCE", COST_STAT, match_date, 1),
	DAY_ROW("SENTBEFORE", COST_HEADER, match_sent, -1),
	DAY_ROW("SENTON", COST_HEADER, match_sent, 0),
	DAY_ROW("SENTSINCE", COST_HEADER, match_sent, 1),
	FIELD_ROW("BCC", take_needle, "Bcc"),
	FIELD_ROW("CC", take_needle, "Cc"),
	FIELD_ROW("FROM", take_needle, "From"),
	FIELD_ROW("SUBJECT", take_needle, "Subject"),
	FIELD_ROW("TO", take_needle, "To"),
	FIELD_ROW("HEADER", take_field_needle, NULL),
	TEXT_ROW("BODY", match_body),
	TEXT_ROW("TEXT", match_text),
};
const size_t search_key_count = sizeof(search_keys) / sizeof(search_keys[0]);

const struct search_row search_set_row = {
	"set", COST_VIEW, take_set, match_set, 0, 0, 0, false, NULL
};
const struct search_row search_and_row = { "and", COST_VIEW, NULL, NULL, 0, 0, 0, false, NULL };
const struct search_row search_or_row = { "or", COST_VIEW, NULL, NULL, 0, 0, 0, false, NULL };
