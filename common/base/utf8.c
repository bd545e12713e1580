/* utf8.c - characters of UTF-8 (RFC 3629) */
#include "common/base/utf8.h"

/* Bytes of a character that begins so; 0: none does. */
static size_t
length_of(unsigned char first)
{
	static const struct {
		unsigned char below;
		size_t        length;
	} starts[] = { { 0x80, 1 }, { 0xc2, 0 }, { 0xe0, 2 }, { 0xf0, 3 }, { 0xf5, 4 } };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (first < starts[i].below)
			return starts[i].length;
	return 0;
}

/* UTF8-char = UTF8-1 / UTF8-2 / UTF8-3 / UTF8-4   ; RFC 3629 s.4 */
bool
utf8_take(struct span *s, uint32_t *c_out)
{
	static const uint32_t smallest[] = { 0, 1, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)s->at[0];
	size_t length = length_of(first);
	uint32_t c = length == 1 ? first : first & (0x7fU >> length);

	if (length == 0 || length > s->len)
		return false;
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)s->at[i];

		if ((next & 0xc0) != 0x80)
			return false;
		c = c << 6 | (next & 0x3f);
	}
	if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	*s = span_skip(*s, length);
	*c_out = c;
	return true;
}

bool
utf8_is_valid(struct span s)
{
	uint32_t c;

	while (s.len > 0)
		if (!utf8_take(&s, &c))
			return false;
	return true;
}
