/* surrogate.h - a header in UTF-8 for clients that know only ASCII */
#ifndef LINNET_MIME_SURROGATE_H
#define LINNET_MIME_SURROGATE_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/*
 * A header block that must not go to a client without UTF8 as it is (RFC 6856
 * s.2.1, RFC 6855 s.7): it has bytes beyond ASCII, and all of it is UTF-8.  Bytes
 * that are no UTF-8 are not meant by these RFCs: such a header goes as it always has.
 */
bool surrogate_is_needed(struct span header);

/*
 * Write the block to out in ASCII, as RFC 6858 simplifies it: encoded words
 * (RFC 2047) in place of what is not ASCII, an address that is not ASCII as the name of an empty
 * group.  ASCII fields are copied as they are; line ends of what is rewritten are CRLF.
 */
void surrogate_write(struct span header, struct buf *out);

#endif
