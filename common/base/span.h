/* span.h - a borrowed run of bytes, passed by value */
#ifndef LINNET_SPAN_H
#define LINNET_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * A span borrows bytes: it never owns them, need not end in NUL, may hold NUL,
 * and is passed by value.  { NULL, 0 } is the span that is not there; an empty
 * span has a non-NULL at.
 *
 * Nothing here allocates or calls more of libc than memcmp, memchr and strlen,
 * so the greeter may use all of it.
 */
struct span {
	const char *at;
	size_t      len;
};

#define SPAN_NONE ((struct span){ NULL, 0 })

static inline struct span
span_make(const char *at, size_t len)
{
	struct span s = { at, len };

	return s;
}

/* The bytes of a C string, without its NUL; NULL gives SPAN_NONE. */
static inline struct span
span_of(const char *string)
{
	return span_make(string, string ? strlen(string) : 0);
}

/* ASCII only, whatever the locale says. */
static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Value of a hexadecimal digit of either case, -1 for any other byte. */
static inline int
ascii_hex(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool span_equal(struct span a, struct span b);
bool span_is(struct span s, const char *word);

/* As span_is and span_equal, with ASCII letters of either case alike. */
bool span_is_nocase(struct span s, const char *word);
bool span_equal_nocase(struct span a, struct span b);
/* as memcmp(), a shorter one first: for sorting */
int  span_compare_nocase(struct span a, struct span b);
bool span_starts(struct span s, const char *prefix);
bool span_starts_nocase(struct span s, const char *prefix);

/* The rest of s behind its first n bytes; n beyond the end gives the empty end. */
struct span span_skip(struct span s, size_t n);

/* Without leading and trailing spaces, tabs, CR and LF. */
struct span span_trim(struct span s);

/* First byte c, or NULL. */
const char *span_find(struct span s, char c);

/*
 * Take from *rest all before the first separator into *word_out and move *rest
 * behind it; without a separator take all.  False once *rest is SPAN_NONE.
 */
bool span_split(struct span *rest, char separator, struct span *word_out);

#endif
