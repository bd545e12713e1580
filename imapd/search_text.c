/*
 * search_text.c - finding a string in text that comes in pieces
 *
 * Pieces are folded behind each other into a window, which is searched when it
 * is a few times as long as the needle; then all but the last needle.len - 1
 * bytes are dropped, which is where a match that crosses the border begins.
 * Between two texts stands a byte that no UTF-8 has, so that hundreds of header
 * fields are looked through at once and nothing is found across them.
 *
 * Nearly all needles are ASCII.  For these a large piece is neither folded nor copied:
 * the places where the needle's rarest byte stands, in either case, are the only ones
 * that are compared.  Of the other characters some fold to an ASCII letter with marks
 * behind it, where a needle can only end: "cafe" is found in "caf\xc3\xa9".
 */
#include "imapd/search_text.h"

#include <string.h>

#include "common/mime/ascii.h"
#include "common/mime/casemap.h"
#include "common/mime/charset.h"

enum { WINDOW_LEAST = 32 * 1024, DIRECT_LEAST = 1024, RARE_MOST = 256 };

static const char between = (char)0xff;

/* Bytes of text by how often they come, the most frequent first; all others are rarer. */
static const char frequent[] = " etaonirshdlucmfypgwb.,-v01\r\nk2/3=:5498>6<7\"'xjqz";

static size_t
rarest(struct span needle)
{
	size_t best = 0, rank = 0, most = needle.len < RARE_MOST ? needle.len : RARE_MOST;

	for (size_t i = 0; i < most; i++) {
		const char *at = strchr(frequent, needle.at[i]);
		size_t its = at ? (size_t)(at - frequent) : sizeof(frequent);

		if (its >= rank) {
			rank = its;
			best = i;
		}
	}
	return best;
}

void
search_text_begin(struct search_text *t, struct span needle)
{
	buf_reset(&t->window);
	t->is_ascii = ascii_run(needle.at, needle.len) == needle.len;
	t->rare_at = t->is_ascii ? rarest(needle) : 0;
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

/* ---- without folding ---- */

/* Where each of two bytes stands next. */
struct places {
	const char *next[2]; /* not looked for: in front of at */
	const char *end;
	char        byte[2];
};

static const char *
next_place(struct places *p, const char *at)
{
	for (int i = 0; i < 2; i++)
		if (p->next[i] < at)
			p->next[i] = memchr(at, p->byte[i], (size_t)(p->end - at));
	for (int i = 0; i < 2; i++)
		if (!p->next[i])
			p->next[i] = p->end;
	return p->next[0] < p->next[1] ? p->next[0] : p->next[1];
}

static bool
is_here(const char *at, struct span needle, size_t *compared)
{
	size_t n = 0;

	while (n < needle.len && ascii_lower(at[n]) == needle.at[n])
		n++;
	*compared += n + 1;
	return n == needle.len;
}

enum direct { DIRECT_FOUND, DIRECT_NOT, DIRECT_UNKNOWN };

/* Among ASCII.  UNKNOWN: so much looks like the needle that another way is faster. */
static enum direct
find_direct(const struct search_text *t, struct span text)
{
	char rare = t->needle.at[t->rare_at];
	char upper = rare >= 'a' && rare <= 'z' ? (char)(rare - ('a' - 'A')) : rare;
	const char *at = text.at + t->rare_at;
	struct places p = { { NULL, NULL }, NULL, { rare, upper } };
	size_t compared = 0;

	p.end = text.at + text.len - (t->needle.len - 1 - t->rare_at);
	for (;;) {
		at = next_place(&p, at);
		if (at == p.end)
			return DIRECT_NOT;
		if (is_here(at - t->rare_at, t->needle, &compared))
			return DIRECT_FOUND;
		if (compared > 4 * text.len)
			return DIRECT_UNKNOWN;
		at++;
	}
}

/* With a letter that is not ASCII as its last one, or (UNKNOWN) with one that folds to ASCII. */
static enum direct
find_at_letters(const struct search_text *t, struct span text)
{
	struct span rest = span_skip(text, ascii_run(text.at, text.len));
	size_t keep = t->needle.len - 1, compared = 0;

	while (rest.len > 0) {
		const char *here = rest.at;
		bool is_alone;
		char letter = casemap_take_ascii(&rest, &is_alone);

		if (letter && is_alone)
			return DIRECT_UNKNOWN;
		if (letter && letter == t->needle.at[keep]) {
			if ((size_t)(here - text.at) < keep || compared > 4 * text.len)
				return DIRECT_UNKNOWN;
			if (is_here(here - keep, span_make(t->needle.at, keep), &compared))
				return DIRECT_FOUND;
		}
		rest = span_skip(rest, ascii_run(rest.at, rest.len));
	}
	return DIRECT_NOT;
}

static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The first n bytes of s, or the last ones: some more where these would cut a character. */
static struct span
front_of(struct span s, size_t n)
{
	while (n < s.len && is_inside(s.at[n]))
		n++;
	return span_make(s.at, n);
}

static struct span
back_of(struct span s, size_t n)
{
	while (n < s.len && is_inside(s.at[s.len - n]))
		n++;
	return span_skip(s, s.len - n);
}

/* False: the piece has to be folded. */
static bool
add_direct(struct search_text *t, struct span utf8)
{
	size_t keep = t->needle.len - 1;
	enum direct found;

	if (!t->is_ascii || t->tail_len > 0 || utf8.len < DIRECT_LEAST ||
	    utf8.len < 4 * t->needle.len || cut_character(utf8) > 0)
		return false;
	if (t->window.len > 0) { /* what crosses from there to here */
		casemap_fold(front_of(utf8, keep), &t->window);
		look(t);
		buf_reset(&t->window);
	}
	found = t->is_found ? DIRECT_FOUND : find_direct(t, utf8);
	if (found == DIRECT_NOT)
		found = find_at_letters(t, utf8);
	t->is_found = found == DIRECT_FOUND;
	if (found == DIRECT_NOT)
		casemap_fold(keep > 0 ? back_of(utf8, keep) : span_of(""), &t->window);
	return found != DIRECT_UNKNOWN;
}

bool
search_text_add(struct search_text *t, struct span utf8)
{
	if (t->is_found || add_direct(t, utf8))
		return t->is_found;
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
