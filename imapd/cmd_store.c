/* cmd_store.c - STORE and UID STORE */
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

struct store_args {
	struct seq_set   set;
	bool             has_condition; /* UNCHANGEDSINCE */
	uint64_t         unchanged_since;
	enum flags_how   how;
	bool             is_silent;
	struct flag_list list;
};

/* store-modifiers = SP "(" store-modifier *(SP store-modifier) ")"             RFC 4466 s.3
 * store-modifier =/ "UNCHANGEDSINCE" SP mod-sequence-valzer ; only one       RFC 7162 s.7 */
static void
take_store_modifiers(struct cursor *c, struct store_args *a)
{
	take_byte(c, '(');
	if (!try_whole_word(c, "UNCHANGEDSINCE"))
		cursor_fail(c, "expected UNCHANGEDSINCE");
	take_byte(c, ' ');
	a->unchanged_since = take_modseq_or_zero(c);
	a->has_condition = true;
	take_byte(c, ')');
	take_byte(c, ' ');
}

/* store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP
 *                   (flag-list / (flag *(SP flag)))          RFC 3501 s.9, RFC 4466 s.3 */
void *
parse_store(struct cursor *c)
{
	struct store_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
	if (at_byte(c, '('))
		take_store_modifiers(c, a);
	a->how = try_byte(c, '+') ? FLAGS_ADD : try_byte(c, '-') ? FLAGS_REMOVE : FLAGS_SET;
	if (!try_word(c, "FLAGS"))
		cursor_fail(c, "STORE can change only FLAGS");
	a->is_silent = try_word(c, ".SILENT");
	take_byte(c, ' ');
	if (at_byte(c, '(')) {
		take_flag_list(c, &a->list);
		return a;
	}
	do
		take_flag(c, &a->list);
	while (try_byte(c, ' '));
	return a;
}

/* How many of uids are not \Deleted yet, for the log line at the end. */
static uint64_t
count_undeleted(struct session *s, const struct ranges *uids)
{
	struct ranges_walk w = { 0 };
	uint64_t count = 0;
	uint32_t uid;

	while (ranges_next(uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);

		if (number && !(mailbox_message(s->box, number)->flags & FLAG_DELETED))
			count++;
	}
	return count;
}

/*
 * FETCH for what was changed: FLAGS, or MODSEQ alone after .SILENT, which a
 * CONDSTORE-aware client has to get all the same (RFC 7162 s.3.1.3).
 */
static void
put_changed(struct session *s, const struct store_args *a, const struct ranges *uids,
            const struct flags_result *result, bool by_uid)
{
	struct ranges_walk w = { 0 };
	uint32_t uid;

	if (a->is_silent && !(s->enabled & ENABLED_CONDSTORE))
		return;
	report_keywords(s);
	while (ranges_next(uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);

		if (!number || ranges_has(&result->gone, uid) || ranges_has(&result->modified, uid))
			continue;
		if (a->is_silent)
			put_fetch_modseq(s, number);
		else
			put_fetch_flags(s, number, by_uid);
	}
}

/*
 * What kept the others from being changed, so that nobody has to ask for it
 * (RFC 7162 s.3.1.3).  What is news report_news() tells; the rest the client knew once.
 */
static void
put_modified(struct session *s, const struct ranges *modified, bool by_uid)
{
	struct ranges told = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	uint32_t uid;

	if (modified->count == 0)
		return;
	s->flags_told = &told;
	report_news(s, false);
	s->flags_told = NULL;
	while (ranges_next(modified, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);

		if (number && !ranges_has(&told, uid))
			put_fetch_flags(s, number, by_uid);
	}
}

/* resp-text-code =/ "MODIFIED" SP sequence-set ; numbers for STORE, UIDs for UID STORE */
static const char *
modified_code(struct session *s, const struct ranges *modified, bool by_uid)
{
	struct ranges numbers = RANGES_EMPTY;
	struct ranges_walk w = { 0 };
	struct buf text = BUF_EMPTY;
	const char *copy;
	uint32_t uid;

	while (ranges_next(modified, &w, &uid)) {
		uint32_t number = by_uid ? uid : mailbox_number_of(s->box, uid);

		if (number)
			ranges_add(&numbers, &s->mem, number, number);
	}
	buf_str(&text, "MODIFIED ");
	ranges_print(&numbers, &text);
	copy = arena_string(&s->mem, buf_view(&text));
	buf_free(&text);
	return copy;
}

/* RFC 7162 example 11: some are gone and some were modified is a NO. */
static void
set_reply(struct session *s, const struct flags_result *result, bool by_uid)
{
	static const char gone[] = "Store completed; some of the messages are no longer there.";
	const char *code;

	if (result->modified.count == 0) {
		if (result->gone.count > 0)
			reply_ok(s, "EXPUNGEISSUED", gone);
		else
			reply_ok(s, NULL, "Store completed.");
		return;
	}
	code = modified_code(s, &result->modified, by_uid);
	if (result->gone.count > 0)
		reply_no(s, code, gone);
	else
		reply_ok(s, code, "Conditional store failed for some of the messages.");
}

void
run_store(struct session *s, const void *args, unsigned flags)
{
	const struct store_args *a = args;
	struct flags_change change = {
		.how = a->how,
		.flags = a->list.flags,
		.keyword = a->list.keyword,
		.keyword_count = a->list.keyword_count,
		.has_condition = a->has_condition,
		.unchanged_since = a->unchanged_since,
	};
	bool by_uid = (flags & BY_UID) != 0;
	struct flags_result result;
	struct ranges uids;
	uint64_t deleted;

	if (!session_uids(s, &a->set, by_uid, &uids))
		return;
	if (a->has_condition)
		session_enable(s, ENABLED_CONDSTORE);
	deleted = a->how != FLAGS_REMOVE && (a->list.flags & FLAG_DELETED) ?
	                  count_undeleted(s, &uids) :
	                  0;
	if (mailbox_flags(s->box, &uids, &change, &s->mem, &result) < 0) {
		reply_errno(s, "change flags in", mailbox_name(s->box));
		return;
	}
	s->deleted += deleted;
	put_changed(s, a, &uids, &result, by_uid);
	put_modified(s, &result.modified, by_uid);
	set_reply(s, &result, by_uid);
}
