/* test_courier.c - what Courier left: UIDs, UIDLs, keywords, subscriptions, names of folders */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/maildir/courier.h"
#include "common/maildir/keywords.h"
#include "common/maildir/subscriptions.h"
#include "common/maildir/uidlist.h"
#include "tests/unit/maildir_support.h"

/* "V7 N9 1:a 3+Puidl:b" */
static void
assert_uids(struct tree *t, const char *wanted)
{
	struct buf text = BUF_EMPTY;
	struct uidlist u;

	uidlist_init(&u);
	assert_int_equal(uidlist_refresh(&u, t->root), 0);
	buf_printf(&text, "V%u N%u", u.uidvalidity, u.next);
	for (size_t i = 0; i < u.count; i++)
		buf_printf(&text, " %u%s%s:%s", u.record[i].uid, u.record[i].ext[0] ? "+" : "",
		           u.record[i].ext, u.record[i].base);
	assert_string_equal(text.data, wanted);
	buf_free(&text);
	uidlist_free(&u);
}

static void
test_uids(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_uids(&t, "V0 N1");
	tree_put(&t, "courierimapuiddb", "1 795306828 6\n1 1.a,S=15\n2 2.b\n5 5.e\n");
	assert_uids(&t, "V795306828 N6 1:1.a,S=15 2:2.b 5:5.e");
	/* what can be read of a damaged one */
	tree_put(&t, "courierimapuiddb", "1 795306828 4\n1 1.a,S=15\nx y\n5 5.e\n2 2.b\n7");
	assert_uids(&t, "V795306828 N6 1:1.a,S=15 2:2.b 5:5.e");
	/* never again when there was a uidlist, even if that is gone */
	tree_put(&t, "dovecot-uidlist", "3 V7 N9 Gx\n1 :1.a\n");
	assert_uids(&t, "V7 N9 1:1.a");
	tree_remove(&t);
}

static void
test_never_again(void **state)
{
	struct tree t;
	struct uidlist u;

	(void)state;
	tree_make(&t);
	tree_put(&t, "courierimapuiddb", "1 79 6\n1 1.a\n");
	uidlist_init(&u);
	assert_int_equal(uidlist_refresh(&u, t.root), 0);
	assert_int_equal(uidlist_save(&u, t.root, t.root, false), 0);
	uidlist_free(&u);
	assert_int_equal(unlinkat(t.root, "dovecot-uidlist", 0), 0);
	tree_put(&t, "courierimapuiddb", "1 99 60\n33 1.a\n");
	assert_uids(&t, "V79 N6");
	tree_remove(&t);
}

static void
test_uidls(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "courierimapuiddb", "1 79 6\n1 1.a,S=15\n2 2.b\n5 5.e\n");
	tree_put(&t, "courierpop3dsizelist",
	         "/3 8 555\n1.a,S=15:2, 17 1:444:0\n2.b:2,S 17 0:0:0\n6.f 17 3:555:1\n"
	         "bad\nbad 1\nbad 1 2\n7.g 1 x:1\n8/../h 1 1:1\n 1 1:1\n");
	assert_uids(&t, "V79 N7 1+PUID1-444:1.a,S=15 2+P2.b:2.b 5:5.e 6+PUID3-555:6.f");
	tree_put(&t, "courierpop3dsizelist",
	         "/2 8 555\n1.a,S=15:2, 17 1:444\n1.a,S=15:2, 17 2:444\n");
	assert_uids(&t, "V79 N6 1+PUID1-444:1.a,S=15 2:2.b 5:5.e");
	/* Courier gave new ones, where it found an older list */
	tree_put(&t, "courierpop3dsizelist", "/1 8\n1.a,S=15:2, 17 1\n");
	assert_uids(&t, "V79 N6 1:1.a,S=15 2:2.b 5:5.e");
	/* POP3 only */
	assert_int_equal(unlinkat(t.root, "courierimapuiddb", 0), 0);
	tree_put(&t, "courierpop3dsizelist", "/2 8 555\n1.a,S=15:2, 17 1:444\n");
	assert_uids(&t, "V0 N2 1+PUID1-444:1.a,S=15");
	tree_remove(&t);
}

static void
make_keywords(struct tree *t)
{
	assert_int_equal(mkdirat(t->root, "courierimapkeywords", 0700), 0);
	tree_put(t, "courierimapkeywords/:list",
	         "work\n$Forwarded\nother\n\n"
	         "1.a,S=15:1 0\n2.b:2\n3.c:2\n9.gone:0\n4.d:7 x\n");
	tree_put(t, "courierimapkeywords/.598.2.b", "late\n");
	tree_put(t, "courierimapkeywords/.600.2.b", "later\nother\n");
	tree_put(t, "courierimapkeywords/.599.2.b", "never\n");
	tree_put(t, "courierimapkeywords/.600.3.c", "late\n");
	tree_put(t, "courierimapkeywords/3.c", "");
	tree_put(t, "cur/1.a,S=15:2,", "x");
	tree_put(t, "cur/2.b:2,FS", "x");
	tree_put(t, "cur/3.c:2,S", "x");
	tree_put(t, "cur/4.d", "x");
}

static void
assert_keywords(struct tree *t, const char *wanted)
{
	struct buf text = BUF_EMPTY;
	struct keywords k;

	keywords_init(&k);
	assert_int_equal(keywords_refresh(&k, t->root), 0);
	for (int n = 0; n < LIMIT_KEYWORDS; n++)
		if (k.name[n])
			buf_printf(&text, "%s%c=%s", text.len ? " " : "", 'a' + n, k.name[n]);
	assert_string_equal(text.data, wanted);
	buf_free(&text);
	keywords_free(&k);
}

static void
test_keywords(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	make_keywords(&t);
	assert_int_equal(courier_take_keywords(t.root, false), 0);
	assert_keywords(&t, "a=$Forwarded b=work c=later d=other");
	assert_true(tree_has(&t, "cur/1.a,S=15:2,ab"));
	assert_true(tree_has(&t, "cur/2.b:2,FScd"));
	assert_true(tree_has(&t, "cur/3.c:2,S"));
	/* killed before the uidlist was written: it is done again, to the same end */
	assert_int_equal(courier_take_keywords(t.root, false), 0);
	assert_keywords(&t, "a=$Forwarded b=work c=later d=other");
	assert_true(tree_has(&t, "cur/1.a,S=15:2,ab") && tree_has(&t, "cur/2.b:2,FScd"));
	tree_remove(&t);
}

static void
test_keywords_are_read_once(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	make_keywords(&t);
	tree_put(&t, "dovecot-uidlist", "3 V7 N9 Gx\n1 :1.a\n");
	assert_int_equal(courier_take_keywords(t.root, false), 0);
	assert_false(tree_has(&t, "dovecot-keywords"));
	assert_true(tree_has(&t, "cur/1.a,S=15:2,"));
	tree_remove(&t);
}

/* S17: 26 can be kept; strange ones, links and folders in there do no harm. */
static void
test_hostile_keywords(void **state)
{
	struct buf list = BUF_EMPTY;
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(mkdirat(t.root, "courierimapkeywords", 0700), 0);
	for (int n = 0; n < 40; n++)
		buf_printf(&list, "k%d\n", n);
	buf_str(&list, "bad name\n\\Seen\n(\n\n1.a:");
	for (int n = 0; n < 60; n++)
		buf_printf(&list, " %d", n);
	buf_str(&list, " 99999999999999999999 -1\n:\n::\n1.a\n");
	tree_put(&t, "courierimapkeywords/:list", list.data);
	buf_free(&list);
	assert_int_equal(symlinkat("/etc/passwd", t.root, "courierimapkeywords/1.a"), 0);
	assert_int_equal(mkfifoat(t.root, "courierimapkeywords/.1.1.a", 0600), 0);
	assert_int_equal(mkdirat(t.root, "courierimapkeywords/2.b", 0700), 0);
	tree_put(&t, "courierimapkeywords/.x.1.a", "k1");
	tree_put(&t, "cur/1.a:2,", "x");
	assert_int_equal(courier_take_keywords(t.root, false), 0);
	assert_true(tree_has(&t, "cur/1.a:2,abcdefghijklmnopqrstuvwxyz"));
	tree_remove(&t);
}

static void
test_subscriptions(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct store_folder *f;
	struct subscriptions s;
	struct tree t;
	size_t count;

	(void)state;
	tree_make(&t);
	tree_put(&t, "courierimapsubscribed",
	         "INBOX.Sent\nINBOX\nINBOX.Entw\xc3\xbcrfe\nINBOX.Entw&APw-rfe2\n\nINBOX.\n/x\n");
	assert_int_equal(mkdirat(t.root, ".Entw\xc3\xbcrfe", 0700), 0);
	assert_int_equal(mkdirat(t.root, ".Entw\xc3\xbcrfe/cur", 0700), 0);
	assert_int_equal(mkdirat(t.root, ".R&D", 0700), 0);
	assert_int_equal(mkdirat(t.root, ".R&D/cur", 0700), 0);
	assert_int_equal(mkdirat(t.root, ".no\xff", 0700), 0);
	assert_int_equal(store_list(t.store, &mem, &f, &count), 0);
	assert_true(tree_has(&t, ".Entw&APw-rfe") && tree_has(&t, ".R&-D") &&
	            tree_has(&t, ".no\xff"));
	assert_int_equal(count, 5);
	assert_int_equal(subscriptions_read(t.root, &mem, &s), 0);
	assert_int_equal(s.count, 4);
	assert_false(s.is_courier);
	assert_true(subscriptions_have(&s, "INBOX") && subscriptions_have(&s, "Sent") &&
	            subscriptions_have(&s, "Entw\xc3\xbcrfe") &&
	            subscriptions_have(&s, "Entw\xc3\xbcrfe2"));
	assert_int_equal(store_subscribe(t.store, "Sent", false), 0);
	tree_put(&t, "courierimapsubscribed", "INBOX.Other\n");
	assert_int_equal(subscriptions_read(t.root, &mem, &s), 0);
	assert_int_equal(s.count, 3);
	tree_remove(&t);
	arena_free(&mem);
}

/* The first change of all is one to Courier's list. */
static void
test_subscribing_first(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions s;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_put(&t, "courierimapsubscribed", "INBOX.Sent\n");
	assert_int_equal(store_subscribe(t.store, "A", true), 0);
	assert_int_equal(subscriptions_read(t.root, &mem, &s), 0);
	assert_int_equal(s.count, 2);
	tree_remove(&t);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uids),
		cmocka_unit_test(test_never_again),
		cmocka_unit_test(test_uidls),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_keywords_are_read_once),
		cmocka_unit_test(test_hostile_keywords),
		cmocka_unit_test(test_subscriptions),
		cmocka_unit_test(test_subscribing_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
