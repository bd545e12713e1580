/* test_delivery.c - line ends and sizes of a message on its way */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/maildir/delivery.h"
#include "tests/unit/maildir_support.h"

/* What a client sends, what stands on disk, what a client gets: octets. */
static const struct row {
	const char *sent, *disk;
	uint64_t    octets;
} rows[] = {
	{ "", "", 0 },
	{ "a\r\nb\r\n", "a\nb\n", 6 },
	{ "a\nb\n", "a\nb\n", 6 },
	{ "a\rb\r\n", "a\rb\n", 5 },
	{ "a\r\r\nb", "a\r\r\nb", 5 },
	{ "\r\r\r\n", "\r\r\r\n", 4 },
	{ "a\r", "a\r", 2 },
	{ "\r\n\r\n", "\n\n", 4 },
	{ "\n\r", "\n\r", 3 },
	{ "a\r\rb\n", "a\r\rb\n", 6 },
};

static void
deliver(struct tree *t, const char *sent, size_t piece, const struct row *r)
{
	int tmp = dir_open(t->root, "tmp");
	struct arena mem = ARENA_EMPTY;
	struct delivery d;
	struct span bytes;
	struct stat st;

	assert_int_equal(delivery_open(&d, tmp, &mem), 0);
	for (size_t at = 0, n = strlen(sent); at < n; at += piece)
		assert_int_equal(delivery_write(&d, sent + at, n - at < piece ? n - at : piece), 0);
	assert_int_equal(delivery_end(&d, 1000000000, true), 0);
	assert_int_equal(file_read(tmp, d.tmp_name, 1000, &mem, &bytes, &st), 0);
	assert_string_equal(bytes.at, r->disk);
	assert_int_equal(d.bytes, strlen(r->disk));
	assert_int_equal(d.octets, r->octets);
	assert_int_equal(st.st_mtime, 1000000000);
	delivery_cancel(&d, tmp);
	arena_free(&mem);
	close(tmp);
}

/* In pieces of every length: a CR and its LF may come apart. */
static void
test_line_ends(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece <= strlen(rows[i].sent) + 1; piece++)
			deliver(&t, rows[i].sent, piece, &rows[i]);
	tree_remove(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_line_ends) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
