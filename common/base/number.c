/* number.c - reading decimal numbers without wraparound */
#include "common/base/number.h"

bool
number_take(struct span *s, uint64_t max, uint64_t *n_out)
{
	uint64_t n = 0;
	size_t used = 0;

	for (; used < s->len && ascii_is_digit(s->at[used]); used++) {
		uint64_t digit = (uint64_t)(s->at[used] - '0');

		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (used == 0)
		return false;
	*s = span_skip(*s, used);
	*n_out = n;
	return true;
}

bool
number_parse(struct span s, uint64_t max, uint64_t *n_out)
{
	uint64_t n;

	if (!number_take(&s, max, &n) || s.len > 0)
		return false;
	*n_out = n;
	return true;
}
