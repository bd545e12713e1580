/* charset.h - character sets to UTF-8, and comparing as i;unicode-casemap does */
#ifndef LINNET_MIME_CHARSET_H
#define LINNET_MIME_CHARSET_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/*
 * A converter keeps what is incomplete between two pieces of input.  UTF-8 and US-ASCII need no
 * iconv.
 */
struct charset;
struct charset *charset_open(struct span name); /* NULL: not known here */
struct charset *charset_close(struct charset *cs);

/* Append s as valid UTF-8; what cannot be converted becomes U+FFFD.  last: nothing follows. */
void charset_convert(struct charset *cs, struct span s, bool last, struct buf *out);

/* Would charset_convert() append s as it is, and keep nothing of it? */
bool charset_is_same(const struct charset *cs, struct span s);

/* Are bytes below 0x80 ASCII wherever they stand, and no others? */
bool charset_has_ascii(const struct charset *cs);

bool charset_is_known(struct span name);

/*
 * Append s folded for comparing (RFC 5051 i;unicode-casemap as far as simple
 * case folding and decomposition of Latin, Greek and Cyrillic letters; other
 * code points as they are): two texts are alike when their folded forms are the same bytes.
 */
void casemap_fold(struct span utf8, struct buf *out);

/* Append text that casemap_fold() made in the form whose bytes i;unicode-casemap orders by. */
void casemap_title(struct span folded, struct buf *out);

#endif
