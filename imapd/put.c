/* put.c - writing strings, names and flags to the client */
#include "common/base/limits.h"
#include "imapd/cursor.h"
#include "imapd/session.h"

enum { QUOTED_MOST = 1024 /* a longer string goes as a literal, which clients read more easily */ };

enum { MUST_BE_LITERAL = 1 << 0, HAS_ESCAPES = 1 << 1 };

/*
 * What keeps the bytes from standing between quotes as they are: TEXT-CHAR of RFC 3501 s.9, 7-bit,
 * no CR and LF; '"' and '\\' get a '\\' in front.
 */
static unsigned
look_at(struct span s)
{
	static const unsigned char how[256] = {
		['\0'] = MUST_BE_LITERAL, ['\r'] = MUST_BE_LITERAL,
		['\n'] = MUST_BE_LITERAL, [0x7f ... 0xff] = MUST_BE_LITERAL,
		['"'] = HAS_ESCAPES,      ['\\'] = HAS_ESCAPES,
	};
	unsigned found = s.len > QUOTED_MOST ? MUST_BE_LITERAL : 0;

	for (size_t i = 0; i < s.len && !(found & MUST_BE_LITERAL); i++)
		found |= how[(unsigned char)s.at[i]];
	return found;
}

static bool
may_be_atom(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_atom_char(s.at[i]))
			return false;
	return s.len > 0 && s.len <= QUOTED_MOST && !span_is_nocase(s, "NIL");
}

void
put_quoted(struct out *o, struct span s)
{
	size_t from = 0;

	out_byte(o, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] != '"' && s.at[i] != '\\')
			continue;
		out_add(o, s.at + from, i - from);
		out_byte(o, '\\');
		from = i;
	}
	out_add(o, s.at + from, s.len - from);
	out_byte(o, '"');
}

void
put_literal(struct out *o, struct span s)
{
	const char *nul;

	out_byte(o, '{');
	out_number(o, s.len);
	out_str(o, "}\r\n");
	while ((nul = span_find(s, '\0')) != NULL) {
		size_t before = (size_t)(nul - s.at);

		out_add(o, s.at, before);
		out_byte(o, (char)0x80);
		s = span_skip(s, before + 1);
	}
	out_span(o, s);
}

void
put_string(struct out *o, struct span s)
{
	unsigned found = look_at(s);

	if (found & MUST_BE_LITERAL) {
		put_literal(o, s);
	} else if (found & HAS_ESCAPES) {
		put_quoted(o, s);
	} else {
		out_byte(o, '"');
		out_span(o, s);
		out_byte(o, '"');
	}
}

void
put_astring(struct out *o, struct span s)
{
	if (may_be_atom(s))
		out_span(o, s);
	else
		put_string(o, s);
}

void
put_nstring(struct out *o, struct span s)
{
	if (s.at)
		put_string(o, s);
	else
		out_str(o, "NIL");
}

/*
 * UTF-8 between quotes is what UTF8=ACCEPT is (RFC 6855 s.3); canonical names have no control
 * characters.
 */
void
put_mailbox(struct session *s, const char *name)
{
	bool utf8 = (s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) != 0;
	struct span shown = span_of(names_to_client(&s->names, name, utf8, &s->mem));

	if (utf8 && !may_be_atom(shown))
		put_quoted(&s->out, shown);
	else
		put_astring(&s->out, shown);
}

static const struct {
	uint32_t    flag;
	const char *name;
} system_flags[] = {
	{ FLAG_ANSWERED, "\\Answered" }, { FLAG_FLAGGED, "\\Flagged" },
	{ FLAG_DELETED, "\\Deleted" },   { FLAG_SEEN, "\\Seen" },
	{ FLAG_DRAFT, "\\Draft" },       { FLAG_RECENT, "\\Recent" },
};

/* "(\Seen work)"; more is put behind them where it is not NULL. */
static void
put_flag_words(struct session *s, uint32_t flags, uint32_t keywords, const char *more)
{
	const char *space = "";

	out_byte(&s->out, '(');
	for (size_t i = 0; i < sizeof(system_flags) / sizeof(system_flags[0]); i++) {
		if (!(flags & system_flags[i].flag))
			continue;
		out_str(&s->out, space);
		out_str(&s->out, system_flags[i].name);
		space = " ";
	}
	for (unsigned n = 0; keywords >> n; n++) {
		if (!(keywords >> n & 1) || !mailbox_keyword(s->box, n))
			continue;
		out_str(&s->out, space);
		out_str(&s->out, mailbox_keyword(s->box, n));
		space = " ";
	}
	if (more) {
		out_str(&s->out, space);
		out_str(&s->out, more);
	}
	out_byte(&s->out, ')');
}

/*
 * A list without keywords, made once for each set of flags: a mailbox's flags are asked for more
 * often than anything else.
 */
static struct span
plain_flags(uint32_t flags)
{
	static struct {
		char   text[64];
		size_t len;
	} lists[FLAGS_SYSTEM + FLAG_RECENT + 1];
	char *text = lists[flags].text, *to = text;

	if (lists[flags].len > 0)
		return span_make(text, lists[flags].len);
	for (size_t i = 0; i < sizeof(system_flags) / sizeof(system_flags[0]); i++) {
		if (!(flags & system_flags[i].flag))
			continue;
		*to++ = ' ';
		to = stpcpy(to, system_flags[i].name);
	}
	if (to == text)
		to++;
	*text = '(';
	*to++ = ')';
	lists[flags].len = (size_t)(to - text);
	return span_make(text, lists[flags].len);
}

void
put_flags(struct session *s, const struct message *m)
{
	uint32_t hidden = s->enabled & ENABLED_IMAP4REV2 ? FLAG_RECENT : 0;

	if (m->keywords == 0)
		out_span(&s->out, plain_flags(m->flags & ~hidden & (FLAGS_SYSTEM | FLAG_RECENT)));
	else
		put_flag_words(s, m->flags & ~hidden, m->keywords, NULL);
}

void
put_fetch_flags(struct session *s, uint32_t number, bool with_uid)
{
	put_fetch_start(s, number);
	put_fetch_known(s, number, with_uid);
	out_str(&s->out, "FLAGS ");
	put_flags(s, mailbox_message(s->box, number));
	out_str(&s->out, ")\r\n");
}

void
put_mailbox_flags(struct session *s)
{
	unsigned count = mailbox_keyword_count(s->box);
	uint32_t all = count >= 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
	bool writable = mailbox_is_writable(s->box);

	out_str(&s->out, "* FLAGS ");
	put_flag_words(s, FLAGS_SYSTEM, all, NULL);
	out_str(&s->out, "\r\n* OK [PERMANENTFLAGS ");
	put_flag_words(s, writable ? FLAGS_SYSTEM : 0, writable ? all : 0,
	               writable && count < LIMIT_KEYWORDS ? "\\*" : NULL);
	out_str(&s->out, writable ? "] Flags permitted.\r\n" : "] Read-only mailbox.\r\n");
	s->keywords_told = count;
}
