/*
 * fetch.c - FETCH and UID FETCH: the table of items, the command
 *
 * Before a response is begun everything that may fail for it has been done
 * (fetch_prepare): a message that another session removed is left out whole,
 * and no literal is announced whose octets have not been counted.
 */
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/mime/date.h"
#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "imapd/grammar.h"

#include <errno.h>

static void
emit_uid(struct fetch *f, const void *args)
{
	(void)args;
	out_str(&f->s->out, "UID ");
	out_number(&f->s->out, f->message.uid);
}

static void
emit_flags(struct fetch *f, const void *args)
{
	(void)args;
	out_str(&f->s->out, "FLAGS ");
	put_flags(f->s, &f->message);
}

static void
emit_internaldate(struct fetch *f, const void *args)
{
	char text[DATE_IMAP_ROOM];

	(void)args;
	date_print_imap(f->date, text);
	out_str(&f->s->out, "INTERNALDATE \"");
	out_str(&f->s->out, text);
	out_byte(&f->s->out, '"');
}

static void
emit_size(struct fetch *f, const void *args)
{
	(void)args;
	out_str(&f->s->out, "RFC822.SIZE ");
	out_number(&f->s->out, f->size);
}

/* fetch-att (RFC 3501 s.9); a name that begins another one stands behind it. */
static const struct fetch_item items[] = {
	{ "UID",           FETCH_NAME,               false, NULL,                emit_uid           },
	{ "FLAGS",         FETCH_NAME,               false, NULL,                emit_flags         },
	{ "INTERNALDATE",  FETCH_DATE,               false, NULL,                emit_internaldate  },
	{ "RFC822.SIZE",   FETCH_SIZE,               false, NULL,                emit_size          },
	{ "ENVELOPE",      FETCH_HEADER,             false, NULL,                emit_envelope      },
	{ "BODYSTRUCTURE", FETCH_STRUCTURE,          false, NULL,                emit_bodystructure },
	{ "BODY.PEEK[",    0,                        false, parse_section,       emit_section       },
	{ "BODY[",         0,                        true,  parse_section,       emit_section       },
	{ "BODY",          FETCH_STRUCTURE,          false, NULL,                emit_body          },
	{ "RFC822.HEADER", FETCH_HEADER,             false, parse_rfc822_header, emit_section       },
	{ "RFC822.TEXT",   FETCH_BODY,               true,  parse_rfc822_text,   emit_section       },
	{ "RFC822",        FETCH_BODY,               true,  parse_rfc822,        emit_section       },
};
enum { ITEM_UID, ITEM_FLAGS };

/* RFC 3501 s.6.4.5 */
static const struct macro {
	const char *name, *items;
} macros[] = {
	{ "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
	{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE" },
	{ "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
};

/* An item that was asked for. */
struct wanted {
	const struct fetch_item *item;
	void                    *args;
};

struct fetch_args {
	struct seq_set set;
	struct wanted *wanted;
	size_t         count, room;
	unsigned       cost;
	bool           sees;
};

static void
want(struct fetch_args *a, const struct fetch_item *item, void *args, struct arena *mem)
{
	a->wanted = arena_grow(mem, a->wanted, a->count, &a->room, sizeof(*a->wanted));
	a->wanted[a->count++] = (struct wanted){ item, args };
}

static bool
wants(const struct fetch_args *a, const struct fetch_item *item)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->wanted[i].item == item)
			return true;
	return false;
}

static bool
try_item(struct cursor *c, const struct fetch_item *item)
{
	bool has_section = item->name[strlen(item->name) - 1] == '[';

	return has_section ? try_word(c, item->name) : try_whole_word(c, item->name);
}

static void
take_fetch_att(struct cursor *c, struct fetch_args *a)
{
	for (size_t i = 0; cursor_token(c) && i < sizeof(items) / sizeof(items[0]); i++) {
		unsigned cost = items[i].cost;
		void *args = NULL;

		if (!try_item(c, &items[i]))
			continue;
		if (items[i].parse)
			args = items[i].parse(c, &cost);
		else if (wants(a, &items[i]))
			return;
		want(a, &items[i], args, c->mem);
		a->cost |= cost;
		a->sees |= items[i].sees;
		return;
	}
	cursor_fail(c, "there is no FETCH item of this name");
}

static void
take_fetch_atts(struct cursor *c, struct fetch_args *a)
{
	do
		take_fetch_att(c, a);
	while (try_byte(c, ' '));
}

static bool
try_macro(struct cursor *c, struct fetch_args *a)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		struct cursor inner;

		if (!try_whole_word(c, macros[i].name))
			continue;
		cursor_open(&inner, span_of(macros[i].items), c->mem);
		take_fetch_atts(&inner, a);
		return true;
	}
	return false;
}

/* fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
 *         fetch-att / "(" fetch-att *(SP fetch-att) ")")        RFC 3501 s.9 */
void *
parse_fetch(struct cursor *c)
{
	struct fetch_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
	if (try_macro(c, a))
		return a;
	if (!try_byte(c, '(')) {
		take_fetch_att(c, a);
		return a;
	}
	take_fetch_atts(c, a);
	take_byte(c, ')');
	return a;
}

/* Of uids those that are not \Seen yet. */
static struct ranges
unseen(struct session *s, const struct ranges *uids)
{
	struct ranges result = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	uint32_t uid;

	while (ranges_next(uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);

		if (number && !(mailbox_message(s->box, number)->flags & FLAG_SEEN))
			ranges_add(&result, &s->mem, uid, uid);
	}
	return result;
}

/*
 * Set \Seen where it is missing, in one pass for all messages; *seen_out are
 * those that have it only now.  Where it cannot be set the mail is shown all the same.
 */
static void
mark_seen(struct session *s, const struct ranges *uids, struct ranges *seen_out)
{
	struct flags_change change = { .how = FLAGS_ADD, .flags = FLAG_SEEN };
	struct ranges missing = unseen(s, uids);

	if (missing.count == 0)
		return;
	if (mailbox_flags(s->box, &missing, &change, &s->mem, NULL) == 0)
		*seen_out = missing;
	else
		log_warning("cannot set \\Seen in %s: %s", mailbox_name(s->box), strerror(errno));
}

/* Items that are added to what was asked for: UID, and FLAGS that this very command changed. */
struct added {
	bool uid, flags;
};

static void
put_response(struct fetch *f, const struct fetch_args *a, struct added added)
{
	struct out *o = &f->s->out;

	out_str(o, "* ");
	out_number(o, f->number);
	out_str(o, " FETCH (");
	if (added.uid)
		items[ITEM_UID].emit(f, NULL);
	if (added.uid && added.flags)
		out_byte(o, ' ');
	if (added.flags)
		items[ITEM_FLAGS].emit(f, NULL);
	for (size_t i = 0; i < a->count; i++) {
		if (i > 0 || added.uid || added.flags)
			out_byte(o, ' ');
		a->wanted[i].item->emit(f, a->wanted[i].args);
	}
	out_str(o, ")\r\n");
}

/* 0, or the errno that kept the message from being shown. */
static int
fetch_one(struct session *s, uint32_t number, const struct fetch_args *a, struct added added)
{
	struct arena_mark mark = arena_mark(&s->mem);
	struct fetch f = { .s = s, .number = number, .message = *mailbox_message(s->box, number) };
	bool is_short = false;
	int why = 0;

	if (fetch_prepare(&f, a->cost) == 0) {
		put_response(&f, a, added);
		is_short = f.source && source_is_short(f.source);
	} else {
		why = errno;
	}
	fetch_finish(&f);
	arena_release(&s->mem, mark);
	if (is_short) { /* the octets announced were sent, but the client must not believe them */
		log_error("a message of %s shrank while it was read", mailbox_name(s->box));
		session_bye(s, "A message changed while it was sent.");
	}
	return why;
}

static void
set_reply(struct session *s, bool is_any_gone, int error)
{
	errno = error;
	if (error)
		reply_errno(s, "read a message of", mailbox_name(s->box));
	else if (is_any_gone) /* RFC 5530 s.3 */
		reply_no(s, "EXPUNGEISSUED", "Some of the requested messages no longer exist.");
	else
		reply_ok(s, NULL, "Fetch completed.");
}

void
run_fetch(struct session *s, const void *args, unsigned flags)
{
	const struct fetch_args *a = args;
	bool has_uid = wants(a, &items[ITEM_UID]), has_flags = wants(a, &items[ITEM_FLAGS]);
	bool is_any_gone = false;
	struct ranges uids, seen = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	int error = 0;
	uint32_t uid;

	if (!session_uids(s, &a->set, (flags & BY_UID) != 0, &uids))
		return;
	if (a->sees && mailbox_is_writable(s->box))
		mark_seen(s, &uids, &seen);
	if (has_flags || seen.count > 0)
		report_keywords(s);
	while (ranges_next(&uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);
		struct added added = { (flags & BY_UID) && !has_uid, !has_flags && ranges_has(&seen, uid) };
		int why = number ? fetch_one(s, number, a, added) : ENOENT;

		is_any_gone |= why == ENOENT;
		if (why && why != ENOENT)
			error = why;
	}
	set_reply(s, is_any_gone, error);
}
