/* test_source.c - windows, CRLF form and dot-stuffing, held against the plainest conversion */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/mime/header.h"
#include "common/mime/stuffed.h"
#include "tests/unit/mime_support.h"

static uint32_t seed = 1;

static uint32_t
any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

/*
 * Bytes in which line ends of all kinds, NUL and dots are frequent; style 0 LF, 1
 * CRLF, 2 anything.
 */
static void
build(struct buf *b, size_t n, int style)
{
	static const char some[] = "\n\r\n\r\0..ab \xc3\xa9";

	buf_reset(b);
	while (b->len < n) {
		if (style == 2)
			buf_byte(b, some[any(sizeof(some) - 1)]);
		else if (any(40) == 0)
			buf_str(b, style == 0 ? "\n" : "\r\n");
		else
			buf_byte(b, (char)('a' + any(26)));
	}
}

static void
check_send(struct span file, struct source *src, uint64_t at, uint64_t end, uint64_t skip,
           uint64_t most)
{
	struct span range = span_make(span_skip(file, (size_t)at).at, (size_t)(end - at));
	struct buf wanted = BUF_EMPTY, got = BUF_EMPTY;
	struct span cut;
	uint64_t bare, lines, sent;
	struct out out;

	naive_crlf_behind(range, at > 0 ? file.at[at - 1] : '\0', &wanted);
	source_count(src, at, end, &bare, &lines);
	assert_int_equal(range.len + bare, wanted.len);
	assert_int_equal(lines, naive_lines(range));
	if (skip > wanted.len)
		skip = wanted.len;
	if (most != UINT64_MAX && most > wanted.len - skip)
		most = wanted.len - skip;
	capture(&out);
	sent = source_send(src, at, end, skip, most, &out);
	captured(&out, &got);
	cut = span_skip(buf_view(&wanted), (size_t)skip);
	if (cut.len > most)
		cut.len = (size_t)most;
	assert_int_equal(sent, cut.len);
	assert_int_equal(got.len, cut.len);
	if (got.len > 0)
		assert_memory_equal(got.data, cut.at, cut.len);
	buf_free(&wanted);
	buf_free(&got);
}

static const size_t sizes[] = { 0,    1,     2,     15,    16,    17,     18,     33,
	                        1000, 16384, 16385, 32768, 32769, 262144, 262145, 900000 };

static void
test_send_like_naive(void **state)
{
	struct buf file = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int style = 0; style < 3; style++) {
			struct source *src;

			build(&file, sizes[i], style);
			src = source_of(buf_view(&file));
			assert_int_equal(source_size(src), file.len);
			check_send(buf_view(&file), src, 0, file.len, 0, UINT64_MAX);
			for (int k = 0; k < 12; k++) {
				uint64_t at = any((uint32_t)file.len + 1),
					 end = at + any((uint32_t)(file.len - at) + 1);

				check_send(buf_view(&file), src, at, end, any(200), any(2000));
				check_send(buf_view(&file), src, at, end,
				           any((uint32_t)(end - at) + 1), UINT64_MAX);
			}
			assert_false(source_is_short(src));
			source_close(src);
		}
	}
	buf_free(&file);
}

/* POP3's form, a byte at a time. */
static void
naive_stuffed(struct span s, uint64_t body_lines, struct buf *into)
{
	bool in_header = true;

	buf_reset(into);
	while (s.len > 0 && (in_header || body_lines > 0)) {
		const char *lf = span_find(s, '\n');
		struct span line = span_make(s.at, lf ? (size_t)(lf - s.at) : s.len);

		s = span_skip(s, line.len + 1);
		if (lf && line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len > 0 && line.at[0] == '.')
			buf_byte(into, '.');
		for (size_t i = 0; i < line.len; i++)
			buf_byte(into, line.at[i] ? line.at[i] : (char)0x80);
		buf_str(into, "\r\n");
		if (!in_header && body_lines != UINT64_MAX)
			body_lines--;
		if (line.len == 0 && lf)
			in_header = false;
	}
}

static void
check_stuffed(struct span file, uint64_t body_lines)
{
	struct buf wanted = BUF_EMPTY, got = BUF_EMPTY;
	struct source *src = source_of(file);
	struct out out;

	naive_stuffed(file, body_lines, &wanted);
	capture(&out);
	source_send_stuffed(src, 0, body_lines, &out);
	captured(&out, &got);
	assert_int_equal(got.len, wanted.len);
	if (got.len > 0)
		assert_memory_equal(got.data, wanted.data, wanted.len);
	source_close(src);
	buf_free(&wanted);
	buf_free(&got);
}

/* In one pass, with the octets that source_count() finds and the header that header_read() does. */
static void
check_stuffed_whole(struct span file)
{
	char *to = malloc(STUFFED_ROOM(file.len));
	struct buf wanted = BUF_EMPTY;
	struct source *src = source_of(file);
	struct arena mem = ARENA_EMPTY;
	uint64_t bare, lines, body_at;
	struct stuffed got;

	assert_non_null(to);
	naive_stuffed(file, UINT64_MAX, &wanted);
	stuffed_write(file, to, &got);
	assert_int_equal(got.len, wanted.len);
	if (got.len > 0)
		assert_memory_equal(to, wanted.data, wanted.len);
	source_count(src, 0, file.len, &bare, &lines);
	assert_int_equal(got.octets, file.len + bare);
	header_read(src, 0, file.len, &mem, &body_at);
	assert_int_equal(got.header, body_at);
	source_close(src);
	arena_free(&mem);
	buf_free(&wanted);
	free(to);
}

static void
test_stuffed_like_naive(void **state)
{
	static const uint64_t lines[] = { 0, 1, 2, 100, UINT64_MAX };
	static const char *const small[] = { "",      "\n",  ".",
		                             ".\n",   "a",   "a\n\n.\n..\nb",
		                             "\r\n.", "a\r", "a: b\r\n\r\n.x\r\n" };
	struct buf file = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		check_stuffed_whole(span_of(small[i]));
	for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
		for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
			check_stuffed(span_of(small[i]), lines[k]);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			for (int style = 0; style < 3; style++) {
				build(&file, sizes[i], style);
				check_stuffed(buf_view(&file), lines[k]);
				check_stuffed_whole(buf_view(&file));
			}
		}
	}
	buf_free(&file);
}

/*
 * The file loses its end between two calls: spaces stand for it, and the
 * announced octets are sent.
 */
static void
test_M22_file_shrinks(void **state)
{
	struct buf file = BUF_EMPTY, got = BUF_EMPTY;
	uint64_t bare, lines;

	(void)state;
	for (size_t size = 1000; size <= 1000000; size *= 10) {
		int fd;
		struct source *src;
		struct out out;

		build(&file, size, 0);
		fd = file_of(buf_view(&file));
		src = source_open(fd);
		source_count(src, 0, source_size(src), &bare, &lines);
		assert_int_equal(ftruncate(fd, (off_t)size / 2), 0);
		capture(&out);
		assert_int_equal(source_send(src, 0, source_size(src), 0, file.len + bare, &out),
		                 file.len + bare);
		captured(&out, &got);
		assert_int_equal(got.len, file.len + bare);
		if (size > 256 * 1024)
			assert_int_equal(got.data[got.len - 1], ' ');
		if (size > 256 * 1024)
			assert_true(source_is_short(src));
		source_close(src);
	}
	buf_free(&file);
	buf_free(&got);
}

/* The file is rewritten with fewer bare LFs, or grows: still the announced octets. */
static void
test_M22_file_changes(void **state)
{
	struct buf file = BUF_EMPTY, got = BUF_EMPTY;
	int fd;
	struct source *src;
	struct out out;

	(void)state;
	for (size_t i = 0; i < 600000; i++)
		buf_byte(&file, '\n');
	fd = file_of(buf_view(&file));
	src = source_open(fd);
	for (size_t i = 0; i < 700000; i += 100)
		assert_int_equal(pwrite(fd,
		                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		                        100, (off_t)i),
		                 100);
	capture(&out);
	assert_int_equal(source_send(src, 0, 600000, 0, 1200000, &out), 1200000);
	captured(&out, &got);
	assert_int_equal(got.len, 1200000);
	assert_int_equal(got.data[599999], 'x');
	assert_int_equal(got.data[600000], ' ');
	source_close(src);
	buf_free(&file);
	buf_free(&got);
}

static void
test_what_is_no_message_file(void **state)
{
	int ends[2];

	(void)state;
	errno = ENOENT;
	assert_null(source_open(-1));
	assert_int_equal(errno, ENOENT);
	assert_null(source_open(open("/", O_RDONLY)));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pipe(ends), 0);
	assert_null(source_open(ends[0]));
	close(ends[1]);
	assert_null(source_close(NULL));
}

static void
test_windows(void **state)
{
	struct buf file = BUF_EMPTY;
	char copy[100];
	struct source *src;

	(void)state;
	build(&file, 700000, 2);
	src = source_of(buf_view(&file));
	for (int i = 0; i < 2000; i++) {
		uint64_t at = any(700100);
		size_t want = any(64 * 1024) + 1;
		struct span w = source_peek(src, at, want);
		size_t left = at < 700000 ? (size_t)(700000 - at) : 0;

		assert_true(w.len >= (want < left ? want : left) && w.len <= left);
		assert_memory_equal(w.at, file.data + (at < 700000 ? at : 0), w.len);
	}
	assert_int_equal(source_window(src, 700000).len, 0);
	assert_int_equal(source_window(src, UINT64_MAX).len, 0);
	source_copy(src, 699950, 700050, copy);
	assert_memory_equal(copy, file.data + 699950, 50);
	assert_int_equal(copy[99], ' ');
	source_close(src);
	buf_free(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_like_naive),
		cmocka_unit_test(test_stuffed_like_naive),
		cmocka_unit_test(test_M22_file_shrinks),
		cmocka_unit_test(test_M22_file_changes),
		cmocka_unit_test(test_what_is_no_message_file),
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
