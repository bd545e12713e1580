/* base64.h - RFC 4648 base64 over fixed memory */
#ifndef LINNET_BASE64_H
#define LINNET_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/span.h"

/* Bytes that encoding n bytes takes, with padding, without a NUL. */
#define BASE64_ROOM(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_ROOM(s.len) bytes to out and returns their number. */
size_t base64_encode(struct span s, char *out);

/*
 * Strict decoding (RFC 4648 s.3.3, s.3.5): whole groups, padding only at the
 * end, unused bits zero, no other byte.  Writes at most s.len / 4 * 3 bytes to
 * out, which may be s.at itself.  False (out undefined) when s is not base64.
 */
bool base64_decode(struct span s, char *out, size_t *len_out);

#endif
