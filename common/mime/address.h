/* address.h - RFC 5322 address lists */
#ifndef LINNET_MIME_ADDRESS_H
#define LINNET_MIME_ADDRESS_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/span.h"

/*
 * In the form of IMAP's ENVELOPE (RFC 3501 s.7.4.2): a group begins with an
 * entry that has only mailbox (its name) and ends with one that has nothing.
 * SPAN_NONE is NIL.  Names are as written, without quotes; encoded words are not decoded.
 * An address without its local part or domain has "MISSING_MAILBOX" or "MISSING_DOMAIN" there.
 */
struct address {
	struct span name, route, mailbox, host;
};

/*
 * value may be folded.  The spans live in mem or borrow from value.  At most LIMIT_ADDRESSES;
 * broken input gives what can be read.
 */
size_t address_parse(struct span value, struct arena *mem, struct address **addresses_out);

#endif
