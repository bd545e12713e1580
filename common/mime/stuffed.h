/* stuffed.h - a whole message in POP3's form, in one pass */
#ifndef LINNET_MIME_STUFFED_H
#define LINNET_MIME_STUFFED_H

#include <stdint.h>

#include "common/base/span.h"

struct stuffed {
	size_t   len;    /* bytes written */
	uint64_t octets; /* of the message in CRLF form: no stuffed dots, no line end added */
	size_t   header; /* bytes of the text up to the body; all where no empty line comes */
};

/* Bytes that n bytes of message may become. */
#define STUFFED_ROOM(n) (2 * (n) + 2)

/*
 * Write text to to, of STUFFED_ROOM(text.len) bytes, exactly as source_send_stuffed() sends a
 * file with it, and count what RETR has to announce on the way.
 */
void stuffed_write(struct span text, char *to, struct stuffed *result_out);

#endif
