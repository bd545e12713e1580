/* test_preview.c - the beginning of a message's text (RFC 8970), and text out of HTML (M17) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/mime/html.h"
#include "common/mime/preview.h"
#include "tests/unit/mime_support.h"

static const struct {
	const char *html, *text;
} pages[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a<b>b</b>c", "abc" },
	{ "a<br>b<p class=\"x>y\">c</p>", "a b c " },
	{ "<td>a</td><td>b</td>", " a  b " },
	{ "&lt;&gt;&amp;&quot;&#65;&#x42;&nbsp;&euro;", "<>&\"AB \xe2\x82\xac" },
	{ "&unknown; &amp &#xd800; &#99999999999; &;", "&unknown; & &#xd800; &#99999999999; &;" },
	{ "a & b &", "a & b " },
	{ "<style>p { x: y }</style>z<script>if (a < b) </scrip></script>w", " z w" },
	{ "<title>t</title><body>b", "  b" },
	{ "<!-- a > b -- --->c<!-->d-->e<!-- never closed", "ce" },
	{ "a<b", "a" },
	{ "a <a href='>'>link</a>", "a link" },
	{ "<SCRIPT>x</script >y", " y" },
	{ "<script", "" },
	{ "<<<<<b>x", " x" },
	{ "x</p", "x" },
};

static struct span
text_of(const char *html, size_t step, struct buf *out)
{
	struct html h = HTML_START;
	struct span rest = span_of(html);

	buf_reset(out);
	buf_str(out, "");
	while (rest.len > 0) {
		size_t n = rest.len < step ? rest.len : step;

		html_text(&h, span_make(rest.at, n), out);
		rest = span_skip(rest, n);
	}
	return out->data ? buf_view(out) : span_of("");
}

static void
test_html(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		for (size_t step = 1; step < 20; step += 6) {
			struct span got = text_of(pages[i].html, step, &out);

			print_message("%s\n", pages[i].html);
			assert_int_equal(got.len, strlen(pages[i].text));
			assert_memory_equal(got.at, pages[i].text, got.len);
		}
	}
	buf_free(&out);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\n\n"
#define UTF8 "Content-Type: text/plain; charset=utf-8\n"
#define HTML "Content-Type: text/html\n\n"

static const struct {
	const char *message, *preview;
} previews[] = {
	{ "", "" },
	{ "Subject: s\n\nHello,\n\n  how  are\tyou?\n", "Hello, how are you?" },
	{ "A: b\n\n> what you\n> wrote\nand I\n", "and I" },
	{ "A: b\n\n> only\n> quoted\n", "> only > quoted" },
	{ HTML "<html><head><style>x</style></head><body><p>Hi&nbsp;there</p></body>", "Hi there" },
	{ HTML "<script>never ended <p>x", "" },
	{ ALTERNATIVE "--b\n" HTML "<b>h</b>\n--b\n\nplain\n--b--\n",
	  "plain" },
	{ ALTERNATIVE "--b\n\n \n--b\n" HTML "<b>h</b>\n--b--\n", "h" },
	{ MIXED "--b\nContent-Disposition: attachment\n\nnot me\n--b\n\nme\n--b--\n", "me" },
	{ MIXED "--b\nContent-Type: message/rfc822\n\nSubject: s\n\nwithin\n--b--\n", "" },
	{ "Content-Type: image/png\n\nabc\n", "" },
	{ "Content-Type: text/calendar\n\nBEGIN:X\n", "BEGIN:X" },
	{ UTF8 "Content-Transfer-Encoding: base64\n\nw6TDtg==\n",
	  "\xc3\xa4\xc3\xb6" },
	{ "Content-Type: text/plain; charset=iso-8859-1\n\n\xe4\n", "\xc3\xa4" },
	{ "Content-Type: text/plain; charset=x-none\n\n\xe4 a\n", "\xef\xbf\xbd" " a" },
	{ "Content-Type: text/plain; charset=utf-7\n\na+AAA-b\n", "ab" },
	/* what has no form of its own */
	{ UTF8 "\na\xe2\x80\x8b\xef\xbb\xbf\xcd\x8f" "b\x01\x7f\xe2\x80\xae"
	  "c\xc2\xa0" "d\n", "abc d" },
};

static struct span
preview(struct span message, struct buf *out)
{
	struct arena mem = ARENA_EMPTY;
	struct source *src = source_of(message);

	buf_reset(out);
	preview_of(src, part_parse(src, &mem), out);
	source_close(src);
	arena_free(&mem);
	return out->data ? buf_view(out) : span_of("");
}

static void
test_previews(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(previews) / sizeof(previews[0]); i++) {
		struct span got = preview(span_of(previews[i].message), &out);

		print_message("%s\n", previews[i].message);
		assert_int_equal(got.len, strlen(previews[i].preview));
		assert_memory_equal(got.at, previews[i].preview, got.len);
	}
	buf_free(&out);
}

static size_t
characters(struct span s)
{
	size_t n = 0;
	uint32_t c;

	for (; s.len > 0; n++)
		assert_true(utf8_take(&s, &c));
	return n;
}

/* RFC 8970 s.3.2: no more than 200 characters, and none cut. */
static void
test_two_hundred_characters(void **state)
{
	static const char *const units[] = { "x", "\xe2\x82\xac", "ab ", "\xf0\x9f\x98\x80 " };
	struct buf message = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct span got;

		buf_reset(&message);
		buf_str(&message, "Content-Type: text/plain; charset=utf-8\n\n");
		for (int n = 0; n < 30000; n++)
			buf_str(&message, units[i]);
		got = preview(buf_view(&message), &out);
		assert_in_range(characters(got), 199, 200);
	}
	buf_free(&message);
	buf_free(&out);
}

/* M17: pages that are no pages cost little, and nothing of them may surprise a terminal. */
static void
test_M17_ten_megabytes(void **state)
{
	static const char *const units[] = { "<",      "<script>", "&",        "<div>",
		                             "<p a='", "<!--",     "\x1b[2J", "> " };
	struct buf message = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t from;
		struct span got;

		buf_reset(&message);
		buf_str(&message, HTML);
		while (message.len < 10 * 1024 * 1024)
			buf_str(&message, units[i]);
		from = clock_ms();
		got = preview(buf_view(&message), &out);
		assert_true(clock_ms() - from < 2000);
		assert_true(characters(got) <= 200);
		for (size_t n = 0; n < got.len; n++)
			assert_true((unsigned char)got.at[n] >= ' ');
	}
	buf_free(&message);
	buf_free(&out);
}

/* M06: ten thousand texts without text. */
static void
test_M06_empty_parts(void **state)
{
	struct buf message = BUF_EMPTY, out = BUF_EMPTY;
	int64_t from;

	(void)state;
	buf_str(&message, MIXED);
	for (int n = 0; n < 12000; n++)
		buf_str(&message, "--b\nContent-Type: text/plain; charset=iso-2022-jp\n\n\n");
	from = clock_ms();
	assert_int_equal(preview(buf_view(&message), &out).len, 0);
	assert_true(clock_ms() - from < 2000);
	buf_free(&message);
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_previews),
		cmocka_unit_test(test_two_hundred_characters),
		cmocka_unit_test(test_M17_ten_megabytes),
		cmocka_unit_test(test_M06_empty_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
