/* cmd_store.c - STORE and UID STORE */
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

struct store_args {
	struct seq_set   set;
	enum flags_how   how;
	bool             is_silent;
	struct flag_list list;
};

/* store = "STORE" SP sequence-set SP store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP
 *                   (flag-list / (flag *(SP flag)))          RFC 3501 s.9 */
void *
parse_store(struct cursor *c)
{
	struct store_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
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

static void
put_new_flags(struct session *s, const struct ranges *uids, const struct ranges *gone, bool by_uid)
{
	struct ranges_walk w = { 0 };
	uint32_t uid;

	report_keywords(s);
	while (ranges_next(uids, &w, &uid)) {
		uint32_t number = mailbox_number_of(s->box, uid);

		if (number && !ranges_has(gone, uid))
			put_fetch_flags(s, number, by_uid);
	}
}

void
run_store(struct session *s, const void *args, unsigned flags)
{
	const struct store_args *a = args;
	struct flags_change change = { .how = a->how,
		                       .flags = a->list.flags,
		                       .keyword = a->list.keyword,
		                       .keyword_count = a->list.keyword_count };
	struct flags_result result;
	struct ranges uids;
	uint64_t deleted;

	if (!session_uids(s, &a->set, (flags & BY_UID) != 0, &uids))
		return;
	deleted = a->how != FLAGS_REMOVE && (a->list.flags & FLAG_DELETED) ?
	                  count_undeleted(s, &uids) :
	                  0;
	if (mailbox_flags(s->box, &uids, &change, &s->mem, &result) < 0) {
		reply_errno(s, "change flags in", mailbox_name(s->box));
		return;
	}
	s->deleted += deleted;
	if (!a->is_silent)
		put_new_flags(s, &uids, &result.gone, (flags & BY_UID) != 0);
	if (result.gone.count > 0)
		reply_ok(s, "EXPUNGEISSUED",
		         "Store completed; some of the messages are no longer there.");
	else
		reply_ok(s, NULL, "Store completed.");
}
