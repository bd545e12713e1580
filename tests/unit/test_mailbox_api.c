/* test_mailbox_api.c - an open mailbox: conditions, history, dates and ids */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/limits.h"
#include "common/index/mailbox.h"
#include "tests/unit/maildir_support.h"

enum { COUNT = 6 };

static struct world {
	struct tree     tree;
	struct mailbox *box;
	struct arena    mem;
} w;

static void
open_box(const char *name)
{
	w.box = mailbox_close(w.box);
	assert_int_equal(mailbox_open(w.tree.store, name, MAILBOX_READ_WRITE, &w.box), 0);
}

/* Messages 1 ... COUNT, of 3, 4 ... octets each, with bases that tell when they came. */
static void
begin(void)
{
	char name[64];

	memset(&w, 0, sizeof(w));
	tree_make(&w.tree);
	tree_put(&w.tree, "dovecot-uidlist",
	         "3 V7 N7 G0123456789abcdef0123456789abcdef\n"
	         "1 :1000000001.M1.h\n2 :1000000002.M1.h\n3 Gfeed :1000000003.M1.h\n"
	         "4 :1000000004.M1.h\n5 :1000000005.M1.h\n6 :plain\n");
	for (int i = 1; i < COUNT; i++) {
		snprintf(name, sizeof(name), "cur/100000000%d.M1.h:2,", i);
		tree_put(&w.tree, name, &"aaaaa\n"[COUNT - 1 - i]);
	}
	tree_put(&w.tree, "cur/plain:2,", "x\n");
	assert_int_equal(store_create(w.tree.store, "T"), 0);
	open_box("INBOX");
	assert_int_equal(mailbox_count(w.box), COUNT);
}

static void
end(void)
{
	w.box = mailbox_close(w.box);
	arena_free(&w.mem);
	tree_remove(&w.tree);
}

static void
lose_index(void)
{
	w.box = mailbox_close(w.box);
	unlinkat(w.tree.root, "linnet.map", 0);
	unlinkat(w.tree.root, "linnet.journal", 0);
	open_box("INBOX");
}

static struct ranges
uids(uint32_t first, uint32_t last)
{
	struct ranges set = RANGES_EMPTY;

	ranges_add(&set, &w.mem, first, last);
	return set;
}

/* "1:3,5" */
static void
assert_set(const struct ranges *set, const char *wanted)
{
	struct buf text = BUF_EMPTY;

	buf_str(&text, "");
	for (size_t i = 0; i < set->count; i++) {
		buf_printf(&text, "%s%u", i ? "," : "", set->range[i].first);
		if (set->range[i].last > set->range[i].first)
			buf_printf(&text, ":%u", set->range[i].last);
	}
	assert_string_equal(text.data, wanted);
	buf_free(&text);
}

static void
change_of(struct mailbox *box, uint32_t first, uint32_t last, uint32_t flags)
{
	struct flags_change c = { FLAGS_ADD, flags, NULL, 0, false, 0 };
	struct ranges set = uids(first, last);

	assert_int_equal(mailbox_flags(box, &set, &c, &w.mem, NULL), 0);
}

static void
change(uint32_t first, uint32_t last, uint32_t flags)
{
	change_of(w.box, first, last, flags);
}

static void
take_news(struct mailbox *box)
{
	struct news n;

	assert_int_equal(mailbox_sync(box), 0);
	while (mailbox_next_news(box, true, &n))
		assert_int_not_equal(n.kind, NEWS_LOST);
}

static void
expunge(uint32_t first, uint32_t last)
{
	change(first, last, FLAG_DELETED);
	assert_int_equal(mailbox_expunge(w.box, NULL), 0);
	take_news(w.box);
}

static void
assert_vanished(uint64_t since, const struct ranges *known, const char *wanted)
{
	struct ranges got;

	assert_int_equal(mailbox_vanished(w.box, since, known, &w.mem, &got), 0);
	assert_set(&got, wanted);
}

/* ---- flags under a condition ---- */

/* RFC 7162 s.3.1.3: what changed since is left alone and named; the rest is changed. */
static void
test_unchangedsince(void **state)
{
	struct flags_change c = { FLAGS_ADD, FLAG_FLAGGED, NULL, 0, true, 0 };
	struct flags_result result;
	struct ranges set;
	uint64_t since;

	(void)state;
	begin();
	since = mailbox_highestmodseq(w.box);
	change(2, 3, FLAG_SEEN);
	set = uids(1, 4);
	c.unchanged_since = since;
	assert_int_equal(mailbox_flags(w.box, &set, &c, &w.mem, &result), 0);
	assert_set(&result.modified, "2:3");
	assert_set(&result.gone, "");
	assert_int_equal(mailbox_message(w.box, 1)->flags, FLAG_FLAGGED);
	assert_int_equal(mailbox_message(w.box, 2)->flags, FLAG_SEEN);
	assert_int_equal(mailbox_message(w.box, 4)->flags, FLAG_FLAGGED);
	assert_true(mailbox_message(w.box, 1)->modseq > since);
	/* s.3.1.3: 0 fails for every message */
	c.unchanged_since = 0;
	assert_int_equal(mailbox_flags(w.box, &set, &c, &w.mem, &result), 0);
	assert_set(&result.modified, "1:4");
	/* a change that changes nothing keeps the modseq */
	since = mailbox_message(w.box, 1)->modseq;
	change(1, 1, FLAG_FLAGGED);
	assert_int_equal(mailbox_message(w.box, 1)->modseq, since);
	end();
}

/* Another session's change, and its expunge, count before the condition is asked. */
static void
test_unchangedsince_of_another(void **state)
{
	struct flags_change c = { FLAGS_SET, FLAG_SEEN, NULL, 0, true, 0 };
	struct ranges set;
	struct flags_result result;
	struct mailbox *other;

	(void)state;
	begin();
	assert_int_equal(mailbox_open(w.tree.store, "INBOX", MAILBOX_READ_WRITE, &other), 0);
	c.unchanged_since = mailbox_highestmodseq(w.box);
	change_of(other, 2, 2, FLAG_ANSWERED);
	change_of(other, 5, 5, FLAG_DELETED);
	assert_int_equal(mailbox_expunge(other, NULL), 0);
	set = uids(1, 6);
	assert_int_equal(mailbox_flags(w.box, &set, &c, &w.mem, &result), 0);
	assert_set(&result.modified, "2");
	assert_set(&result.gone, "5");
	mailbox_close(other);
	end();
}

static void
test_next_changed(void **state)
{
	uint64_t first, second;

	(void)state;
	begin();
	first = mailbox_highestmodseq(w.box);
	assert_int_equal(mailbox_next_changed(w.box, 1, first), 0);
	change(2, 2, FLAG_SEEN);
	second = mailbox_highestmodseq(w.box);
	change(5, 5, FLAG_SEEN);
	assert_int_equal(mailbox_next_changed(w.box, 1, first), 2);
	assert_int_equal(mailbox_next_changed(w.box, 3, first), 5);
	assert_int_equal(mailbox_next_changed(w.box, 1, second), 5);
	assert_int_equal(mailbox_next_changed(w.box, 6, first), 0);
	assert_int_equal(mailbox_next_changed(w.box, 1, 0), 1);
	open_box("INBOX");
	assert_int_equal(mailbox_next_changed(w.box, 1, second), 5);
	end();
}

static void
test_first_unseen(void **state)
{
	(void)state;
	begin();
	assert_int_equal(mailbox_first_unseen(w.box), 1);
	change(1, 3, FLAG_SEEN);
	assert_int_equal(mailbox_first_unseen(w.box), 4);
	open_box("INBOX");
	assert_int_equal(mailbox_first_unseen(w.box), 4);
	change(4, 6, FLAG_SEEN);
	assert_int_equal(mailbox_first_unseen(w.box), 0);
	assert_int_equal(mailbox_next_deleted(w.box, 1), 0);
	change(5, 5, FLAG_DELETED);
	assert_int_equal(mailbox_next_deleted(w.box, 1), 5);
	assert_int_equal(mailbox_next_deleted(w.box, 6), 0);
	end();
}

/* ---- history ---- */

/* RFC 7162 s.3.2.5.2 */
static void
test_vanished(void **state)
{
	struct ranges known;
	uint64_t first, second;

	(void)state;
	begin();
	first = mailbox_highestmodseq(w.box);
	expunge(2, 2);
	second = mailbox_highestmodseq(w.box);
	expunge(4, 5);
	for (int again = 0; again < 2; again++) {
		assert_vanished(first, NULL, "2,4:5");
		assert_vanished(second, NULL, "4:5");
		assert_vanished(mailbox_highestmodseq(w.box), NULL, "");
		known = uids(1, 4);
		assert_vanished(first, &known, "2,4");
		known = uids(50, 90); /* never given */
		assert_vanished(first, &known, "");
		open_box("INBOX"); /* another session says the same */
	}
	/* (too little known: all that is not there, of what was given) */
	assert_vanished(1, NULL, "2,4:5");
	end();
}

/* The index is lost, and its history with it: everything that is not there. */
static void
test_vanished_without_history(void **state)
{
	struct ranges known;
	uint64_t before;

	(void)state;
	begin();
	before = mailbox_highestmodseq(w.box);
	expunge(1, 2);
	expunge(5, 5);
	lose_index();
	assert_true(mailbox_highestmodseq(w.box) > before); /* invariant 7 of the store */
	assert_vanished(before, NULL, "1:2,5");
	known = uids(2, 4);
	assert_vanished(before, &known, "2");
	end();
}

/* More expunges than are kept: since when the oldest was forgotten, all that is not there. */
static void
test_vanished_history_is_bounded(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct ranges known = RANGES_EMPTY, got;
	struct buf list = BUF_EMPTY;
	char name[64];
	uint64_t first;

	(void)state;
	memset(&w, 0, sizeof(w));
	tree_make(&w.tree);
	buf_printf(&list, "3 V7 N%u Gabc\n", 2 * LIMIT_INDEX_GONE + 300);
	for (unsigned i = 1; i < 2 * LIMIT_INDEX_GONE + 200; i++) {
		snprintf(name, sizeof(name), "cur/%u.h:2,%s", i, i % 2 ? "T" : "");
		tree_put(&w.tree, name, "");
		buf_printf(&list, "%u :%u.h\n", i, i);
	}
	tree_put(&w.tree, "dovecot-uidlist", list.data);
	open_box("INBOX");
	first = mailbox_highestmodseq(w.box);
	assert_int_equal(mailbox_expunge(w.box, NULL), 0);
	take_news(w.box);
	open_box("INBOX");
	ranges_add(&known, &mem, 1, 9);
	assert_int_equal(mailbox_vanished(w.box, first, &known, &mem, &got), 0);
	assert_set(&got, "1,3,5,7,9");
	assert_int_equal(mailbox_vanished(w.box, first, NULL, &mem, &got), 0);
	assert_true(ranges_total(&got) >= LIMIT_INDEX_GONE + 100);
	buf_free(&list);
	arena_free(&mem);
	end();
}

/* ---- dates and ids ---- */

static void
test_savedate(void **state)
{
	struct ranges set;
	struct copied copied;
	time_t date, now = time(NULL), internal;

	(void)state;
	begin();
	assert_int_equal(mailbox_message_savedate(w.box, 2, &date), 0);
	assert_int_equal(date, 1000000002);
	/* a base that tells no time: INTERNALDATE */
	assert_int_equal(mailbox_message_date(w.box, COUNT, &internal), 0);
	assert_int_equal(mailbox_message_savedate(w.box, COUNT, &date), 0);
	assert_int_equal(date, internal);
	change(2, 2, FLAG_SEEN);
	assert_int_equal(mailbox_message_savedate(w.box, 2, &date), 0);
	assert_int_equal(date, 1000000002);
	/* RFC 8514 s.3: by COPY and MOVE it is saved anew */
	set = uids(2, 2);
	for (int move = 0; move < 2; move++)
		assert_int_equal(mailbox_copy(w.box, &set, "T", move, &w.mem, &copied), 0);
	open_box("T");
	for (uint32_t n = 1; n <= 2; n++) {
		assert_int_equal(mailbox_message_savedate(w.box, n, &date), 0);
		assert_true(date >= now && date <= time(NULL));
	}
	end();
}

/* RFC 8474 s.5.1: alike for copies and after MOVE, different otherwise, and lasting. */
static void
test_message_ids(void **state)
{
	char id[COUNT + 1][MAILBOX_ID_SIZE], got[MAILBOX_ID_SIZE];
	struct ranges set;
	struct copied copied;

	(void)state;
	begin();
	for (uint32_t n = 1; n <= COUNT; n++) {
		assert_int_equal(mailbox_message_id(w.box, n, id[n]), 0);
		for (uint32_t m = 1; m < n; m++)
			assert_string_not_equal(id[m], id[n]);
	}
	assert_string_equal(id[3], "feed"); /* Dovecot's */
	change(1, COUNT, FLAG_SEEN);
	lose_index();
	for (uint32_t n = 1; n <= COUNT; n++) {
		assert_int_equal(mailbox_message_id(w.box, n, got), 0);
		assert_string_equal(got, id[n]);
	}
	set = uids(2, 3);
	for (int move = 0; move < 2; move++)
		assert_int_equal(mailbox_copy(w.box, &set, "T", move, &w.mem, &copied), 0);
	take_news(w.box);
	assert_int_equal(mailbox_message_id(w.box, 2, got), 0);
	assert_string_equal(got, id[4]);
	open_box("T");
	for (uint32_t n = 1; n <= 4; n++) {
		assert_int_equal(mailbox_message_id(w.box, n, got), 0);
		assert_string_equal(got, id[n % 2 ? 2 : 3]);
	}
	/* and back */
	set = uids(3, 3);
	assert_int_equal(mailbox_copy(w.box, &set, "INBOX", true, &w.mem, &copied), 0);
	open_box("INBOX");
	assert_int_equal(mailbox_message_id(w.box, mailbox_count(w.box), got), 0);
	assert_string_equal(got, id[2]);
	end();
}

static void
test_mailbox_id(void **state)
{
	struct mailbox_status status;
	char made[MAILBOX_ID_SIZE];

	(void)state;
	begin();
	assert_string_equal(mailbox_id(w.box), "0123456789abcdef0123456789abcdef");
	assert_int_equal(mailbox_status(w.tree.store, "INBOX", 0, &status), 0);
	assert_string_equal(status.id, mailbox_id(w.box));
	lose_index();
	assert_string_equal(mailbox_id(w.box), status.id);
	/* the index still knows it, also where Dovecot's list is lost (W04) */
	for (int i = 0; i < 2; i++) {
		w.box = mailbox_close(w.box);
		assert_int_equal(unlinkat(w.tree.root, "dovecot-uidlist", 0), 0);
		open_box("INBOX");
		assert_int_equal(mailbox_message(w.box, COUNT)->uid, COUNT);
		assert_string_equal(mailbox_id(w.box), status.id);
	}
	/* made where there is none, another for each, and kept by RENAME */
	open_box("T");
	snprintf(made, sizeof(made), "%s", mailbox_id(w.box));
	assert_string_not_equal(made, status.id);
	assert_true(strlen(made) > 0);
	w.box = mailbox_close(w.box);
	assert_int_equal(store_rename(w.tree.store, "T", "U"), 0);
	open_box("U");
	assert_string_equal(mailbox_id(w.box), made);
	end();
}

/* RFC 9208 s.4.1.4: DELETED-STORAGE */
static void
test_deleted_storage(void **state)
{
	enum { WHAT = STATUS_WITH_SIZE | STATUS_WITH_DELETED_STORAGE };
	struct mailbox_status status;

	(void)state;
	begin();
	assert_int_equal(mailbox_status(w.tree.store, "INBOX", WHAT, &status), 0);
	assert_int_equal(status.deleted_storage, 0);
	assert_int_equal(status.size, 3 + 4 + 5 + 6 + 7 + 3);
	change(2, 3, FLAG_DELETED);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(mailbox_status(w.tree.store, "INBOX", WHAT, &status), 0);
		assert_int_equal(status.deleted, 2);
		assert_int_equal(status.deleted_storage, 4 + 5);
		lose_index();
	}
	assert_int_equal(mailbox_expunge(w.box, NULL), 0);
	assert_int_equal(mailbox_status(w.tree.store, "INBOX", WHAT, &status), 0);
	assert_int_equal(status.deleted_storage, 0);
	assert_int_equal(status.size, 3 + 6 + 7 + 3);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchangedsince),
		cmocka_unit_test(test_unchangedsince_of_another),
		cmocka_unit_test(test_next_changed),
		cmocka_unit_test(test_first_unseen),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_vanished_without_history),
		cmocka_unit_test(test_vanished_history_is_bounded),
		cmocka_unit_test(test_savedate),
		cmocka_unit_test(test_message_ids),
		cmocka_unit_test(test_mailbox_id),
		cmocka_unit_test(test_deleted_storage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
