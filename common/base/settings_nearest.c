/*
 * settings_nearest.c - which known name a misspelt one may stand for
 *
 * The distance is the number of letters to insert, delete, exchange or swap
 * with the neighbour.  A third of the letters may be wrong, beyond that a
 * proposal would only confuse.
 */
#include "common/base/settings_nearest.h"

#include <limits.h>
#include <string.h>

#include "common/base/span.h"

enum { NAME_MOST = 64, COMPLAINTS_MOST = 100 };

struct settings_nearest
settings_nearest_to(const char *word, size_t complaints)
{
	return (struct settings_nearest){ complaints < COMPLAINTS_MOST ? word : "", NULL,
		                          UINT_MAX };
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool
is_swap(struct span a, struct span b, size_t i, size_t k)
{
	return i > 1 && k > 1 && a.at[i - 1] == b.at[k - 2] && a.at[i - 2] == b.at[k - 1];
}

/* Three rows of the usual table; both names are at most NAME_MOST bytes. */
static unsigned
distance(struct span a, struct span b)
{
	unsigned row[3][NAME_MOST + 1];

	for (unsigned k = 0; k <= b.len; k++)
		row[0][k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t k = 1; k <= b.len; k++) {
			unsigned differs = a.at[i - 1] != b.at[k - 1];

			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + differs);
			if (is_swap(a, b, i, k))
				now[k] = least(now[k], before[k - 2] + 1);
		}
	}
	return row[a.len % 3][b.len];
}

void
settings_nearest_try(struct settings_nearest *n, const char *known)
{
	struct span a = span_of(n->word), b = span_of(known);
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
	unsigned d;

	if (a.len > NAME_MOST || b.len > NAME_MOST || gap > b.len / 3)
		return;
	d = distance(a, b);
	if (d > b.len / 3 || d >= n->distance)
		return;
	n->distance = d;
	n->best = known;
}
