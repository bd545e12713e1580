/* decode.h - content transfer encodings, decoded piece by piece */
#ifndef LINNET_MIME_DECODE_H
#define LINNET_MIME_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/span.h"

enum decode_kind { DECODE_NONE /* 7bit, 8bit, binary */, DECODE_BASE64, DECODE_QP, DECODE_UNKNOWN };

/* SPAN_NONE is 7bit (RFC 2045 s.6.1). */
enum decode_kind decode_kind_of(struct span encoding);

/*
 * A decoder keeps what is incomplete between two pieces.  Bytes that do not
 * belong there are left out (RFC 2045 s.6.8) or stay as they are (s.6.7), so the
 * result does not depend on how the input was cut.
 */
struct decoder {
	enum decode_kind kind;
	uint32_t bits;        /* base64: what has been read of a group */
	unsigned bit_count;
	bool     has_padding; /* base64: nothing more comes */
	char     held[3];     /* quoted-printable: "=", "=X" or "=" CR at the end of a piece */
	size_t   held_len;
	struct buf blanks;    /* quoted-printable: blanks that a line end would take away */
};
void decode_open(struct decoder *d, enum decode_kind kind);
void decode_close(struct decoder *d);

/* Append what s gives; last: nothing follows.  DECODE_NONE and DECODE_UNKNOWN copy. */
void decode_feed(struct decoder *d, struct span s, bool last, struct buf *out);

#endif
