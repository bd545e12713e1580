/* part.h - the MIME tree of a message, with octet ranges and line counts */
#ifndef LINNET_MIME_PART_H
#define LINNET_MIME_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/mime/header.h"
#include "common/mime/skim.h"
#include "common/mime/source.h"

enum part_kind {
	PART_LEAF,
	PART_MULTIPART,
	PART_MESSAGE /* message/rfc822 or message/global: first is the message in it */
};

struct part {
	struct part *parent, *first, *next;
	enum part_kind kind;

	/* file offsets; header_at of a multipart's child is behind the boundary line */
	uint64_t header_at, body_at, end;
	uint64_t header_octets, body_octets; /* in CRLF form */
	uint64_t header_lines, body_lines;

	struct span header; /* the block as read, valid as long as the arena */
	/* never empty: TEXT/PLAIN or MESSAGE/RFC822 by default (RFC 2045 s.5.2, 2046 s.5.1.5) */
	struct mime_value type;
	/* unfolded; SPAN_NONE when absent; encoding upper case */
	struct span id, description, encoding, md5, location;
	struct span encoding_as_sent;
	struct mime_value disposition;             /* type SPAN_NONE when absent */
	struct span      *language;
	size_t            language_count;
};

/*
 * Parse the whole message into mem.  Never fails: what is broken, nested deeper
 * than LIMIT_PART_NESTING or beyond LIMIT_PARTS becomes a leaf with right octet counts, a
 * multipart or message/rfc822 among them APPLICATION/OCTET-STREAM.  A multipart may be without
 * children.  The line end in front of a boundary line belongs to the boundary (RFC 2046 s.5.1.1).
 * Of all header blocks together LIMIT_HEADER_BYTES are kept; counts are right beyond it.
 */
struct part *part_parse(struct source *src, struct arena *mem);
/* The same without octets and lines, for who looks at places in the file only. */
struct part *part_parse_places(struct source *src, struct arena *mem);

/*
 * Part by IMAP's section numbers (RFC 3501 s.6.4.5): {1,2} is 1.2; count 0 is the message itself.
 * NULL when there is none.
 */
struct part *part_find(struct part *root, const uint32_t *number, size_t count);

/*
 * Feed the decoded body (base64, quoted-printable; charset turned into UTF-8)
 * of a text part to each() in pieces; each() returns false to stop.  For SEARCH BODY and previews.
 */
bool part_decode_text(struct source *src, const struct part *p,
                      bool (*each)(void *context, struct span utf8), void *context);

/*
 * Could the text of p, decoded and folded, hold what k looks for?  False: certainly not.  spare is
 * for decoding.
 */
bool part_text_may_have(struct source *src, const struct part *p, const struct skim *k,
                        struct buf *spare);

#endif
