/* search_find.c - what SEARCH, SORT and THREAD share: criteria, and who answers to them */
#include "imapd/search_find.h"

#include <errno.h>
#include <limits.h>

#include "common/mime/charset.h"
#include "imapd/progress.h"
#include "imapd/search_context.h"
#include "imapd/search_message.h"
#include "imapd/session.h"

/* ---- criteria ---- */

static bool
is_utf8_name(struct span name)
{
	return span_is_nocase(name, "UTF-8") || span_is_nocase(name, "US-ASCII");
}

/* The strings of a charset that nobody knows cannot be parsed, so nothing behind it is. */
void
take_search_criteria(struct cursor *c, struct search_request *r)
{
	struct span name = take_astring(c);

	r->has_charset = true;
	r->is_charset_known = cursor_ok(c) && (is_utf8_name(name) || charset_is_known(name));
	if (!r->is_charset_known) {
		c->at = c->end;
		return;
	}
	if (!is_utf8_name(name))
		r->program.charset = name;
	take_search_program(c, &r->program);
}

/* ["CHARSET" SP astring] 1*(SP search-key) */
void
take_search_keys(struct cursor *c, struct search_request *r)
{
	if (try_word(c, " CHARSET ")) {
		take_search_criteria(c, r);
		return;
	}
	r->is_charset_known = true;
	take_search_program(c, &r->program);
}

/* ---- may it be? ---- */

/* What BADCHARSET proposes, as far as this system has it. */
static const char *const charsets[] = {
	"US-ASCII",     "UTF-8",        "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-3",
	"ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",
	"ISO-8859-9",   "ISO-8859-10",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",
	"ISO-8859-16",  "windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258",
	"KOI8-R",       "KOI8-U",       "ISO-2022-JP",  "Shift_JIS",    "EUC-JP",
	"EUC-KR",       "GB18030",      "GBK",          "Big5",
};

/* resp-text-code = "BADCHARSET" [SP "(" charset *(SP charset) ")"]     RFC 9051 s.9 */
static const char *
bad_charset(struct session *s)
{
	struct buf list = BUF_EMPTY;
	const char *code;

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (charset_is_known(span_of(charsets[i])))
			buf_printf(&list, " %s", charsets[i]);
	code = arena_printf(&s->mem, "BADCHARSET (%s)", list.data + 1);
	buf_free(&list);
	return code;
}

static void
refuse_bad(struct session *s, const char *code, const char *text)
{
	reply_bad(s, text);
	s->reply_code = code;
}

/* A BAD leaves "$" as it is, a NO empties it (RFC 5182 s.2.1). */
bool
search_begin(struct session *s, struct search_request *r)
{
	if ((s->enabled & ENABLED_UTF8) && r->has_charset) { /* RFC 6855 s.3 */
		refuse_bad(s, NULL, "a session with UTF8=ACCEPT names no charset");
		return false;
	}
	if ((r->wanted.items & RETURN_UPDATE) && search_context_find(s, s->tag)) {
		refuse_bad(s, NULL, "the tag is one of a search that is kept up to date");
		return false;
	}
	if (!r->is_charset_known) {
		if (r->wanted.items & RETURN_SAVE)
			session_forget_saved(s);
		reply_no(s, bad_charset(s), "Unknown charset");
		return false;
	}
	if ((s->enabled & ENABLED_UIDONLY) && (r->program.uses & SEARCH_USES_NUMBERS)) {
		refuse_bad(s, "UIDREQUIRED", "message numbers are not in use");
		return false;
	}
	s->holds_expunge = (r->program.uses & SEARCH_USES_NUMBERS) != 0;
	if (!search_program_resolve(&r->program, s->box, &s->saved, &s->mem)) {
		refuse_bad(s, NULL, "there is no message with this number");
		return false;
	}
	if (r->program.uses & SEARCH_USES_MODSEQ)
		session_enable(s, ENABLED_CONDSTORE);
	return true;
}

/* ---- which are they? ---- */

static void
add_found(struct session *s, struct search_found *found, uint32_t number)
{
	found->number = arena_grow(&s->mem, found->number, found->count, &found->room,
	                           sizeof(*found->number));
	found->number[found->count++] = number;
}

/* Messages that their flags rule out, which most of many searches are, are passed over at once. */
int
search_find(struct session *s, const struct search_program *program,
            struct search_found *found_out)
{
	struct search_found found = { NULL, 0, 0 };
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	uint64_t cost = program->root->cost;
	struct search_flags flags = search_program_flags(program);
	struct progress progress;
	uint32_t first, last;
	int error;

	search_program_span(program, s->box, &first, &last);
	progress_begin(&progress, s, first <= last ? last - first + 1 : 0);
	for (uint32_t n = first; n <= last; n++) {
		n = mailbox_next_with(s->box, n, flags.has, flags.lacks);
		if (n == 0 || n > last)
			break;
		progress.done = n - first;
		if (!flags.is_all)
			search_message_open(&m, s->box, n);
		if (flags.is_all || search_matches(program, &m))
			add_found(s, &found, n);
		progress_step(&progress, cost > COST_BODY ? COST_BODY : (unsigned)cost + 1);
	}
	error = m.error;
	search_message_free(&m);
	*found_out = found;
	return error;
}

void
search_end(struct session *s, const struct search_request *r, const struct search_found *found,
           int error, const char *done)
{
	if (r->wanted.items & RETURN_SAVE)
		save_search_answer(s, &r->wanted, found);
	if (!error) {
		reply_ok(s, NULL, done);
		return;
	}
	if (r->wanted.items & RETURN_SAVE)
		session_forget_saved(s);
	errno = error;
	reply_errno(s, "search", mailbox_name(s->box));
}
