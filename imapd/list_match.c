/*
 * list_match.c - LIST patterns: '*' and '%' in time that no pattern can blow up
 *
 * The pattern is a chain of items; the set of places in it where the name so
 * far may stand is a string of bits, one machine word for most patterns.  A
 * byte of the name moves all places at once, so there is nothing to go back
 * to.  Runs of wildcards become one, so that two never stand side by side and
 * skipping one is a single shift.
 */
#include "imapd/list_match.h"

#include <stdint.h>

#include "common/base/limits.h"

enum { WORD = 64, INBOX_LENGTH = 5 };

struct list_pattern {
	size_t    count;      /* items; place count is behind the last */
	size_t    words;      /* for count + 1 places */
	bool      never;      /* longer than any name */
	char      separator;  /* which '%' does not stand for */
	uint64_t *any, *level;       /* places in front of a '*', of a '%' */
	uint64_t *byte[UINT8_MAX + 1]; /* places in front of this byte; NULL: nowhere */
	uint64_t *now, *next;
};

static bool
is_wild(char c)
{
	return c == '*' || c == '%';
}

/*
 * Both texts in one, runs of wildcards as one ('*' wins); returns the items,
 * *literals_out the others of them.
 */
static size_t
squeeze(char *to, struct span reference, struct span pattern, size_t *literals_out)
{
	size_t n = 0, literals = 0;

	for (size_t i = 0; i < reference.len + pattern.len; i++) {
		char c = i < reference.len ? reference.at[i] : pattern.at[i - reference.len];

		if (is_wild(c) && n > 0 && is_wild(to[n - 1])) {
			if (c == '*')
				to[n - 1] = c;
			continue;
		}
		literals += !is_wild(c);
		to[n++] = c;
	}
	*literals_out = literals;
	return n;
}

static uint64_t *
new_places(const struct list_pattern *p, struct arena *mem)
{
	return arena_array(mem, p->words, sizeof(uint64_t));
}

static void
set_place(uint64_t *places, size_t at)
{
	places[at / WORD] |= UINT64_C(1) << at % WORD;
}

struct list_pattern *
list_pattern_make(struct span reference, struct span pattern, char separator,
                  struct arena *mem)
{
	struct list_pattern *p = arena_zero(mem, sizeof(*p));
	char *item = arena_alloc(mem, reference.len + pattern.len + 1);
	size_t literals;

	p->separator = separator;
	p->count = squeeze(item, reference, pattern, &literals);
	/* modified UTF-7 may be longer than the name it encodes */
	p->never = literals > 2 * LIMIT_NAME;
	if (p->never)
		return p;
	p->words = p->count / WORD + 1;
	p->any = new_places(p, mem);
	p->level = new_places(p, mem);
	p->now = new_places(p, mem);
	p->next = new_places(p, mem);
	for (size_t i = 0; i < p->count; i++) {
		uint64_t **places = item[i] == '*'   ? &p->any
		                    : item[i] == '%' ? &p->level
		                                     : &p->byte[(uint8_t)item[i]];

		if (!*places)
			*places = new_places(p, mem);
		set_place(*places, i);
	}
	return p;
}

/* A wildcard may stand for nothing: a place in front of one is also the place behind it. */
static void
skip_wildcards(const struct list_pattern *p, uint64_t *places)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t wild = places[w] & (p->any[w] | p->level[w]);

		places[w] |= wild << 1 | carry;
		carry = wild >> (WORD - 1);
	}
}

/* One byte of the name; either may be the same byte in the other case. */
static void
step(const struct list_pattern *p, char c, char either)
{
	const uint64_t *byte = p->byte[(uint8_t)c], *other = p->byte[(uint8_t)either];
	uint64_t carry = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t fits = p->now[w] & ((byte ? byte[w] : 0) | (other ? other[w] : 0));
		uint64_t stays = p->now[w] & (p->any[w] | (c != p->separator ? p->level[w] : 0));

		p->next[w] = fits << 1 | carry | stays;
		carry = fits >> (WORD - 1);
	}
	memcpy(p->now, p->next, p->words * sizeof(*p->now));
	skip_wildcards(p, p->now);
}

bool
list_pattern_matches(const struct list_pattern *p, const char *name)
{
	bool is_inbox = strncmp(name, "INBOX", INBOX_LENGTH) == 0 &&
	                (name[INBOX_LENGTH] == '\0' || name[INBOX_LENGTH] == p->separator);

	if (p->never)
		return false;
	memset(p->now, 0, p->words * sizeof(*p->now));
	set_place(p->now, 0);
	skip_wildcards(p, p->now);
	for (size_t i = 0; name[i]; i++)
		step(p, name[i], is_inbox && i < INBOX_LENGTH ? ascii_lower(name[i]) : name[i]);
	return p->now[p->count / WORD] >> p->count % WORD & 1;
}
