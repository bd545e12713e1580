/*
 * fetch_run.c - FETCH and UID FETCH, message by message
 *
 * For each message the cache is asked first; what it does not have says what is read of the file,
 * which is opened once.  Before a response is begun everything that may fail for it has been done
 * (fetch_prepare): a message that another session removed is left out whole, and no literal is
 * announced whose octets have not been counted.
 */
#include <errno.h>

#include "common/base/log.h"
#include "imapd/commands.h"
#include "imapd/fetch.h"

enum { LOOK_MOST = 100 /* messages of one command whose files are looked at (W07) */ };

/* A command at work. */
struct run {
	struct session *s;
	const struct fetch_args *args;
	bool          by_uid;
	bool          looks;    /* at the files of what the cache has */
	struct ranges seen;     /* UIDs that are \Seen only since this command */
	struct fetch  f;        /* the message at hand */
	bool          is_any_gone, is_encoding_unknown;
	int           error;
};

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
 * Items that are added to what was asked for: UID, and of a message that this very command changed
 * FLAGS and what belongs to them.  RFC 7162 s.3.2.4: what \Seen changed is told as all unasked
 * changes are, with UID and MODSEQ.
 */
struct added {
	bool uid, flags, modseq;
};

static struct added
added_to(const struct run *r, uint32_t uid)
{
	const struct fetch_args *a = r->args;
	unsigned enabled = r->s->enabled;
	bool is_seen = r->seen.count > 0 && ranges_has(&r->seen, uid);
	bool needs_uid =
		r->by_uid || (is_seen && (enabled & (ENABLED_CONDSTORE | ENABLED_IMAP4REV2)));

	return (struct added){
		.uid = needs_uid && !a->has_uid && !(enabled & ENABLED_UIDONLY),
		.flags = is_seen && !a->has_flags,
		.modseq = is_seen && (enabled & ENABLED_CONDSTORE) && !a->has_modseq,
	};
}

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
		fetch_items[item_of[i]].emit(f, NULL, SPAN_NONE);
		is_first = false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (!is_first)
			out_byte(o, ' ');
		a->wanted[i].item->emit(f, a->wanted[i].args, a->wanted[i].answer);
		is_first = false;
	}
	out_str(o, ")\r\n");
}

/* What has still to be paid for the message. */
static unsigned
ask_cache(struct run *r)
{
	const struct fetch_args *a = r->args;
	unsigned cost = a->cost;

	if (r->looks && !r->f.source)
		cache_look(r->s->box, r->f.number, NULL);
	for (size_t i = 0; i < a->count; i++) {
		struct fetch_wanted *w = &a->wanted[i];

		w->answer = SPAN_NONE;
		if (w->item->find && !w->item->find(&r->f, w->args, &w->answer))
			cost |= w->cost;
	}
	return cost;
}

static bool
is_possible(const struct run *r)
{
	const struct fetch_args *a = r->args;

	for (size_t i = 0; i < a->count; i++)
		if (a->wanted[i].item->check &&
		    !a->wanted[i].item->check(&r->f, a->wanted[i].args))
			return false;
	return true;
}

/* 0, or the errno that kept the message from being shown. */
static int
show(struct run *r, uint32_t number)
{
	const struct fetch_args *a = r->args;
	unsigned cost = a->cost;

	fetch_begin(&r->f, r->s, number);
	if ((cost & FETCH_FILE) && fetch_open(&r->f) < 0)
		return errno;
	if (a->finds)
		cost = ask_cache(r);
	if (cost && fetch_prepare(&r->f, cost) < 0)
		return errno;
	if (is_possible(r))
		put_response(&r->f, a, added_to(r, r->f.message.uid));
	else
		r->is_encoding_unknown = true;
	return 0;
}

static void
show_one(struct run *r, uint32_t number)
{
	struct session *s = r->s;
	struct arena_mark mark = arena_mark(&s->mem);
	int why = number ? show(r, number) : ENOENT;
	bool is_short = r->f.source && source_is_short(r->f.source);

	if (r->args->cost || r->args->finds) {
		fetch_finish(&r->f);
		arena_release(&s->mem, mark);
	}
	if (is_short) { /* what was announced was sent, but the client must not believe it */
		log_error("a message of %s shrank while it was read", mailbox_name(s->box));
		session_bye(s, "A message changed while it was sent.");
	}
	if (why == ENOENT)
		r->is_any_gone = true;
	else if (why)
		r->error = why;
}

static void
set_reply(const struct run *r)
{
	struct session *s = r->s;

	errno = r->error;
	if (r->error)
		reply_errno(s, "read a message of", mailbox_name(s->box));
	else if (r->is_encoding_unknown) /* RFC 3516 s.4.3 */
		reply_no(s, "UNKNOWN-CTE", "The content transfer encoding is not known here.");
	else if (r->is_any_gone) /* RFC 5530 s.3 */
		reply_no(s, "EXPUNGEISSUED", "Some of the requested messages no longer exist.");
	else
		reply_ok(s, NULL, "Fetch completed.");
}

/* What is left of the set to be shown; false: the reply is set. */
static bool
choose_uids(struct session *s, const struct fetch_args *a, bool by_uid, struct ranges *uids_out)
{
	if (!session_uids(s, &a->set, by_uid, uids_out))
		return false;
	if (a->has_modseq)
		session_enable(s, ENABLED_CONDSTORE);
	return fetch_modifiers_run(s, &a->modifiers, &a->set, by_uid, uids_out);
}

/* The number of uid, which most times is the one behind the last; 0: it is not there. */
static uint32_t
number_of(const struct mailbox *box, uint32_t uid, uint32_t last)
{
	if (last < mailbox_count(box) && mailbox_message(box, last + 1)->uid == uid)
		return last + 1;
	return mailbox_number_of(box, uid);
}

void
run_fetch(struct session *s, const void *args, unsigned flags)
{
	struct run r = { .s = s, .args = args, .by_uid = (flags & BY_UID) != 0 };
	struct ranges_walk w = { 0 };
	struct ranges uids;
	uint32_t uid, number = 0;

	if (!choose_uids(s, r.args, r.by_uid, &uids))
		return;
	if (r.args->sees && mailbox_is_writable(s->box))
		mark_seen(s, &uids, &r.seen);
	if (r.args->has_flags || r.seen.count > 0)
		report_keywords(s);
	r.looks = r.args->finds && ranges_total(&uids) <= LOOK_MOST;
	out_open_memory(&r.f.made);
	while (ranges_next(&uids, &w, &uid)) {
		number = number_of(s->box, uid, number);
		show_one(&r, number);
	}
	out_close(&r.f.made);
	if (r.f.is_packed)
		log_warning("Mailbox %s: there are compressed or encrypted files in it, which are "
		            "shown as they are: unpack them with the server that packed them",
		            mailbox_name(s->box));
	set_reply(&r);
}
