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
#include "imapd/fetch_modifiers.h"
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

/* fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")"                       RFC 7162 s.7 */
static void
emit_modseq(struct fetch *f, const void *args)
{
	(void)args;
	out_str(&f->s->out, "MODSEQ (");
	out_number(&f->s->out, f->message.modseq);
	out_byte(&f->s->out, ')');
}

/* fetch-att (RFC 3501 s.9); a name that begins another one stands behind it. */
static const struct fetch_item items[] = {
	{ "UID",           FETCH_NAME,               false, NULL,                emit_uid           },
	{ "FLAGS",         FETCH_NAME,               false, NULL,                emit_flags         },
	{ "MODSEQ",        FETCH_NAME,               false, NULL,                emit_modseq        },
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
enum { ITEM_UID, ITEM_FLAGS, ITEM_MODSEQ };

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
	struct fetch_modifiers modifiers;
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

/* ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") */
static void
take_what(struct cursor *c, struct fetch_args *a)
{
	if (try_macro(c, a))
		return;
	if (!try_byte(c, '(')) {
		take_fetch_att(c, a);
		return;
	}
	take_fetch_atts(c, a);
	take_byte(c, ')');
}

/* fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
 *         fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
 *                                                     RFC 3501 s.9, RFC 4466 s.3 */
void *
parse_fetch(struct cursor *c)
{
	struct fetch_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
	take_what(c, a);
	take_fetch_modifiers(c, &a->modifiers);
	if (a->modifiers.has_since && !wants(a, &items[ITEM_MODSEQ]))
		want(a, &items[ITEM_MODSEQ], NULL, c->mem);
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

/*
 * Items that are added to what was asked for: UID, and of a message that this
 * very command changed FLAGS and what belongs to them.
 */
struct added {
	bool uid, modseq, flags;
};

static void
put_response(struct fetch *f, const struct fetch_args *a, struct added added)
{
	const bool is_added[] = { added.uid, added.flags, added.modseq };
	static const int item_of[] = { ITEM_UID, ITEM_FLAGS, ITEM_MODSEQ };
	struct out *o = &f->s->out;
	bool is_first = true;

	put_fetch_start(f->s, f->number);
	for (size_t i = 0; i < sizeof(is_added) / sizeof(is_added[0]); i++) {
		if (!is_added[i])
			continue;
		if (!is_first)
			out_byte(o, ' ');
		items[item_of[i]].emit(f, NULL);
		is_first = false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (!is_first)
			out_byte(o, ' ');
		a->wanted[i].item->emit(f, a->wanted[i].args);
		is_first = false;
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

/* RFC 7162 s.3.2.4: what \Seen changed is told as all unasked changes are, with UID and MODSEQ. */
static struct added
added_to(struct session *s, const struct fetch_args *a, bool by_uid, bool is_seen)
{
	bool has_uid = wants(a, &items[ITEM_UID]), has_flags = wants(a, &items[ITEM_FLAGS]);
	bool is_aware = (s->enabled & ENABLED_CONDSTORE) != 0;
	bool needs_uid = by_uid || (is_seen && (s->enabled & (ENABLED_CONDSTORE | ENABLED_IMAP4REV2)));

	return (struct added){
		.uid = needs_uid && !has_uid && !(s->enabled & ENABLED_UIDONLY),
		.modseq = is_seen && is_aware && !wants(a, &items[ITEM_MODSEQ]),
		.flags = is_seen && !has_flags,
	};
}

/* What is left of the set to be shown; false: the reply is set. */
static bool
choose_uids(struct session *s, const struct fetch_args *a, bool by_uid, struct ranges *uids_out)
{
	if (!session_uids(s, &a->set, by_uid, uids_out))
		return false;
	if (wants(a, &items[ITEM_MODSEQ]))
		session_enable(s, ENABLED_CONDSTORE);
	return fetch_modifiers_run(s, &a->modifiers, &a->set, by_uid, uids_out);
}

void
run_fetch(struct session *s, const void *args, unsigned flags)
{
	const struct fetch_args *a = args;
	bool by_uid = (flags & BY_UID) != 0, is_any_gone = false;
	struct ranges uids, seen = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	int error = 0;
	uint32_t uid;

	if (!choose_uids(s, a, by_uid, &uids))
		return;
	if (a->sees && mailbox_is_writable(s->box))
		mark_seen(s, &uids, &seen);
	if (wants(a, &items[ITEM_FLAGS]) || seen.count > 0)
		report_keywords(s);
	while (ranges_next(&uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);
		struct added added = added_to(s, a, by_uid, ranges_has(&seen, uid));
		int why = number ? fetch_one(s, number, a, added) : ENOENT;

		is_any_gone |= why == ENOENT;
		if (why && why != ENOENT)
			error = why;
	}
	set_reply(s, is_any_gone, error);
}
