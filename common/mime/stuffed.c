/*
 * stuffed.c - a whole message in POP3's form, in one pass
 *
 * Most messages are small and lie in memory whole.  Their size need not be counted
 * before it is sent, when the conversion itself tells it: each byte is looked at once for its
 * line's end and copied once.
 */
#include "common/mime/stuffed.h"

#include <string.h>

/* NUL has no place in a message: source.h says what stands for it. */
static void
replace_nul(char *at, const char *end)
{
	while (at < end && (at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at++ = (char)0x80;
}

void
stuffed_write(struct span text, char *to, struct stuffed *result_out)
{
	const char *at = text.at, *end = text.at + text.len, *body = NULL, *lf;
	char *begin = to;
	size_t bare = 0;

	for (; at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL; at = lf + 1) {
		size_t n = (size_t)(lf - at);

		if (*at == '.')
			*to++ = '.';
		memcpy(to, at, n);
		to += n;
		if (n == 0 || lf[-1] != '\r') {
			*to++ = '\r';
			bare++;
		}
		*to++ = '\n';
		if (!body && (n == 0 || (n == 1 && *at == '\r')))
			body = lf + 1;
	}
	if (at < end) {
		if (*at == '.')
			*to++ = '.';
		memcpy(to, at, (size_t)(end - at));
		to += end - at;
		memcpy(to, "\r\n", 2);
		to += 2;
	}
	replace_nul(begin, to);
	*result_out = (struct stuffed){
		.len = (size_t)(to - begin),
		.octets = text.len + bare,
		.header = body ? (size_t)(body - text.at) : text.len,
	};
}
