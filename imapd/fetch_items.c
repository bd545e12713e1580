/* fetch_items.c - the table of FETCH items, and those that need no message file */
#include "common/mime/date.h"
#include "imapd/fetch.h"

static void
emit_uid(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "UID ");
	out_number(&f->s->out, f->message.uid);
}

static void
emit_flags(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "FLAGS ");
	put_flags(f->s, &f->message);
}

/* fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")"                       RFC 7162 s.7 */
static void
emit_modseq(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "MODSEQ (");
	out_number(&f->s->out, f->message.modseq);
	out_byte(&f->s->out, ')');
}

static void
put_date(struct out *o, time_t date)
{
	char text[DATE_IMAP_ROOM];

	date_print_imap(date, text);
	out_byte(o, '"');
	out_str(o, text);
	out_byte(o, '"');
}

static void
emit_internaldate(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "INTERNALDATE ");
	put_date(&f->s->out, f->date);
}

/* msg-att-dynamic =/ "SAVEDATE" SP (date-time / nil)                             RFC 8514 s.4 */
static void
emit_savedate(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "SAVEDATE ");
	put_date(&f->s->out, f->savedate);
}

static void
emit_size(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "RFC822.SIZE ");
	out_number(&f->s->out, f->size);
}

/* fetch-emailid-resp = "EMAILID" SP "(" objectid ")"                             RFC 8474 s.7 */
static void
emit_emailid(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "EMAILID (");
	out_str(&f->s->out, f->id);
	out_byte(&f->s->out, ')');
}

/* RFC 8474 s.5.2: a server without threads of its own says NIL. */
static void
emit_threadid(struct fetch *f, const void *args, struct span answer)
{
	(void)args;
	(void)answer;
	out_str(&f->s->out, "THREADID NIL");
}

/*
 * fetch-att (RFC 3501 s.9, RFC 9051 s.9, RFC 3516 s.7, RFC 7162 s.7, RFC 8474 s.7, RFC 8514 s.4,
 * RFC 8970 s.6)
 */
const struct fetch_item fetch_items[] = {
	{ "UID", FETCH_NAME, false, NULL, NULL, emit_uid, NULL },
	{ "FLAGS", FETCH_NAME, false, NULL, NULL, emit_flags, NULL },
	{ "MODSEQ", FETCH_NAME, false, NULL, NULL, emit_modseq, NULL },
	{ "INTERNALDATE", FETCH_DATE, false, NULL, NULL, emit_internaldate, NULL },
	{ "RFC822.SIZE", FETCH_SIZE, false, NULL, NULL, emit_size, NULL },
	{ "ENVELOPE", FETCH_HEADER, false, NULL, find_envelope, emit_envelope, NULL },
	{ "BODYSTRUCTURE", FETCH_STRUCTURE, false, NULL, find_bodystructure, emit_bodystructure,
	  NULL },
	{ "BODY.PEEK[", 0, false, parse_section, find_section, emit_section, NULL },
	{ "BODY[", 0, true, parse_section, find_section, emit_section, NULL },
	{ "BODY", FETCH_STRUCTURE, false, NULL, find_body, emit_body, NULL },
	{ "RFC822.HEADER", FETCH_HEADER, false, parse_rfc822_header, NULL, emit_section, NULL },
	{ "RFC822.TEXT", FETCH_BODY, true, parse_rfc822_text, NULL, emit_section, NULL },
	{ "RFC822", FETCH_BODY, true, parse_rfc822, NULL, emit_section, NULL },
	{ "BINARY.PEEK[", 0, false, parse_binary, NULL, emit_binary, check_binary },
	{ "BINARY[", 0, true, parse_binary, NULL, emit_binary, check_binary },
	{ "BINARY.SIZE[", 0, false, parse_binary_size, NULL, emit_binary_size, check_binary },
	{ "EMAILID", FETCH_ID, false, NULL, NULL, emit_emailid, NULL },
	{ "THREADID", FETCH_NAME, false, NULL, NULL, emit_threadid, NULL },
	{ "SAVEDATE", FETCH_SAVEDATE, false, NULL, NULL, emit_savedate, NULL },
	{ "PREVIEW", FETCH_STRUCTURE, false, parse_preview, find_preview, emit_preview, NULL },
};
const size_t fetch_item_count = sizeof(fetch_items) / sizeof(fetch_items[0]);
