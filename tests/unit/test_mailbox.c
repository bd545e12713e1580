/* test_mailbox.c - an open mailbox: its view, its news, and changes to messages */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/index/mailbox.h"
#include "common/maildir/unique.h"
#include "tests/unit/maildir_support.h"

/*
 * "1 - ; 4 Sa R; ..." would be hard to read: "1:S 4:ST+work*" - UID, flags as letters,
 * keywords, * for \Recent
 */
static void
assert_view(struct mailbox *box, const char *wanted)
{
	static const char letters[] = "RFTSD";
	struct buf text = BUF_EMPTY;

	buf_str(&text, "");
	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		const struct message *m = mailbox_message(box, n);

		buf_printf(&text, "%s%u:", n > 1 ? " " : "", m->uid);
		for (unsigned i = 0; letters[i]; i++)
			if (m->flags >> i & 1)
				buf_byte(&text, letters[i]);
		for (unsigned k = 0; k < mailbox_keyword_count(box); k++)
			if (m->keywords >> k & 1)
				buf_printf(&text, "+%s", mailbox_keyword(box, k));
		if (m->flags & FLAG_RECENT)
			buf_byte(&text, '*');
	}
	assert_string_equal(text.data, wanted);
	buf_free(&text);
}

/* "expunged 2, exists 5, recent 1, keywords, flags 1, lost" */
static void
assert_news(struct mailbox *box, bool may_expunge, const char *wanted)
{
	static const char *const names[] = { "none",     "expunged", "exists", "recent",
		                             "keywords", "flags",    "lost" };
	struct buf text = BUF_EMPTY;
	struct news n;

	buf_str(&text, "");
	assert_int_equal(mailbox_sync(box), 0);
	while (mailbox_next_news(box, may_expunge, &n)) {
		buf_printf(&text, "%s%s", text.len ? ", " : "", names[n.kind]);
		if (n.number)
			buf_printf(&text, " %u", n.number);
	}
	assert_int_equal(n.kind, NEWS_NONE);
	assert_string_equal(text.data, wanted);
	buf_free(&text);
}

static struct mailbox *
open_box(struct tree *t, const char *name)
{
	struct mailbox *box;

	assert_int_equal(mailbox_open(t->store, name, MAILBOX_READ_WRITE, &box), 0);
	return box;
}

static struct ranges
uids(struct arena *mem, uint32_t first, uint32_t last)
{
	struct ranges set = RANGES_EMPTY;

	ranges_add(&set, mem, first, last);
	return set;
}

static int
change(struct mailbox *box, enum flags_how how, uint32_t first, uint32_t last, uint32_t flags,
       const char *keyword)
{
	struct flags_change c = { how, flags, &keyword, keyword ? 1 : 0, false, 0 };
	struct arena mem = ARENA_EMPTY;
	struct ranges set = uids(&mem, first, last);
	int failed = mailbox_flags(box, &set, &c, &mem, NULL), saved = errno;

	arena_free(&mem);
	errno = saved;
	return failed;
}

static void
append_one(struct tree *t, const char *name, uint32_t flags, const char *keyword, const char *text)
{
	struct arena mem = ARENA_EMPTY;
	struct append *a;
	uint32_t uidvalidity;
	struct ranges got;

	assert_int_equal(append_open(t->store, name, &a), 0);
	assert_int_equal(append_message(a, flags, &keyword, keyword ? 1 : 0, -1), 0);
	assert_int_equal(append_write(a, text, strlen(text)), 0);
	assert_int_equal(append_commit(a, &mem, &uidvalidity, &got), 0);
	assert_int_equal(ranges_total(&got), 1);
	append_close(a);
	arena_free(&mem);
}

/* Three messages: two in cur/ with UIDs of Dovecot, one just delivered. */
static void
make_three(struct tree *t)
{
	tree_make(t);
	tree_put(t, "dovecot-uidlist", "3 V7 N9 Gabc\n3 :10.a\n5 W99 Pold-uidl :11.b\n");
	tree_put(t, "dovecot-keywords", "0 work\n");
	tree_put(t, "cur/10.a:2,S", "a\nb\n");
	tree_put(t, "cur/11.b:2,FTa", "x\n");
	tree_put(t, "new/12.c,S=3,W=4", "yz\n");
}

static void
test_opening(void **state)
{
	struct mailbox *box, *other;
	struct tree t;
	uint64_t octets;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_uidvalidity(box), 7);
	assert_int_equal(mailbox_uidnext(box), 10);
	assert_int_equal(mailbox_recent(box), 1);
	assert_view(box, "3:S 5:FT+work 9:*");
	assert_true(tree_has(&t, "cur/12.c,S=3,W=4:2,"));
	assert_int_equal(mailbox_message_size(box, 1, &octets), 0);
	assert_int_equal(octets, 6);
	assert_int_equal(mailbox_message_size(box, 2, &octets), 0);
	assert_int_equal(octets, 99);
	assert_int_equal(mailbox_message_size(box, 3, &octets), 0);
	assert_int_equal(octets, 4);
	assert_string_equal(mailbox_pop3_uidl(box, 2), "old-uidl");
	assert_null(mailbox_pop3_uidl(box, 1));
	assert_string_equal(mailbox_message_base(box, 3), "12.c,S=3,W=4");
	assert_int_equal(mailbox_number_of(box, 5), 2);
	assert_int_equal(mailbox_number_of(box, 4), 0);
	assert_int_equal(mailbox_number_at_or_behind(box, 4), 2);
	assert_int_equal(mailbox_number_at_or_behind(box, 10), 4);
	assert_news(box, true, "");
	/* S09: recent to one session only */
	other = open_box(&t, "INBOX");
	assert_view(other, "3:S 5:FT+work 9:");
	mailbox_close(other);
	mailbox_close(box);
	tree_remove(&t);
}

/* The index cannot be written in this folder. */
static void
forbid_index(struct tree *t)
{
	assert_int_equal(mkdirat(t->root, "linnet.map", 0700), 0);
	assert_int_equal(mkdirat(t->root, "linnet.map/x", 0700), 0);
}

/* The counted size of message 1 is kept in the index. */
static void
test_sizes_are_stored(void **state)
{
	struct mailbox *box;
	struct tree t;
	uint64_t octets;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_message_size(box, 1, &octets), 0);
	mailbox_message_size_is(box, 3, 1234); /* the name is wrong */
	mailbox_close(box);
	tree_put(&t, "cur/10.a:2,S", "a\nb\nnow longer\n");
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_message_size(box, 1, &octets), 0);
	assert_int_equal(octets, 6);
	assert_int_equal(mailbox_message_size(box, 3, &octets), 0);
	assert_int_equal(octets, 1234);
	mailbox_close(box);
	tree_remove(&t);
}

/* Without an index it is kept in the uidlist. */
static void
test_sizes_are_stored_without_index(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct mailbox *box;
	struct span text;
	struct stat st;
	struct tree t;
	uint64_t octets;

	(void)state;
	make_three(&t);
	forbid_index(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_message_size(box, 1, &octets), 0);
	mailbox_message_size_is(box, 3, 1234); /* the name is wrong */
	mailbox_close(box);
	assert_int_equal(file_read(t.root, "dovecot-uidlist", 1000, &mem, &text, &st), 0);
	assert_non_null(strstr(text.at, "3 W6 :10.a\n"));
	assert_non_null(strstr(text.at, "9 W1234 :12.c,S=3,W=4\n"));
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_message_size(box, 3, &octets), 0);
	assert_int_equal(octets, 1234);
	mailbox_close(box);
	arena_free(&mem);
	tree_remove(&t);
}

static void
test_examine(void **state)
{
	struct mailbox_status st;
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	assert_int_equal(mailbox_status(t.store, "INBOX", STATUS_WITH_SIZE, &st), 0);
	assert_int_equal(st.messages, 3);
	assert_int_equal(st.recent, 1);
	assert_int_equal(st.unseen, 2);
	assert_int_equal(st.deleted, 1);
	assert_int_equal(st.uidnext, 10);
	assert_int_equal(st.size, 6 + 99 + 4);
	assert_int_equal(mailbox_open(t.store, "INBOX", MAILBOX_READ_ONLY, &box), 0);
	assert_false(mailbox_is_writable(box));
	assert_view(box, "3:S 5:FT+work 9:*");
	assert_true(tree_has(&t, "new/12.c,S=3,W=4"));
	assert_int_equal(change(box, FLAGS_ADD, 1, 9, FLAG_SEEN, NULL), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(mailbox_expunge(box, NULL), -1);
	mailbox_close(box);
	assert_int_equal(mailbox_open(t.store, "none", MAILBOX_READ_ONLY, &box), -1);
	assert_int_equal(errno, ENOENT);
	tree_remove(&t);
}

/* W01: what others do to the files */
static void
test_foreign_changes(void **state)
{
	struct mailbox *box;
	struct tree t;
	int fd;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(renameat(t.root, "cur/10.a:2,S", t.root, "cur/10.a:2,RS"), 0);
	assert_int_equal(unlinkat(t.root, "cur/11.b:2,FTa", 0), 0);
	tree_put(&t, "new/20.d", "d\n");
	tree_put(&t, "new/19.e", "e\n");
	fd = mailbox_message_open(box, 1);
	assert_true(fd >= 0);
	close(fd);
	assert_news(box, false, "exists 5, recent 3, flags 1");
	assert_view(box, "3:RS 5:FT+work 9:* 10:* 11:*");
	assert_int_equal(mailbox_message_open(box, 2), -1);
	assert_int_equal(errno, ENOENT);
	assert_news(box, true, "expunged 2");
	assert_view(box, "3:RS 9:* 10:* 11:*");
	assert_string_equal(mailbox_message_base(box, 3), "19.e");
	mailbox_close(box);
	tree_remove(&t);
}

/* W03: a file that comes back gets a new UID, in this session and in the next */
static void
test_restored(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	assert_news(box, true, "expunged 2");
	tree_put(&t, "cur/11.b:2,S", "x\n");
	assert_news(box, true, "exists 3, recent 2");
	assert_view(box, "3:S 9:* 10:S*");
	mailbox_close(box);
	tree_remove(&t);
}

static void
test_flags(void **state)
{
	struct mailbox *box, *other;
	struct tree t;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	other = open_box(&t, "INBOX");
	assert_int_equal(change(box, FLAGS_ADD, 1, 5, FLAG_DRAFT, "$New"), 0);
	assert_view(box, "3:SD+$New 5:FTD+work+$New 9:*");
	assert_news(box, true, "keywords");
	/* S03, S18: the other one still has the old names; both changes stay */
	assert_int_equal(change(other, FLAGS_ADD, 3, 3, FLAG_FLAGGED, NULL), 0);
	assert_view(other, "3:FSD+$New 5:FT+work 9:");
	/* message 3 was changed by the other one, too: that is told although the own change was */
	assert_news(other, true, "keywords, flags 1, flags 2");
	assert_view(other, "3:FSD+$New 5:FTD+work+$New 9:");
	assert_int_equal(change(other, FLAGS_REMOVE, 5, 5, FLAG_DELETED, "work"), 0);
	assert_int_equal(change(other, FLAGS_REMOVE, 5, 5, 0, "unheard-of"), 0);
	assert_int_equal(change(other, FLAGS_SET, 9, 9, FLAG_ANSWERED, "WORK"), 0);
	assert_view(other, "3:FSD+$New 5:FD+$New 9:R+work");
	assert_news(box, true, "flags 1, flags 2, flags 3");
	assert_view(box, "3:FSD+$New 5:FD+$New 9:R+work*");
	mailbox_close(other);
	mailbox_close(box);
	tree_remove(&t);
}

static void
test_too_many_keywords(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	for (int i = 0; i < 25; i++) {
		char name[] = "kX";

		name[1] = (char)('A' + i);
		assert_int_equal(change(box, FLAGS_ADD, 3, 3, 0, name), 0);
	}
	assert_int_equal(change(box, FLAGS_ADD, 3, 3, 0, "more"), -1);
	assert_int_equal(errno, EMLINK);
	assert_int_equal(mailbox_keyword_count(box), 26);
	mailbox_close(box);
	tree_remove(&t);
}

/* S17: letters of a lost keyword file keep their place in the names */
static void
test_lost_keywords(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	assert_int_equal(unlinkat(t.root, "dovecot-keywords", 0), 0);
	box = open_box(&t, "INBOX");
	assert_view(box, "3:S 5:FT 9:*");
	assert_int_equal(change(box, FLAGS_SET, 5, 5, 0, "fresh"), 0);
	assert_true(tree_has(&t, "cur/11.b:2,ab"));
	mailbox_close(box);
	tree_remove(&t);
}

/* S01 */
static void
test_expunge(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct mailbox *box, *other;
	struct ranges set;
	struct tree t;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	other = open_box(&t, "INBOX");
	assert_int_equal(change(box, FLAGS_ADD, 9, 9, FLAG_DELETED, NULL), 0);
	set = uids(&mem, 1, 3);
	assert_int_equal(mailbox_expunge(box, &set), 0); /* not \Deleted */
	assert_news(box, true, "");
	set = uids(&mem, 9, 9);
	assert_int_equal(mailbox_expunge(box, &set), 0);
	assert_int_equal(mailbox_expunge(other, NULL), 0);
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	assert_news(box, true, "expunged 3, expunged 2, recent");
	assert_news(other, true, "expunged 3, expunged 2");
	assert_view(box, "3:S");
	assert_view(other, "3:S");
	append_one(&t, "INBOX", 0, NULL, "z\r\n");
	assert_news(other, true, "exists 2, recent 1");
	assert_view(other, "3:S 10:*");
	mailbox_close(other);
	mailbox_close(box);
	arena_free(&mem);
	tree_remove(&t);
}

/* A message undeleted by another session is not removed. */
static void
test_expunge_undeleted(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	assert_int_equal(renameat(t.root, "cur/11.b:2,FTa", t.root, "cur/11.b:2,Fa"), 0);
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	assert_news(box, true, "flags 2");
	assert_view(box, "3:S 5:F+work 9:*");
	mailbox_close(box);
	tree_remove(&t);
}

static void
test_copy_and_move(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct timespec old[2] = { { 0, UTIME_OMIT }, { 1000000000, 0 } };
	struct mailbox *box, *target;
	struct copied copied;
	struct ranges set;
	struct tree t;
	time_t date;

	(void)state;
	make_three(&t);
	assert_int_equal(utimensat(t.root, "cur/11.b:2,FTa", old, 0), 0);
	assert_int_equal(store_create(t.store, "T"), 0);
	append_one(&t, "T", FLAG_SEEN, "play", "t\r\n");
	box = open_box(&t, "INBOX");
	target = open_box(&t, "T");
	set = uids(&mem, 4, 100);
	assert_int_equal(mailbox_copy(box, &set, "none", false, &mem, &copied), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mailbox_copy(box, &set, "T", false, &mem, &copied), 0);
	assert_int_equal(copied.uidvalidity, mailbox_uidvalidity(target));
	assert_int_equal(ranges_total(&copied.from), 2);
	assert_int_equal(copied.from.range[0].first, 5);
	assert_int_equal(copied.to.range[0].first, 2);
	assert_int_equal(copied.to.range[0].last, 3);
	assert_news(target, true, "exists 3, recent 1, keywords");
	assert_view(target, "1:S+play 2:FT+work 3:*");
	assert_int_equal(mailbox_message_date(target, 2, &date), 0);
	assert_int_equal(date, 1000000000);
	set = uids(&mem, 5, 5);
	assert_int_equal(mailbox_copy(box, &set, "T", true, &mem, &copied), 0);
	assert_int_equal(copied.to.range[0].first, 4);
	assert_news(box, true, "expunged 2");
	assert_view(box, "3:S 9:*");
	assert_news(target, true, "exists 4");
	assert_int_equal(mailbox_message_date(target, 4, &date), 0);
	assert_int_equal(date, 1000000000);
	/* into itself */
	set = uids(&mem, 3, 3);
	assert_int_equal(mailbox_copy(box, &set, "INBOX", false, &mem, &copied), 0);
	assert_int_equal(mailbox_copy(box, &set, "INBOX", true, &mem, &copied), 0);
	assert_news(box, true, "expunged 1, exists 3");
	assert_view(box, "9:* 10:S 11:S");
	/* S08: of UIDs that are not there */
	assert_int_equal(mailbox_copy(box, &set, "T", true, &mem, &copied), 0);
	assert_int_equal(copied.from.count, 0);
	mailbox_close(target);
	mailbox_close(box);
	arena_free(&mem);
	tree_remove(&t);
}

/* S07: the sources were renamed or removed by others just before */
static void
test_copy_of_changed(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct copied copied;
	struct mailbox *box;
	struct ranges set;
	struct tree t;

	(void)state;
	for (int move = 0; move <= 1; move++) {
		make_three(&t);
		assert_int_equal(store_create(t.store, "T"), 0);
		box = open_box(&t, "INBOX");
		assert_int_equal(renameat(t.root, "cur/10.a:2,S", t.root, "cur/10.a:2,RS"), 0);
		assert_int_equal(unlinkat(t.root, "cur/11.b:2,FTa", 0), 0);
		set = uids(&mem, 1, UINT32_MAX);
		assert_int_equal(mailbox_copy(box, &set, "T", move, &mem, &copied), 0);
		assert_int_equal(ranges_total(&copied.from), 2);
		assert_int_equal(ranges_total(&copied.to), 2);
		assert_false(ranges_has(&copied.from, 5));
		mailbox_close(box);
		box = open_box(&t, "T");
		assert_int_equal(mailbox_count(box), 2);
		assert_int_equal(mailbox_message(box, 1)->flags & FLAGS_SYSTEM,
		                 FLAG_ANSWERED | FLAG_SEEN);
		mailbox_close(box);
		tree_remove(&t);
	}
	arena_free(&mem);
}

static void
test_append_several(void **state)
{
	struct arena mem = ARENA_EMPTY;
	const char *keyword[] = { "one", "two" };
	struct mailbox *box;
	uint32_t uidvalidity;
	struct ranges got;
	struct append *a;
	struct tree t;
	uint64_t octets;
	time_t date;

	(void)state;
	tree_make(&t);
	assert_int_equal(append_open(t.store, "none", &a), -1);
	assert_int_equal(errno, ENOENT);
	box = open_box(&t, "INBOX");
	assert_int_equal(append_open(t.store, "INBOX", &a), 0);
	assert_int_equal(append_message(a, FLAG_SEEN | FLAG_RECENT, keyword, 2, 5), 0);
	assert_int_equal(append_write(a, "a\r", 2), 0);
	assert_int_equal(append_write(a, "\nb\r\n", 4), 0);
	assert_int_equal(append_message(a, 0, NULL, 0, -1), 0);
	assert_int_equal(append_commit(a, &mem, &uidvalidity, &got), 0);
	append_close(a);
	assert_int_equal(uidvalidity, mailbox_uidvalidity(box));
	assert_news(box, true, "exists 2, recent 1, keywords");
	assert_view(box, "1:S+one+two 2:*");
	assert_int_equal(mailbox_message_size(box, 1, &octets), 0);
	assert_int_equal(octets, 6);
	assert_int_equal(mailbox_message_date(box, 1, &date), 0);
	assert_int_equal(date, 5);
	/* given up: nothing is left */
	assert_int_equal(append_open(t.store, "INBOX", &a), 0);
	assert_int_equal(append_message(a, 0, NULL, 0, -1), 0);
	assert_int_equal(append_write(a, "x", 1), 0);
	append_close(a);
	assert_news(box, true, "");
	assert_int_equal(rmdir(t.path), -1);
	assert_int_equal(unlinkat(t.root, "tmp", AT_REMOVEDIR), 0); /* it is empty */
	mailbox_close(box);
	arena_free(&mem);
	tree_remove(&t);
}

/* What waits for a folder that is deleted or renamed meanwhile is refused and leaves nothing. */
static void
test_target_gone(void **state)
{
	struct arena mem = ARENA_EMPTY;
	uint32_t uidvalidity;
	struct ranges got;
	struct append *a;
	struct tree t;

	(void)state;
	for (int how = 0; how < 2; how++) {
		tree_make(&t);
		assert_int_equal(store_create(t.store, "A"), 0);
		assert_int_equal(append_open(t.store, "A", &a), 0);
		assert_int_equal(append_message(a, 0, NULL, 0, -1), 0);
		assert_int_equal(append_write(a, "x", 1), 0);
		assert_int_equal(how ? renameat(t.root, ".A", t.root, "linnet.gone.1") :
		                       store_rename(t.store, "A", "B"),
		                 0);
		assert_int_equal(append_commit(a, &mem, &uidvalidity, &got), -1);
		assert_int_equal(errno, ENOENT);
		append_close(a);
		assert_false(tree_has(&t, ".B/dovecot-uidlist.lock"));
		tree_remove(&t);
	}
	arena_free(&mem);
}

/* W05, W06: bases that come twice or cannot stand in a uidlist */
static void
test_odd_files(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	tree_put(&t, "cur/11.b:2,S", "another\n");
	tree_put(&t, "new/10.a", "another still\n");
	tree_put(&t, "cur/30.x:2,S", "p\n");
	tree_put(&t, "cur/30.x:2,F", "q\n");
	tree_put(&t, "cur/40\nx:2,D", "line end\n");
	tree_put(&t, "cur/50!2,S", "other separator\n");
	assert_int_equal(linkat(t.root, "new/12.c,S=3,W=4", t.root, "cur/12.c,S=3,W=4:2,", 0), 0);
	assert_int_equal(mkfifoat(t.root, "cur/60.fifo", 0600), 0);
	assert_int_equal(symlinkat("/etc/passwd", t.root, "new/70.link"), 0);
	assert_int_equal(mkdirat(t.root, "cur/80.dir", 0700), 0);
	tree_put(&t, "cur/.hidden", "");
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_count(box), 9);
	assert_int_equal(mailbox_message(box, 1)->uid, 3);
	assert_int_equal(mailbox_message(box, 2)->uid, 5);
	assert_false(tree_has(&t, "cur/40\nx:2,D"));
	assert_true(tree_has(&t, "cur/50!2,S"));
	assert_true(tree_has(&t, "cur/12.c,S=3,W=4:2,"));
	/*
	 * a link that is so fresh may be a rename seen twice: one message, and neither name is
	 * removed
	 */
	assert_true(tree_has(&t, "new/12.c,S=3,W=4"));
	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		int fd = mailbox_message_open(box, n);

		assert_true(fd >= 0);
		close(fd);
	}
	mailbox_close(box);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_count(box), 9);
	mailbox_close(box);
	tree_remove(&t);
}

/* As on a full disk, where not even a lock file can be written. */
static void
let_write(bool may)
{
	struct rlimit limit = { may ? RLIM_INFINITY : 0, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* W05 where nobody can mend it: no file is put over another. */
static void
test_twins_on_a_full_disk(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	make_three(&t);
	mailbox_close(open_box(&t, "INBOX"));
	tree_put(&t, "cur/10.a:2,F", "another\n");
	tree_put(&t, "cur/20.n:2,", "cur\n");
	tree_put(&t, "new/20.n", "new\n");
	let_write(false);
	box = open_box(&t, "INBOX");
	assert_true(change(box, FLAGS_SET, 3, 3, FLAG_FLAGGED, NULL) != 0 ||
	            change(box, FLAGS_SET, 3, 3, FLAG_SEEN, NULL) != 0);
	assert_true(tree_has(&t, "cur/10.a:2,S") && tree_has(&t, "cur/10.a:2,F"));
	assert_true(tree_has(&t, "cur/20.n:2,") && tree_has(&t, "new/20.n"));
	mailbox_close(box);
	let_write(true);
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_count(box), 6);
	mailbox_close(box);
	tree_remove(&t);
}

/* S03: what another session undid is done again, though this one has not heard of it. */
static void
test_flag_undone_unseen(void **state)
{
	struct mailbox *a, *b;
	struct tree t;

	(void)state;
	make_three(&t);
	a = open_box(&t, "INBOX");
	b = open_box(&t, "INBOX");
	assert_int_equal(change(b, FLAGS_REMOVE, 3, 3, FLAG_SEEN, NULL), 0);
	assert_int_equal(change(a, FLAGS_ADD, 3, 3, FLAG_SEEN, NULL), 0);
	assert_true(tree_has(&t, "cur/10.a:2,S"));
	assert_int_equal(change(a, FLAGS_ADD, 3, 3, FLAG_DELETED, NULL), 0);
	assert_int_equal(change(b, FLAGS_REMOVE, 3, 3, FLAG_DELETED, NULL), 0);
	assert_true(tree_has(&t, "cur/10.a:2,S"));
	mailbox_close(a);
	mailbox_close(b);
	tree_remove(&t);
}

/* W13: cur/ itself is another directory. */
static void
test_part_replaced(void **state)
{
	static const char *const parts[] = { "cur", "new" };
	struct mailbox *box;
	struct tree t;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make_three(&t);
		box = open_box(&t, "INBOX");
		assert_int_equal(renameat(t.root, parts[i], t.root, "aside"), 0);
		assert_int_equal(mkdirat(t.root, parts[i], 0700), 0);
		assert_news(box, true, "lost");
		assert_int_equal(change(box, FLAGS_ADD, 3, 3, FLAG_FLAGGED, NULL), -1);
		mailbox_close(box);
		tree_remove(&t);
	}
}

/* S10, W13 */
static void
test_lost_mailbox(void **state)
{
	struct mailbox *box;
	struct tree t;

	(void)state;
	for (int how = 0; how < 3; how++) {
		uint32_t before;

		tree_make(&t);
		assert_int_equal(store_create(t.store, "A"), 0);
		append_one(&t, "A", FLAG_SEEN, NULL, "x");
		box = open_box(&t, "A");
		before = mailbox_uidvalidity(box);
		assert_int_equal(how ? store_delete(t.store, "A") : store_rename(t.store, "A", "B"),
		                 0);
		if (how == 2)
			assert_int_equal(store_create(t.store, "A"), 0);
		assert_news(box, true, "lost");
		assert_news(box, true, "");
		assert_int_equal(change(box, FLAGS_ADD, 1, 1, 0, "new"), -1);
		mailbox_close(box);
		if (how == 2) {
			box = open_box(&t, "A");
			assert_true(mailbox_uidvalidity(box) > before);
			mailbox_close(box);
		}
		tree_remove(&t);
	}
}

static void
unlock_later(struct tree *t, long ms)
{
	struct timespec pause = { 0, ms * 1000000 };

	if (fork() != 0)
		return;
	nanosleep(&pause, NULL);
	unlinkat(t->root, "dovecot-uidlist.lock", 0);
	_exit(0);
}

/*
 * W09: the uidlist is locked by somebody who lives: known messages are shown, after the
 * time is up.  Flags wait, for Dovecot loses a message that is renamed while it reads cur/.
 */
static void
test_locked(void **state)
{
	int64_t start = clock_ms();
	struct mailbox *box;
	char text[200];
	struct tree t;

	(void)state;
	make_three(&t);
	snprintf(text, sizeof(text), "%ld:%s", (long)getpid(), unique_host());
	tree_put(&t, "dovecot-uidlist.lock", text);
	assert_int_equal(unlinkat(t.root, "new/12.c,S=3,W=4", 0), 0);
	box = open_box(&t, "INBOX");
	assert_true(clock_ms() - start < 500);
	assert_view(box, "3:S 5:FT+work");
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	assert_news(box, true, "expunged 2");
	start = clock_ms();
	unlock_later(&t, 200);
	assert_int_equal(change(box, FLAGS_ADD, 3, 3, FLAG_FLAGGED, NULL), 0);
	assert_true(clock_ms() - start >= 150);
	mailbox_close(box);
	tree_remove(&t);
}

/* B26: removing every second one of many is not quadratic */
static void
test_many(void **state)
{
	enum { MANY = 20000 };
	int64_t start = clock_ms();
	struct mailbox *box;
	struct tree t;
	struct news n;
	uint32_t told = 0, last = UINT32_MAX;

	(void)state;
	tree_make(&t);
	for (int i = 0; i < MANY; i++) {
		char path[64];

		snprintf(path, sizeof(path), "cur/%d.h:2,%s", i, i % 2 ? "ST" : "S");
		tree_put(&t, path, "");
	}
	box = open_box(&t, "INBOX");
	assert_int_equal(mailbox_count(box), MANY);
	assert_int_equal(mailbox_expunge(box, NULL), 0);
	assert_int_equal(mailbox_sync(box), 0);
	while (mailbox_next_news(box, true, &n)) {
		if (n.kind != NEWS_EXPUNGED)
			continue;
		assert_true(n.number < last);
		last = n.number;
		told++;
	}
	assert_int_equal(told, MANY / 2);
	assert_int_equal(mailbox_count(box), MANY / 2);
	for (uint32_t i = 1; i <= mailbox_count(box); i++)
		assert_int_equal(mailbox_message(box, i)->uid, 2 * i - 1);
	assert_true(clock_ms() - start < 20000);
	mailbox_close(box);
	tree_remove(&t);
}

static void
test_watch(void **state)
{
	struct mailbox *box;
	struct tree t;
	char byte[4096];
	int fd;

	(void)state;
	make_three(&t);
	box = open_box(&t, "INBOX");
	fd = mailbox_watch(box);
	if (fd < 0) { /* the limit of instances is reached: nothing to test */
		mailbox_close(box);
		tree_remove(&t);
		skip();
	}
	assert_int_equal(mailbox_watch(box), fd);
	tree_put(&t, "new/90.n", "");
	assert_news(box, true, "exists 4, recent 2");
	while (read(fd, byte, sizeof(byte)) > 0)
		;
	assert_int_equal(renameat(t.root, "cur/10.a:2,S", t.root, "cur/10.a:2,"), 0);
	assert_true(read(fd, byte, sizeof(byte)) > 0);
	mailbox_close(box);
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening),         cmocka_unit_test(test_sizes_are_stored),
		cmocka_unit_test(test_sizes_are_stored_without_index),
		cmocka_unit_test(test_examine),         cmocka_unit_test(test_foreign_changes),
		cmocka_unit_test(test_restored),        cmocka_unit_test(test_flags),
		cmocka_unit_test(test_too_many_keywords), cmocka_unit_test(test_lost_keywords),
		cmocka_unit_test(test_expunge),         cmocka_unit_test(test_expunge_undeleted),
		cmocka_unit_test(test_copy_and_move),   cmocka_unit_test(test_copy_of_changed),
		cmocka_unit_test(test_append_several),  cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_flag_undone_unseen), cmocka_unit_test(test_part_replaced),
		cmocka_unit_test(test_target_gone),
		cmocka_unit_test(test_twins_on_a_full_disk),
		cmocka_unit_test(test_lost_mailbox),    cmocka_unit_test(test_locked),
		cmocka_unit_test(test_many),            cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
