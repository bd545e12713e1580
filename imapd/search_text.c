/*
 * search_text.c - finding a string in text that comes in pieces
 *
 * Pieces are folded behind each other into a window, which is searched when it
 * is a few times as long as the needle; then all but the last needle.len - 1
 * bytes are dropped, which is where a match that crosses the border begins.
 */
#include "imapd/search_text.h"

#include <stdint.h>
#include <string.h>

#include "common/mime/charset.h"

enum { WINDOW_LEAST = 32 * 1024 };

/*
 * Lower the ASCII that s begins with into to; returns how much there was.  Eight
 * bytes at a time: with all top bits clear, adding 0x80 - 'A' to a byte sets its
 * top bit from 'A' on, adding 0x7f - 'Z' only behind 'Z', and nothing carries over.
 */
static size_t
lower_ascii(struct span s, char *to)
{
	const uint64_t each = UINT64_C(0x0101010101010101), top = each * 0x80;
	uint64_t word;
	size_t n = 0;

	for (; s.len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s.at + n, sizeof(word));
		if (word & top)
			break;
		word |= (((word + each * (0x80 - 'A')) ^ (word + each * (0x7f - 'Z'))) & top) >> 2;
		memcpy(to + n, &word, sizeof(word));
	}
	for (; n < s.len && (unsigned char)s.at[n] < 0x80; n++)
		to[n] = ascii_lower(s.at[n]);
	return n;
}

static size_t
other_run(struct span s)
{
	size_t n = 0;

	while (n < s.len && (unsigned char)s.at[n] >= 0x80)
		n++;
	return n;
}

/*
 * casemap_fold() at the speed that bodies want: ASCII, which folds to lower case
 * (a test holds the two together), goes by runs.
 */
static void
fold(struct span utf8, struct buf *out)
{
	while (utf8.len > 0) {
		size_t n = lower_ascii(utf8, buf_reserve(out, utf8.len));

		out->len += n;
		utf8 = span_skip(utf8, n);
		n = other_run(utf8);
		if (n > 0)
			casemap_fold(span_make(utf8.at, n), out);
		utf8 = span_skip(utf8, n);
	}
}

void
search_text_begin(struct search_text *t, struct span needle)
{
	memset(t, 0, sizeof(*t));
	t->needle = needle;
	t->is_found = needle.len == 0;
}

void
search_text_end(struct search_text *t)
{
	buf_free(&t->window);
}

/* Look through the window and keep what a match may still begin in. */
static void
look(struct search_text *t)
{
	size_t keep = t->needle.len - 1;

	if (t->is_found || t->window.len < t->needle.len)
		return;
	t->is_found = memmem(t->window.data, t->window.len, t->needle.at, t->needle.len) != NULL;
	memmove(t->window.data, t->window.data + t->window.len - keep, keep);
	t->window.len = keep;
}

/* Bytes at the end of s that begin a character and do not end it. */
static size_t
cut_character(struct span s)
{
	for (size_t n = 1; n <= 3 && n <= s.len; n++) {
		unsigned char c = (unsigned char)s.at[s.len - n];

		if (c < 0x80)
			return 0;
		if (c >= 0xc0) {
			size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

			return n < whole ? n : 0;
		}
	}
	return 0;
}

/* Complete the character that the last piece cut; what is left of s. */
static struct span
join_tail(struct search_text *t, struct span s)
{
	while (t->tail_len > 0 && s.len > 0) {
		t->tail[t->tail_len++] = *s.at;
		s = span_skip(s, 1);
		if (cut_character(span_make(t->tail, t->tail_len)) == 0 || t->tail_len == sizeof(t->tail)) {
			fold(span_make(t->tail, t->tail_len), &t->window);
			t->tail_len = 0;
		}
	}
	return s;
}

bool
search_text_add(struct search_text *t, struct span utf8)
{
	size_t most = 4 * t->needle.len;

	if (t->is_found)
		return true;
	utf8 = join_tail(t, utf8);
	if (t->tail_len == 0 && utf8.len > 0) {
		t->tail_len = cut_character(utf8);
		utf8.len -= t->tail_len;
		memcpy(t->tail, utf8.at + utf8.len, t->tail_len);
		fold(utf8, &t->window);
	}
	if (t->window.len >= (most > WINDOW_LEAST ? most : WINDOW_LEAST))
		look(t);
	return t->is_found;
}

bool
search_text_pause(struct search_text *t)
{
	if (!t->is_found)
		look(t);
	buf_reset(&t->window);
	t->tail_len = 0;
	return t->is_found;
}

bool
search_text_has(struct span utf8, struct span needle, struct buf *window)
{
	if (needle.len == 0)
		return true;
	buf_reset(window);
	fold(utf8, window);
	return window->len >= needle.len &&
	       memmem(window->data, window->len, needle.at, needle.len) != NULL;
}
