/* newest.c - is a base name one that no message here has? */
#include "common/index/newest.h"

#include "common/base/number.h"
#include "common/index/sum.h"

static bool
take_seconds(const char *base, size_t length, uint64_t *seconds_out)
{
	struct span s = span_make(base, length);

	return number_take(&s, UINT32_MAX, seconds_out) && span_starts(s, ".");
}

/* The word that holds the bit of this name. */
static size_t
word_of(uint64_t sum)
{
	return (size_t)(sum >> 6) & 7;
}

static uint64_t
bit_of(uint64_t sum)
{
	return 1ULL << (sum & 63);
}

void
newest_add(struct newest *n, const char *base, size_t length)
{
	uint64_t seconds, sum;

	if (!take_seconds(base, length, &seconds) || seconds < n->seconds)
		return;
	if (seconds > n->seconds)
		*n = (struct newest){ seconds, { 0 } };
	sum = sum_of(base, length, 0);
	n->bits[word_of(sum)] |= bit_of(sum);
}

bool
newest_is_above(const struct newest *n, const char *base, size_t length)
{
	uint64_t seconds, sum = sum_of(base, length, 0);

	if (!take_seconds(base, length, &seconds) || seconds < n->seconds)
		return false;
	return seconds > n->seconds || !(n->bits[word_of(sum)] & bit_of(sum));
}
