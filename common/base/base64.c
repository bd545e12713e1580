/* base64.c - RFC 4648 base64, strict, without allocating: the greeter uses it */
#include "common/base/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encode(struct span s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t have = s.len - i;
		uint32_t group = (uint32_t)(unsigned char)s.at[i] << 16;

		if (have > 1)
			group |= (uint32_t)(unsigned char)s.at[i + 1] << 8;
		if (have > 2)
			group |= (uint32_t)(unsigned char)s.at[i + 2];
		out[n++] = alphabet[group >> 18 & 63];
		out[n++] = alphabet[group >> 12 & 63];
		out[n++] = '=';
		out[n++] = '=';
		if (have > 1)
			out[n - 2] = alphabet[group >> 6 & 63];
		if (have > 2)
			out[n - 1] = alphabet[group & 63];
	}
	return n;
}

/* 0-63, or -1. */
static int
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_decode(struct span s, char *out, size_t *len_out)
{
	size_t n = 0, padding = 0;

	if (s.len % 4 != 0)
		return false;
	if (s.len > 0 && s.at[s.len - 1] == '=')
		padding = s.at[s.len - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < s.len; i += 4) {
		size_t digits = i + 4 == s.len ? 4 - padding : 4;
		uint32_t group = 0;

		for (size_t k = 0; k < 4; k++) {
			int value = k < digits ? digit_value(s.at[i + k]) : 0;

			if (value < 0)
				return false;
			group = group << 6 | (uint32_t)value;
		}
		if ((digits == 2 && (group & 0xffff) != 0) || (digits == 3 && (group & 0xff) != 0))
			return false;
		out[n++] = (char)(group >> 16);
		if (digits > 2)
			out[n++] = (char)(group >> 8 & 0xff);
		if (digits > 3)
			out[n++] = (char)(group & 0xff);
	}
	*len_out = n;
	return true;
}
