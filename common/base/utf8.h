/* utf8.h - characters of UTF-8 (RFC 3629) */
#ifndef LINNET_UTF8_H
#define LINNET_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"

/*
 * Take one character from *s, which is not empty.  False for what RFC 3629 forbids (overlong
 * forms, surrogates, above U+10FFFF, cut off) and for NUL, which no text here may hold.
 */
bool utf8_take(struct span *s, uint32_t *c_out);

/* Nothing but such characters; an empty span is. */
bool utf8_is_valid(struct span s);

#endif
