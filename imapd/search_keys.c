/*
 * search_keys.c - the keys of SEARCH, one row each, and the grammar of their arguments
 *
 * RFC 3501 s.6.4.4 and RFC 9051 s.6.4.4, with the keys of RFC 5032 (WITHIN),
 * RFC 7162 (MODSEQ), RFC 8474 (OBJECTID) and RFC 8514 (SAVEDATE).
 */
#include "common/base/limits.h"
#include "common/maildir/name.h"
#include "common/mime/charset.h"
#include "common/mime/date.h"
#include "imapd/search_match.h"

/* text as UTF-8 behind out; false: it is not of that character set. */
static bool
to_utf8(struct span text, struct span charset, struct buf *out)
{
	struct charset *cs;

	if (!charset.at) {
		buf_span(out, text);
		return utf8_is_valid(text);
	}
	cs = charset_open(charset);
	if (!cs)
		return false;
	charset_convert(cs, text, true, out);
	charset_close(cs);
	return !memmem(out->data, out->len, "\xef\xbf\xbd", 3);
}

static struct span
kept(struct cursor *c, const struct buf *b)
{
	return b->len > 0 ? arena_copy(c->mem, buf_view(b)) : span_of("");
}

/* astring in the charset of the command */
static void
take_needle(struct cursor *c, struct search_key *key)
{
	struct buf utf8 = BUF_EMPTY, folded = BUF_EMPTY;
	struct span text;

	take_byte(c, ' ');
	text = take_astring(c);
	if (cursor_ok(c) && text.len > 0 && !to_utf8(text, key->program->charset, &utf8))
		cursor_fail(c, "a search string is not of its character set");
	if (cursor_ok(c)) {
		casemap_fold(buf_view(&utf8), &folded);
		key->needle = kept(c, &folded);
		skim_open(&key->skim, key->needle);
	}
	buf_free(&utf8);
	buf_free(&folded);
}

static void
take_field(struct cursor *c, struct search_key *key)
{
	key->field = span_of(key->row->field);
	key->known = search_known_field(key->field);
	take_needle(c, key);
}

/* "HEADER" SP header-fld-name SP astring */
static void
take_any_field(struct cursor *c, struct search_key *key)
{
	take_byte(c, ' ');
	key->field = take_astring(c);
	key->known = search_known_field(key->field);
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
	key->number = take_number64(c);
}

/* ("OLDER" / "YOUNGER") SP nz-number                        RFC 5032 s.4 */
static void
take_seconds(struct cursor *c, struct search_key *key)
{
	take_byte(c, ' ');
	key->number = take_nz_number(c);
}

/* entry-flag-name = DQUOTE "/flags/" attr-flag DQUOTE
 * attr-flag       = "\\\\Answered" / ... / attr-flag-keyword  RFC 7162 s.7 */
static void
take_entry_name(struct cursor *c)
{
	struct span name;

	if (!at_byte(c, '"')) {
		cursor_fail(c, "expected a mod-sequence, or an entry name in quotes");
		return;
	}
	name = take_string(c);
	if (cursor_ok(c) && !span_starts_nocase(name, "/flags/"))
		cursor_fail(c, "an entry name begins with /flags/");
}

/* search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
 * search-modseq-ext  = SP entry-name SP entry-type-req
 * entry-type-req     = "priv" / "shared" / "all"            RFC 7162 s.7 */
static void
take_modseq_key(struct cursor *c, struct search_key *key)
{
	key->program->uses |= SEARCH_USES_MODSEQ;
	take_byte(c, ' ');
	if (cursor_ok(c) && !at_end(c) && !ascii_is_digit(*c->at)) {
		take_entry_name(c);
		take_byte(c, ' ');
		if (!try_whole_word(c, "all") && !try_whole_word(c, "shared") &&
		    !try_whole_word(c, "priv"))
			cursor_fail(c, "expected all, shared or priv");
		take_byte(c, ' ');
	}
	key->number = take_modseq_or_zero(c);
}

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-")               RFC 8474 s.7 */
static void
take_objectid(struct cursor *c, struct search_key *key)
{
	struct span id;

	take_byte(c, ' ');
	id = take_atom(c);
	for (size_t i = 0; i < id.len; i++)
		if (!ascii_is_digit(id.at[i]) && id.at[i] != '_' && id.at[i] != '-' &&
		    (ascii_lower(id.at[i]) < 'a' || ascii_lower(id.at[i]) > 'z'))
			cursor_fail(c, "an identifier is of letters, digits, _ and -");
	if (id.len > LIMIT_OBJECTID)
		cursor_fail(c, "an identifier is too long");
	if (cursor_ok(c))
		key->id = arena_string(c->mem, id);
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
	if (!key->set_is_uids && !key->set.is_saved)
		key->program->uses |= SEARCH_USES_NUMBERS;
}

static void
take_uids(struct cursor *c, struct search_key *key)
{
	key->set_is_uids = true;
	take_byte(c, ' ');
	take_set(c, key);
}

#define FLAG_ROW(name, has, lacks) \
	{ name, COST_VIEW, NULL, match_flags, has, lacks, 0, false, NULL }
#define DAY_ROW(name, cost, match, way) { name, cost, take_day, match, 0, 0, way, false, NULL }
#define SIZE_ROW(name, way) { name, COST_STAT, take_octets, match_size, 0, 0, way, false, NULL }
#define AGE_ROW(name, way) { name, COST_STAT, take_seconds, match_age, 0, 0, way, false, NULL }
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
	FIELD_ROW("BCC", take_field, "Bcc"),
	FIELD_ROW("CC", take_field, "Cc"),
	FIELD_ROW("FROM", take_field, "From"),
	FIELD_ROW("SUBJECT", take_field, "Subject"),
	FIELD_ROW("TO", take_field, "To"),
	FIELD_ROW("HEADER", take_any_field, NULL),
	AGE_ROW("YOUNGER", 1),
	AGE_ROW("OLDER", -1),
	{ "MODSEQ", COST_VIEW, take_modseq_key, match_modseq, 0, 0, 0, false, NULL },
	{ "EMAILID", COST_STAT, take_objectid, match_emailid, 0, 0, 0, false, NULL },
	{ "THREADID", COST_VIEW, take_objectid, match_nothing, 0, 0, 0, false, NULL },
	DAY_ROW("SAVEDBEFORE", COST_STAT, match_savedate, -1),
	DAY_ROW("SAVEDON", COST_STAT, match_savedate, 0),
	DAY_ROW("SAVEDSINCE", COST_STAT, match_savedate, 1),
	FLAG_ROW("SAVEDATESUPPORTED", 0, 0),
	TEXT_ROW("BODY", match_body),
	TEXT_ROW("TEXT", match_text),
};
const size_t search_key_count = sizeof(search_keys) / sizeof(search_keys[0]);

const struct search_row search_set_row = {
	"set", COST_VIEW, take_set, match_set, 0, 0, 0, false, NULL
};
const struct search_row search_and_row = { "and", COST_VIEW, NULL, NULL, 0, 0, 0, false, NULL };
const struct search_row search_or_row = { "or", COST_VIEW, NULL, NULL, 0, 0, 0, false, NULL };
