/* test_part.c - the MIME tree: shape, octets and lines held against the plainest counting */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/mime/part.h"
#include "tests/unit/mime_support.h"

/* Octets and lines of [at, end) as somebody would count them by hand. */
static void
check_range(struct span file, uint64_t at, uint64_t end, uint64_t octets, uint64_t lines)
{
	struct buf crlf = BUF_EMPTY;
	struct span range;

	assert_true(at <= end && end <= file.len);
	range = span_make(span_skip(file, (size_t)at).at, (size_t)(end - at));
	naive_crlf(range, &crlf);
	assert_int_equal(octets, crlf.len);
	assert_int_equal(lines, naive_lines(range));
	buf_free(&crlf);
}

static void
check_part(struct span file, const struct part *p)
{
	check_range(file, p->header_at, p->body_at, p->header_octets, p->header_lines);
	check_range(file, p->body_at, p->end, p->body_octets, p->body_lines);
	assert_true(p->type.type.len > 0 && p->type.subtype.len > 0);
	if (p->kind == PART_MESSAGE)
		assert_true(p->first && !p->first->next && p->first->parent == p);
	if (p->kind == PART_LEAF)
		assert_null(p->first);
}

/*
 * Every part in order, without recursion; prints "type/subtype[body]" with
 * parentheses around children.
 */
static void
check_tree(struct span file, const struct part *root, struct buf *shape)
{
	const struct part *p = root;

	buf_reset(shape);
	for (;;) {
		check_part(file, p);
		buf_span(shape, p->type.type_as_sent);
		buf_byte(shape, '/');
		buf_span(shape, p->type.subtype_as_sent);
		if (p->kind == PART_LEAF) {
			buf_byte(shape, '[');
			buf_add(shape, file.at + p->body_at, (size_t)(p->end - p->body_at));
			buf_byte(shape, ']');
		}
		if (p->first) {
			buf_byte(shape, '(');
			p = p->first;
			continue;
		}
		while (p != root && !p->next) {
			p = p->parent;
			buf_byte(shape, ')');
		}
		if (p == root)
			return;
		buf_byte(shape, ' ');
		p = p->next;
	}
}

static void
parse_and_check(struct span file, const char *wanted)
{
	struct arena mem = ARENA_EMPTY;
	struct buf shape = BUF_EMPTY;
	struct source *src = source_of(file);
	struct part *root = part_parse(src, &mem);

	assert_int_equal(root->header_at, 0);
	assert_int_equal(root->end, file.len);
	check_tree(file, root, &shape);
	if (wanted)
		assert_string_equal(shape.data, wanted);
	source_close(src);
	buf_free(&shape);
	arena_free(&mem);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct row {
	const char *message, *shape;
} rows[] = {
	/* M02: what is hardly a message */
	{ "", "text/plain[]" },
	{ "\n", "text/plain[]" },
	{ "\r\n", "text/plain[]" },
	{ "\r", "text/plain[]" },
	{ "Subject: only a header", "text/plain[]" },
	{ "Subject: only a header\n", "text/plain[]" },
	{ "\nonly a body", "text/plain[only a body]" },
	{ "A: b\n\nno last line end", "text/plain[no last line end]" },
	{ "A: b\r\n\r\nCRLF\r\n", "text/plain[CRLF\r\n]" },
	{ "A: b\n\r\nmixed\r\nends\n", "text/plain[mixed\r\nends\n]" },
	{ "A: b\r\r\n\nx\r\n", "text/plain[x\r\n]" },

	/* the line end in front of a boundary is the boundary's */
	{ MIXED "--b\n\none\n--b\n\ntwo\n--b--\n",
	  "multipart/mixed(text/plain[one] text/plain[two])" },
	{ MIXED "--b\n\none\n\n--b\n\ntwo\n\n--b--\n",
	  "multipart/mixed(text/plain[one\n] text/plain[two\n])" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
	  "multipart/mixed(text/plain[one])" },
	{ MIXED "before\n--b\n\none\n--b--\nbehind\n", "multipart/mixed(text/plain[one])" },

	/* M06: empty parts, no end, prefixes */
	{ MIXED "--b\n--b\n\n--b\n\n\n--b--",
	  "multipart/mixed(text/plain[] text/plain[] text/plain[])" },
	{ MIXED "--b\n\none\n", "multipart/mixed(text/plain[one\n])" },
	{ MIXED "--b\n\none\n--b", "multipart/mixed(text/plain[one] text/plain[])" },
	{ MIXED "--b\nX: y\n--b--\n", "multipart/mixed(text/plain[])" },
	{ MIXED "--b--\n--b\n\nbehind the end\n", "multipart/mixed" },
	{ MIXED "no part at all\n", "multipart/mixed" },
	{ MIXED, "multipart/mixed" },
	{ MIXED "--b  \n\none\n--b-- \n", "multipart/mixed(text/plain[one])" },
	{ MIXED " --b\n-b\n--\n---b\n", "multipart/mixed" },
	{ MIXED "--b\nContent-Type: multipart/alternative; "
	  "boundary=bb\n\n--bb\n\ninner\n--bb--\n--b\n\nouter\n--b--\n",
	  "multipart/mixed(multipart/alternative(text/plain[inner]) text/plain[outer])" },
	{ "Content-Type: multipart/mixed; boundary=bb\n\n--bb\nContent-Type: "
	  "multipart/alternative; boundary=b\n\n"
	  "--b\n\ninner\n--b--\n--bb\n\nouter\n--bb--\n",
	  "multipart/mixed(multipart/alternative(text/plain[inner]) text/plain[outer])" },
	/* an outer boundary ends inner parts that were never closed */
	{ MIXED "--b\nContent-Type: multipart/alternative; "
	  "boundary=c\n\n--c\n\ninner\n--b\n\nouter\n--b--\n",
	  "multipart/mixed(multipart/alternative(text/plain[inner]) text/plain[outer])" },
	{ MIXED "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n--b--\n",
	  "multipart/mixed(multipart/alternative(text/plain[]))" },
	/*
	 * the same boundary again: the inner one is meant, so it ends, and the
	 * rest is its epilogue
	 */
	{ MIXED "--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nin\n--b--\n--b--\n",
	  "multipart/mixed(multipart/alternative(text/plain[in]))" },
	{ "Content-Type: multipart/mixed; boundary=\"b c\"\n\n--b c\n\none\n--b c--\n",
	  "multipart/mixed(text/plain[one])" },
	{ "Content-Type: multipart/mixed;\n boundary*0=b;\n boundary*1=c\n\n--bc\n\none\n--bc--\n",
	  "multipart/mixed(text/plain[one])" },

	/* message/rfc822 and digest */
	{ "Content-Type: message/rfc822\n\nSubject: in\n\ntext\n",
	  "message/rfc822(text/plain[text\n])" },
	{ "Content-Type: message/rfc822\n\n", "message/rfc822(text/plain[])" },
	{ "Content-Type: MESSAGE/RFC822\n\nContent-Type: message/rfc822\n\n\nx",
	  "MESSAGE/RFC822(message/rfc822(text/plain[x]))" },
	{ MIXED "--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: multipart/mixed; "
	  "boundary=c\n\n"
	  "--c\n\none\n--c--\n\n--b\n\ntwo\n--b--\n",
	  "multipart/mixed(message/rfc822(multipart/mixed(text/plain[one])) text/plain[two])" },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: "
	  "a\n\nA\n--b\nContent-Type: text/html\n\nB\n--b--\n",
	  "multipart/digest(message/rfc822(text/plain[A]) text/html[B])" },

	/* M09, and types that are none */
	{ "Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n",
	  "application/octet-stream[--b\n\none\n--b--\n]" },
	{ "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n",
	  "application/octet-stream[--\n]" },
	{ "Content-Type: text\n\nx", "text/plain[x]" },
	{ "Content-Type:\n\nx", "text/plain[x]" },
	{ "Content-Type: /plain\n\nx", "text/plain[x]" },
	{ "Content-Type: (comment) text (c)/(d) html ; charset=x\n\nx", "text/html[x]" },
	/* only the first counts */
	{ "Content-Type: text/html\nContent-Type: image/png\n\nx", "text/html[x]" },
};

static void
test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].message);
		parse_and_check(span_of(rows[i].message), rows[i].shape);
	}
}

/*
 * Every message again with CRLF line ends, cut at every byte: nothing but the
 * counts is asked then.
 */
static void
test_M15_cut_at_every_byte(void **state)
{
	struct buf crlf = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		naive_crlf(span_of(rows[i].message), &crlf);
		for (size_t n = 1; n <= crlf.len; n++)
			parse_and_check(span_make(crlf.data, n), NULL);
	}
	buf_free(&crlf);
}

static struct part *
part_of(struct span file, struct source **src_out, struct arena *mem)
{
	*src_out = source_of(file);
	return part_parse(*src_out, mem);
}

static size_t
depth_of(const struct part *p, const struct part **deepest_out)
{
	size_t depth = 1;

	for (; p->first; p = p->first)
		depth++;
	*deepest_out = p;
	return depth;
}

/* levels multiparts in each other, with a text in the innermost */
static void
build_nested(struct buf *b, int levels)
{
	buf_reset(b);
	for (int i = 0; i < levels; i++)
		buf_printf(b, "Content-Type: multipart/mixed; boundary=\"%d-\"\n\n--%d-\n", i, i);
	buf_str(b, "\ntext\n");
	for (int i = levels; i-- > 0;)
		buf_printf(b, "--%d---\n", i);
}

static void
test_M05_nesting(void **state)
{
	static const struct {
		int levels;
		size_t depth;
		const char *deepest;
	} cases[] = {
		{ 1, 2, "TEXT" },
		{ LIMIT_PART_NESTING, LIMIT_PART_NESTING + 1, "TEXT" },
		{ LIMIT_PART_NESTING + 1, LIMIT_PART_NESTING + 1, "APPLICATION" },
		{ 10000, LIMIT_PART_NESTING + 1, "APPLICATION" },
	};
	struct buf file = BUF_EMPTY, shape = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const struct part *deepest;
		struct source *src;
		struct part *root;

		build_nested(&file, cases[i].levels);
		root = part_of(buf_view(&file), &src, &mem);
		assert_int_equal(depth_of(root, &deepest), cases[i].depth);
		assert_true(span_is(deepest->type.type, cases[i].deepest));
		check_tree(buf_view(&file), root, &shape);
		source_close(src);
		arena_free(&mem);
	}
	buf_free(&file);
	buf_free(&shape);
}

static void
test_M07_messages_in_messages(void **state)
{
	struct buf file = BUF_EMPTY, shape = BUF_EMPTY;
	struct arena mem = ARENA_EMPTY;
	const struct part *deepest;
	struct source *src;
	struct part *root;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_str(&file, "Content-Type: message/rfc822\r\n\r\n");
	root = part_of(buf_view(&file), &src, &mem);
	assert_int_equal(depth_of(root, &deepest), LIMIT_PART_NESTING + 1);
	assert_true(span_is(deepest->type.subtype, "OCTET-STREAM"));
	check_tree(buf_view(&file), root, &shape);
	source_close(src);
	arena_free(&mem);
	buf_free(&file);
	buf_free(&shape);
}

static size_t
child_count(const struct part *p)
{
	size_t n = 0;

	for (p = p->first; p; p = p->next)
		n++;
	return n;
}

static void
test_M06_many_parts(void **state)
{
	static const struct {
		size_t built, found;
	} cases[] = { { 10000, 10000 }, { 10001, 10000 }, { 200000, 10000 } };
	struct buf file = BUF_EMPTY, shape = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		uint32_t last = 10000, behind = 10001;
		struct source *src;
		struct part *root;

		buf_reset(&file);
		buf_str(&file, MIXED);
		for (size_t k = 0; k < cases[i].built; k++)
			buf_printf(&file, "--b\n%s\n%zu\n",
			           k == 9999 ? "Content-Type: message/rfc822\n" : "", k + 1);
		buf_str(&file, "--b--\n");
		root = part_of(buf_view(&file), &src, &mem);
		assert_int_equal(child_count(root), cases[i].found);
		check_tree(buf_view(&file), root, &shape);
		assert_non_null(part_find(root, &last, 1));
		assert_null(part_find(root, &behind, 1));
		source_close(src);
		arena_free(&mem);
	}
	buf_free(&file);
	buf_free(&shape);
}

static void
test_M06_long_boundaries(void **state)
{
	static const struct {
		size_t len;
		size_t parts;
	} cases[] = {
		{ 70, 2 }, { 71, 2 }, { LIMIT_BOUNDARY, 2 }, { LIMIT_BOUNDARY + 1, 0 }, { 8000, 0 }
	};
	struct buf file = BUF_EMPTY, boundary = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct source *src;
		struct part *root;

		buf_reset(&boundary);
		while (boundary.len < cases[i].len)
			buf_byte(&boundary, 'x');
		buf_reset(&file);
		buf_printf(&file,
		           "Content-Type: multipart/mixed; "
		           "boundary=\"%s\"\n\n--%s\n\none\n--%s\n\ntwo\n--%s--\n",
		           boundary.data, boundary.data, boundary.data, boundary.data);
		root = part_of(buf_view(&file), &src, &mem);
		assert_int_equal(child_count(root), cases[i].parts);
		source_close(src);
		arena_free(&mem);
	}
	buf_free(&file);
	buf_free(&boundary);
}

/*
 * Lines, headers and bodies larger than every window, and a boundary at every
 * place relative to a window's end.
 */
static void
test_M03_longer_than_windows(void **state)
{
	struct buf file = BUF_EMPTY;

	(void)state;
	for (size_t shift = 0; shift < 12; shift++) {
		buf_reset(&file);
		buf_str(&file, MIXED "--b\nX: ");
		while (file.len < 300 * 1024)
			buf_byte(&file, 'h');
		buf_str(&file, "\r\n\r\n");
		while (file.len < 512 * 1024 + 16 * 1024 - 10 + shift)
			buf_byte(&file, 'l');
		buf_str(&file, "\r\n--b\r\n\r\n");
		while (file.len < 1200 * 1024 - shift)
			buf_str(&file, "\n\r\nline\n");
		buf_str(&file, "\n--b--\n");
		parse_and_check(buf_view(&file), NULL);
	}
	buf_free(&file);
}

static const char numbered[] =
	"Content-Type: multipart/mixed; boundary=b\n\n"
	"--b\n\n1\n"
	"--b\nContent-Type: message/rfc822\n\nSubject: x\n\n2.1\n"
	"--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n"
	"--c\n\n3.1\n--c\nContent-Type: multipart/mixed; "
        "boundary=d\n\n--d\n\n3.2.1\n--d\n\n3.2.2\n--d--\n--c--\n"
	"--b--\n";

/* RFC 3501 s.6.4.5: NULL where there is no such part. */
static const struct {
	uint32_t    number[4];
	size_t      count;
	const char *text;
} finds[] = {
	{ { 1 }, 1, "1" },
	{ { 1, 1 }, 2, NULL },
	{ { 2 }, 1, "Subject: x\n\n2.1" },
	{ { 2, 1 }, 2, "2.1" },
	{ { 2, 2 }, 2, NULL },
	{ { 2, 1, 1 }, 3, NULL },
	{ { 3, 1 }, 2, "3.1" },
	{ { 3, 2, 1 }, 3, "3.2.1" },
	{ { 3, 2, 2 }, 3, "3.2.2" },
	{ { 3, 2, 3 }, 3, NULL },
	{ { 4 }, 1, NULL },
	{ { 0 }, 1, NULL },
	{ { UINT32_MAX }, 1, NULL },
};

static void
test_numbers(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct source *src;
	struct part *root = part_of(span_of(numbered), &src, &mem);

	(void)state;
	assert_ptr_equal(part_find(root, NULL, 0), root);
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		struct part *p = part_find(root, finds[i].number, finds[i].count);

		assert_int_equal(p != NULL, finds[i].text != NULL);
		if (p)
			assert_memory_equal(numbered + p->body_at, finds[i].text,
			                    strlen(finds[i].text));
		if (p)
			assert_int_equal(p->end - p->body_at, strlen(finds[i].text));
	}
	source_close(src);
	arena_free(&mem);
}

static void
test_fields(void **state)
{
	static const char message[] =
		"Content-Type: Text/HTML; charset=\"utf-8\"\nContent-Transfer-Encoding: Base64 "
	        "(why)\n"
		"Content-ID: <a@b>\nContent-Description: some\n text\nContent-MD5: Q2hlY2s=\n"
		"Content-Disposition: attachment; filename=x.txt\nContent-Language: en, fr (c)\n"
		"Content-Location: http://x/\n\n";
	struct arena mem = ARENA_EMPTY;
	struct source *src;
	struct part *p = part_of(span_of(message), &src, &mem);

	(void)state;
	assert_true(span_is(p->type.type, "TEXT") && span_is(p->type.subtype, "HTML"));
	assert_true(span_is(p->type.type_as_sent, "Text"));
	assert_true(span_is(mime_parameter(&p->type, "CHARSET"), "utf-8"));
	assert_true(span_is(p->encoding, "BASE64") && span_is(p->encoding_as_sent, "Base64"));
	assert_true(span_is(p->id, "<a@b>") && span_is(p->description, "some text") &&
	            span_is(p->md5, "Q2hlY2s="));
	assert_true(span_is(p->disposition.type, "ATTACHMENT"));
	assert_true(span_is(mime_parameter(&p->disposition, "filename"), "x.txt"));
	assert_int_equal(p->language_count, 2);
	assert_true(span_is(p->language[0], "en") && span_is(p->language[1], "fr"));
	assert_true(span_is(p->location, "http://x/"));
	source_close(src);
	arena_free(&mem);
}

/* What part_decode_text() gave so far, and how much of it is wanted. */
struct wanted_text {
	struct buf text;
	size_t     most;
};

static bool
take_text(void *context, struct span utf8)
{
	struct wanted_text *t = context;

	buf_span(&t->text, utf8);
	return t->text.len < t->most;
}

static const struct {
	const char *header, *body, *text;
} texts[] = {
	{ "", "plain\n", "plain\n" },
	{ "Content-Transfer-Encoding: base64\n", "w6kK\n", "\xc3\xa9\n" },
	{ "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
	  "quoted-printable\n",
	  "=E9=\n t=E9  \nx=3D=", "\xc3\xa9 t\xc3\xa9\nx=" },
	{ "Content-Type: text/plain; charset=nobody-knows\n", "a\xe9z", "a\xef\xbf\xbdz" },
	{ "Content-Type: text/plain; charset=koi8-r\n", "\xc1", "\xd0\xb0" },
	/* M12 */
	{ "Content-Transfer-Encoding: base64\n", "!!YW!!Jj==YWJj", "abc" },
	{ "Content-Transfer-Encoding: quoted-printable\n", "====A=", "===" "=A" },
	{ "Content-Transfer-Encoding: quoted-printable\n", "=\n", "" },
	{ "Content-Transfer-Encoding: quoted-printable\n", "a =  \nb = c", "a b = c" },
};

static void
test_M12_decoded_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wanted_text t = { BUF_EMPTY, SIZE_MAX };
		struct arena mem = ARENA_EMPTY;
		struct buf file = BUF_EMPTY;
		struct source *src;
		struct part *p;

		buf_printf(&file, "%s\n%s", texts[i].header, texts[i].body);
		p = part_of(buf_view(&file), &src, &mem);
		part_decode_text(src, p, take_text, &t);
		print_message("%s\n", texts[i].body);
		assert_true(span_is(buf_view(&t.text), texts[i].text) ||
		            (t.text.len == 0 && !texts[i].text[0]));
		buf_free(&t.text);
		buf_free(&file);
		source_close(src);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_M15_cut_at_every_byte),
		cmocka_unit_test(test_M05_nesting),
		cmocka_unit_test(test_M07_messages_in_messages),
		cmocka_unit_test(test_M06_many_parts),
		cmocka_unit_test(test_M06_long_boundaries),
		cmocka_unit_test(test_M03_longer_than_windows),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_M12_decoded_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
