/* test_uidlist.c - dovecot-uidlist: reading what is sound, and what is not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/maildir/dir.h"
#include "common/maildir/uidlist.h"

#define LONG_LINE "0123456789012345678901234567890123456789012345678901234567890123456789"

/* A file, and what is understood of it: "UID BASE EXT;" for each record. */
static const struct row {
	const char *id, *text, *records;
	uint32_t    uidvalidity, next;
	bool        is_damaged;
} rows[] = {
	{ "version 3", "3 V7 N9 Gabc\n1 :a\n4 W12 Pxyz :b,S=1\n", "1 a ;4 b,S=1 W12 Pxyz;", 7, 9,
	  false },
	{ "version 1", "1 7 9\n1 a\n4 b\n", "1 a ;4 b ;", 7, 9, false },
	{ "next below", "3 V7 N2 Gabc\n1 :a\n4 :b\n", "1 a ;4 b ;", 7, 5, false },
	{ "empty list", "3 V7 N1 G0\n", "", 7, 1, false },
	{ "base with blanks", "3 V7 N9\n1 :a b :c\n", "", 7, 9, true },
	{ "W04 cut off", "3 V7 N9\n1 :a\n2 :b", "1 a ;", 7, 9, true },
	{ "W04 no header", "1 :a\n2 :b\n", "2 b ;", 0, 3, true },
	{ "W04 empty file", "", "", 0, 1, true },
	{ "W04 UID twice", "3 V7 N9\n1 :a\n2 :b\n2 :c\n3 :d\n", "1 a ;3 d ;", 7, 9, true },
	{ "W04 base twice", "3 V7 N9\n1 :a\n2 :b\n5 :a\n", "2 b ;5 a ;", 7, 9, true },
	{ "W04 three times", "3 V7 N9\n1 :a\n2 :a\n5 :a\n", "5 a ;", 7, 9, true },
	{ "W04 descending", "3 V7 N3\n5 :e\n2 :b\n9 :i\n", "2 b ;5 e ;9 i ;", 7, 10, true },
	{ "W04 UID 0", "3 V7 N9\n0 :z\n1 :a\n", "1 a ;", 7, 9, true },
	{ "W04 too large", "3 V7 N9\n4294967296 :z\n4294967295 :y\n1 :a\n", "1 a ;", 7, 9, true },
	{ "W04 no number", "3 V7 N9\nfoo\n\n:x\n1 :\n2 :a/b\n3 :c:2,S\n4 :d\n", "4 d ;", 7, 9,
	  true },
	{ "W04 CRLF", "3 V7 N9\r\n1 :a\r\n", "1 a ;", 7, 9, true },
	{ "W04 large header", "3 V99999999999 N9\n1 :a\n", "1 a ;", 0, 9, true },
	{ "W04 other version", "4 V7 N9\n1 :a\n", "1 a ;", 0, 2, true },
	{ "long", "3 V7 N9\n1 :" LONG_LINE LONG_LINE LONG_LINE "\n",
	  "1 " LONG_LINE LONG_LINE LONG_LINE " ;", 7, 9, false },
};

static void
print(const struct uidlist *u, struct buf *out)
{
	buf_str(out, "");
	for (size_t i = 0; i < u->count; i++)
		buf_printf(out, "%u %s %s;", u->record[i].uid, u->record[i].base, u->record[i].ext);
}

static void
test_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = BUF_EMPTY;
		struct uidlist u;

		uidlist_init(&u);
		uidlist_parse(&u, span_of(rows[i].text));
		print(&u, &text);
		if (strcmp(text.data, rows[i].records) != 0)
			fail_msg("%s: '%s' instead of '%s'", rows[i].id, text.data,
			         rows[i].records);
		assert_int_equal(u.uidvalidity, rows[i].uidvalidity);
		if (u.next != rows[i].next)
			fail_msg("%s: next %u", rows[i].id, u.next);
		assert_int_equal(u.trouble != NULL, rows[i].is_damaged);
		for (size_t k = 0; k < u.count; k++) {
			assert_int_equal(
				uidlist_find(&u, u.record[k].base, strlen(u.record[k].base)), k);
			assert_int_equal(uidlist_at_or_behind(&u, u.record[k].uid), k);
		}
		assert_int_equal(uidlist_find(&u, "nobody", 6), SIZE_MAX);
		uidlist_free(&u);
		buf_free(&text);
	}
}

/* W04: NULs in the middle of a line */
static void
test_nul(void **state)
{
	static const char text[] = "3 V7 N9\n1 :a\0b\n2 :c\n";
	struct uidlist u;

	(void)state;
	uidlist_init(&u);
	uidlist_parse(&u, span_make(text, sizeof(text) - 1));
	assert_int_equal(u.count, 1);
	assert_string_equal(u.record[0].base, "c");
	uidlist_free(&u);
}

/* ---- on disk ---- */

struct place {
	char path[64];
	int  dir;
};

static void
make_place(struct place *p)
{
	snprintf(p->path, sizeof(p->path), "/tmp/test_uidlist.XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->dir = open(p->path, O_RDONLY | O_DIRECTORY);
	assert_true(p->dir >= 0);
}

static void
remove_place(struct place *p)
{
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	close(p->dir);
	assert_int_equal(dir_remove(tmp, p->path + 5, 2), 0);
	close(tmp);
}

static void
put_file(struct place *p, const char *name, const char *text)
{
	int fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(file_write(fd, text, strlen(text)), 0);
	close(fd);
}

static void
assert_file(struct place *p, const char *name, const char *text)
{
	struct arena mem = ARENA_EMPTY;
	struct span bytes;
	struct stat st;

	assert_int_equal(file_read(p->dir, name, 100000, &mem, &bytes, &st), 0);
	assert_string_equal(bytes.at, text);
	arena_free(&mem);
}

static void
add(struct uidlist *u, const char *base, uint32_t wanted)
{
	assert_int_equal(uidlist_add(u, span_of(base), SPAN_NONE), wanted);
}

static void
test_append_and_rewrite(void **state)
{
	struct place p;
	struct uidlist u, other;

	(void)state;
	make_place(&p);
	put_file(&p, "dovecot-uidlist", "3 V7 N3 Gabc Xkept\n1 :a\n2 W5 Zkept :b\n");
	uidlist_init(&u);
	uidlist_init(&other);
	assert_int_equal(uidlist_refresh(&u, p.dir), 0);
	assert_int_equal(uidlist_refresh(&other, p.dir), 0);
	add(&u, "c", 3);
	assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
	assert_file(&p, "dovecot-uidlist", "3 V7 N3 Gabc Xkept\n1 :a\n2 W5 Zkept :b\n3 :c\n");
	/* the other one reads the tail: records stay where they were */
	unsigned generation = other.generation;
	assert_int_equal(uidlist_refresh(&other, p.dir), 0);
	assert_int_equal(other.generation, generation);
	assert_int_equal(other.count, 3);
	assert_int_equal(other.next, 4);
	uidlist_drop(&u, 0);
	uidlist_set_field(&u, 2, 'W', 99);
	assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
	assert_file(&p, "dovecot-uidlist", "3 V7 N4 Gabc Xkept\n2 W5 Zkept :b\n3 W99 :c\n");
	assert_int_equal(uidlist_find(&u, "a", 1), SIZE_MAX);
	assert_int_equal(uidlist_find(&u, "c", 1), 1);
	assert_int_equal(uidlist_refresh(&other, p.dir), 0);
	assert_int_not_equal(other.generation, generation);
	assert_int_equal(other.count, 2);
	uidlist_free(&u);
	uidlist_free(&other);
	remove_place(&p);
}

/* W04, invariants (1) and (4): what linnet.uids knows when the list is lost, shortened or old */
static void
test_floor(void **state)
{
	static const char *const lost[] = { NULL, "", "garbage\n", "3 V7 N2\n1 :a\n",
		                            "3 V7 N2 Gabc\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct place p;
		struct uidlist u;

		make_place(&p);
		put_file(&p, "dovecot-uidlist", "3 V7 N2 Gabc\n1 :a\n");
		uidlist_init(&u);
		assert_int_equal(uidlist_refresh(&u, p.dir), 0);
		add(&u, "b", 2);
		add(&u, "c", 3);
		assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
		if (lost[i])
			put_file(&p, "dovecot-uidlist", lost[i]);
		else
			assert_int_equal(unlinkat(p.dir, "dovecot-uidlist", 0), 0);
		assert_int_equal(uidlist_refresh(&u, p.dir), 0);
		assert_int_equal(u.uidvalidity, 7);
		add(&u, "d", 4);
		assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
		uidlist_free(&u);
		remove_place(&p);
	}
}

/* Invariant (4): a list from before the present UIDVALIDITY, and one without any trace of it */
static void
test_new_uidvalidity(void **state)
{
	struct place p;
	struct uidlist u;

	(void)state;
	make_place(&p);
	put_file(&p, "dovecot-uidvalidity", "f0000000");
	uidlist_init(&u);
	assert_int_equal(uidlist_refresh(&u, p.dir), 0);
	assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
	assert_int_equal(u.uidvalidity, 0xf0000001U);
	assert_file(&p, "dovecot-uidvalidity", "f0000001");
	put_file(&p, "dovecot-uidlist", "3 V7 N2\n1 :a\n");
	assert_int_equal(uidlist_refresh(&u, p.dir), 0);
	assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
	assert_int_equal(u.uidvalidity, 0xf0000002U);
	assert_int_equal(u.count, 1);
	uidlist_free(&u);
	remove_place(&p);
}

/* N09, N10: no file in its place */
static void
test_no_file(void **state)
{
	struct place p;
	struct uidlist u;

	(void)state;
	make_place(&p);
	uidlist_init(&u);
	assert_int_equal(symlinkat("/etc/passwd", p.dir, "dovecot-uidlist"), 0);
	assert_int_equal(uidlist_refresh(&u, p.dir), 0);
	assert_int_equal(u.count, 0);
	assert_int_equal(unlinkat(p.dir, "dovecot-uidlist", 0), 0);
	assert_int_equal(mkfifoat(p.dir, "dovecot-uidlist", 0600), 0);
	assert_int_equal(uidlist_refresh(&u, p.dir), 0);
	assert_int_equal(uidlist_save(&u, p.dir, p.dir, true), 0);
	uidlist_free(&u);
	remove_place(&p);
}

static void
test_no_uids_left(void **state)
{
	struct uidlist u;

	(void)state;
	uidlist_init(&u);
	uidlist_parse(&u, span_of("3 V7 N4294967294\n9 :a\n4294967290 :b\n"));
	assert_int_equal(uidlist_add(&u, span_of("c"), SPAN_NONE), 0);
	uidlist_renumber(&u);
	assert_int_equal(u.uidvalidity, 0);
	assert_int_equal(u.record[1].uid, 2);
	add(&u, "c", 3);
	uidlist_free(&u);
}

/*
 * W09: stopped until another broke the lock and wrote: what
 * was known before is not written over it.
 */
static void
test_written_by_another(void **state)
{
	struct uidlist u;
	struct place p;
	struct span text;
	struct arena mem = ARENA_EMPTY;
	struct stat st;

	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		make_place(&p);
		put_file(&p, "dovecot-uidlist", "3 V7 N3 Gabc\n1 :a\n2 :b\n");
		uidlist_init(&u);
		assert_int_equal(uidlist_refresh(&u, p.dir), 0);
		put_file(&p, "other", "3 V7 N4 Gabc\n1 :a\n2 :b\n3 :c\n");
		assert_int_equal(renameat(p.dir, "other", p.dir, "dovecot-uidlist"), 0);
		uidlist_add(&u, span_of("d"), SPAN_NONE);
		if (whole)
			uidlist_drop(&u, 0);
		assert_int_equal(uidlist_save(&u, p.dir, p.dir, false), -1);
		assert_int_equal(errno, EBUSY);
		assert_int_equal(file_read(p.dir, "dovecot-uidlist", 1000, &mem, &text, &st), 0);
		assert_string_equal(text.at, "3 V7 N4 Gabc\n1 :a\n2 :b\n3 :c\n");
		assert_int_equal(uidlist_refresh(&u, p.dir), 0);
		assert_int_equal(u.next, 4);
		uidlist_free(&u);
		remove_place(&p);
	}
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading), cmocka_unit_test(test_written_by_another),
		cmocka_unit_test(test_nul),     cmocka_unit_test(test_append_and_rewrite),
		cmocka_unit_test(test_floor),   cmocka_unit_test(test_new_uidvalidity),
		cmocka_unit_test(test_no_file), cmocka_unit_test(test_no_uids_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
