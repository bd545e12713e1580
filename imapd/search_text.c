/*
 * search_text.c - finding a string in text that comes in pieces
 *
 * Pieces are folded behind each other into a window, which is searched when it
 * is a few times as long as the needle; then all but the last needle.len - 1
 * bytes are dropped, which is where a match that crosses the border begins.
 * Between two texts stands a byte that no UTF-8 has, so that hundreds of header
 * fields are looked through at once and nothing is found across them.
 *
 * Text that certainly has no match does not come here: common/mime/skim.c.
 */
#include "imapd/search_text.h"

#include <string.h>

#include "common/mime/charset.h"

enum { WINDOW_LEAST = 1024 };

static const char between = (char)0xff;

void
search_text_begin(struct search_text *t, struct span needle)
{
	buf_reset(&t->window);
	t->needle = needle;
	t->tail_len = 0;
	t->is_found = needle.len == 0;
}

void
search_text_free(struct search_text *t)
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

static void
look_if_full(struct search_text *t)
{
	size_t most = 4 * t->needle.len;

	if (t->window.len >= (most > WINDOW_LEAST ? most : WINDOW_LEAST))
		look(t);
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
		if (cut_character(span_make(t->tail, t->tail_len)) == 0 ||
		    t->tail_len == sizeof(t->tail)) {
			casemap_fold(span_make(t->tail, t->tail_len), &t->window);
			t->tail_len = 0;
		}
	}
	return s;
}

bool
search_text_add(struct search_text *t, struct span utf8)
{
	if (t->is_found)
		return true;
	utf8 = join_tail(t, utf8);
	if (t->tail_len == 0 && utf8.len > 0) {
		t->tail_len = cut_character(utf8);
		utf8.len -= t->tail_len;
		memcpy(t->tail, utf8.at + utf8.len, t->tail_len);
		casemap_fold(utf8, &t->window);
	}
	look_if_full(t);
	return t->is_found;
}

void
search_text_pause(struct search_text *t)
{
	t->tail_len = 0;
	buf_byte(&t->window, between);
	look_if_full(t);
}

bool
search_text_end(struct search_text *t)
{
	look(t);
	buf_reset(&t->window);
	return t->is_found;
}

bool
search_text_has(struct span utf8, struct span needle, struct buf *window)
{
	if (needle.len == 0)
		return true;
	buf_reset(window);
	casemap_fold(utf8, window);
	return window->len >= needle.len &&
	       memmem(window->data, window->len, needle.at, needle.len) != NULL;
}
