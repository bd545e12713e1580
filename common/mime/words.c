/*
 * words.c - header text with encoded words (RFC 2047) as UTF-8
 *
 * Words of one character set that follow each other are one text: many mailers
 * cut a character in two between them, against s.5 (3).
 */
#include "common/mime/header.h"

#include "common/mime/ascii.h"
#include "common/mime/charset.h"
#include "common/mime/decode.h"

enum { CHARSET_NAME_MOST = 64 };

/* encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" */
struct word {
	struct span charset, text;
	char        encoding; /* 'b' or 'q' */
};

static bool
take_word(struct span *rest, struct word *w)
{
	struct span s = span_skip(*rest, 2);
	size_t most = s.len < CHARSET_NAME_MOST ? s.len : CHARSET_NAME_MOST;
	const char *mark = span_find(span_make(s.at, most), '?');
	const char *star;

	if (!mark || mark == s.at)
		return false;
	w->charset = span_make(s.at, (size_t)(mark - s.at));
	star = span_find(w->charset, '*');
	if (star)
		w->charset.len = (size_t)(star - w->charset.at);
	s = span_skip(s, (size_t)(mark - s.at) + 1);
	if (s.len < 2 || s.at[1] != '?')
		return false;
	w->encoding = ascii_lower(s.at[0]);
	s = span_skip(s, 2);
	mark = span_find(s, '?');
	if (!mark || mark + 1 >= s.at + s.len || mark[1] != '=' ||
	    (w->encoding != 'b' && w->encoding != 'q'))
		return false;
	w->text = span_make(s.at, (size_t)(mark - s.at));
	*rest = span_skip(s, w->text.len + 2);
	return true;
}

static void
add_word_bytes(const struct word *w, struct buf *bytes)
{
	struct decoder d;

	decode_open(&d, w->encoding == 'b' ? DECODE_BASE64 : DECODE_QP);
	if (w->encoding == 'b') {
		decode_feed(&d, w->text, true, bytes);
	} else {
		/* RFC 2047 s.4.2: '_' is a space, whatever stands behind it */
		for (size_t i = 0; i < w->text.len; i++) {
			struct span one = w->text.at[i] == '_' ? span_of("=20") :
			                                         span_make(w->text.at + i, 1);

			decode_feed(&d, one, i + 1 == w->text.len, bytes);
		}
	}
	decode_close(&d);
}

/* The text being put together. */
struct text {
	struct buf      out;
	struct charset *words;      /* of the encoded words at hand, NULL outside of them */
	struct span     words_name;
	struct charset *plain;      /* UTF-8: for what is not encoded */
};

static void
end_words(struct text *t)
{
	if (t->words)
		charset_convert(t->words, span_of(""), true, &t->out);
	t->words = charset_close(t->words);
}

/* False: a character set that is not known, so the word stays as it is written. */
static bool
add_word(struct text *t, const struct word *w)
{
	struct buf bytes = BUF_EMPTY;

	if (!t->words || !span_equal_nocase(t->words_name, w->charset)) {
		struct charset *cs = charset_open(w->charset);

		if (!cs)
			return false;
		end_words(t);
		t->words = cs;
		t->words_name = w->charset;
	}
	add_word_bytes(w, &bytes);
	charset_convert(t->words, buf_view(&bytes), false, &t->out);
	buf_free(&bytes);
	return true;
}

static void
add_plain(struct text *t, struct span s)
{
	if (s.len == 0)
		return;
	end_words(t);
	charset_convert(t->plain, s, true, &t->out);
}

static bool
is_all_blank(struct span s)
{
	return span_trim(s).len == 0;
}

/* Where the next "=?" is, or the end. */
static size_t
find_word(struct span s, size_t from)
{
	while (from < s.len) {
		const char *mark = span_find(span_skip(s, from), '=');

		if (!mark || mark + 1 >= s.at + s.len)
			break;
		from = (size_t)(mark - s.at);
		if (mark[1] == '?')
			return from;
		from++;
	}
	return s.len;
}

/* A line folded with a tab is one with a space to its reader, and to RFC 5256 s.2.1. */
static struct span
with_spaces_for_tabs(struct span s, struct arena *mem)
{
	char *copy, *at;

	if (!span_find(s, '\t'))
		return s;
	copy = at = arena_string(mem, s);
	while ((at = memchr(at, '\t', (size_t)(copy + s.len - at))) != NULL)
		*at++ = ' ';
	return span_make(copy, s.len);
}

/*
 * NUL, CR and LF may come out of encoded words; nobody who compares or shows the text wants them.
 */
static struct span
copy_clean(struct span s, struct arena *mem)
{
	struct buf clean = BUF_EMPTY;
	struct span copy;

	if (!span_find(s, '\0') && !span_find(s, '\r') && !span_find(s, '\n'))
		return arena_copy(mem, s);
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\0')
			buf_str(&clean, "\xef\xbf\xbd");
		else
			buf_byte(&clean, s.at[i] == '\r' || s.at[i] == '\n' ? ' ' : s.at[i]);
	}
	copy = arena_copy(mem, buf_view(&clean));
	buf_free(&clean);
	return copy;
}

bool
header_has_words(struct span value)
{
	return find_word(value, 0) < value.len;
}

/* Unfolded ASCII without anything like an encoded word is what it is. */
static bool
is_plain(struct span s)
{
	return ascii_run(s.at, s.len) == s.len && !header_has_words(s) && !span_find(s, '\r');
}

static struct span
decode(struct span rest, struct arena *mem)
{
	struct text t = { .out = BUF_EMPTY, .plain = charset_open(span_of("UTF-8")) };
	struct span clean;
	size_t from = 0;

	while (rest.len > 0) {
		size_t at = find_word(rest, from);
		struct span front = span_make(rest.at, at), behind = span_skip(rest, at);
		struct word w;

		if (behind.len == 0) {
			add_plain(&t, rest);
			break;
		}
		if (!take_word(&behind, &w)) {
			from = at + 2;
			continue;
		}
		if (!(t.words && is_all_blank(front)))
			add_plain(&t, front);
		if (!add_word(&t, &w))
			add_plain(&t, span_make(rest.at + at, (size_t)(behind.at - rest.at) - at));
		rest = behind;
		from = 0;
	}
	end_words(&t);
	charset_close(t.plain);
	clean = copy_clean(buf_view(&t.out), mem);
	buf_free(&t.out);
	return clean;
}

struct span
header_decode(struct span value, struct arena *mem)
{
	struct span text = header_unfold(value, mem);

	return with_spaces_for_tabs(is_plain(text) ? text : decode(text, mem), mem);
}
