/* octets.h - the bytes of a message file in CRLF form, piece by piece, with NUL as it is */
#ifndef LINNET_MIME_OCTETS_H
#define LINNET_MIME_OCTETS_H

#include "common/base/buf.h"
#include "common/mime/decode.h"
#include "common/mime/source.h"

/*
 * [at, end) of src in CRLF form, and with its content transfer encoding taken away (RFC 3516).
 * source_send() is for all that needs no decoding.
 *
 *	octets_open(&o, src, at, end, kind);
 *	while (octets_next(&o, &piece)) ...
 *	octets_close(&o);
 */
struct octets {
	struct source *src;
	uint64_t       at, end;
	char           before; /* the byte in front of at */
	struct buf     crlf, bytes;
	struct decoder decoder;
};
void octets_open(struct octets *o, struct source *src, uint64_t at, uint64_t end,
                 enum decode_kind kind);
void octets_close(struct octets *o);

/* The next piece, which may be empty; valid until the next call.  False behind the last. */
bool octets_next(struct octets *o, struct span *piece_out);

#endif
