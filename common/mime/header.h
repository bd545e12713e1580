/* header.h - header fields of a message or part */
#ifndef LINNET_MIME_HEADER_H
#define LINNET_MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/span.h"
#include "common/mime/source.h"

/*
 * One field as it stands in the block: name without blanks, raw value with its folding and without
 * the last line end.
 */
struct field {
	struct span name, value;
	struct span whole; /* all bytes, with the line end: for BODY[HEADER.FIELDS] */
};

/*
 * Read the header block that begins at offset at into mem: everything up to
 * and including the empty line (or to end), cut at LIMIT_HEADER_BYTES.
 * *body_at_out is the offset behind it.
 */
struct span header_read(struct source *src, uint64_t at, uint64_t end, struct arena *mem,
                        uint64_t *body_at_out);

/*
 * Walk the fields: begin with rest = the block. False at the empty line or the end.  A line
 * without ':' is skipped.
 */
bool header_next(struct span *rest, struct field *field_out);

/* First field of that name (ASCII case alike); false when there is none. */
bool header_find(struct span block, const char *name, struct field *field_out);

/*
 * Unfolded value: line ends taken away (RFC 5322 s.2.2.3), outer blanks
 * trimmed, NUL made 0x80; a CR that is no line end stays.  May borrow from value.
 */
struct span header_unfold(struct span value, struct arena *mem);

/*
 * Unfolded, RFC 2047 encoded words decoded, as valid UTF-8: for SEARCH, SORT,
 * previews.  What cannot be decoded stays as it is written; bytes that are not
 * UTF-8, and NUL, become U+FFFD, CR, LF and TAB a space.  May borrow from value.
 */
struct span header_decode(struct span value, struct arena *mem);

/* Is there anything like an encoded word? */
bool header_has_words(struct span value);

/*
 * A structured field of MIME: type, subtype and parameters (RFC 2045 s.5.1, RFC 2183).
 * The sections of a parameter (RFC 2231) are put together; those that do not fit
 * together are parameters of their own with the name as it is written.
 */
struct mime_parameter {
	struct span name, value; /* without '*', decoded: UTF-8 where it named its character set */
	/* for BODYSTRUCTURE: name* with %XX and character set where it is so */
	struct span wire_name, wire_value;
};
struct mime_value {
	struct span type, subtype; /* upper case; subtype SPAN_NONE for Content-Disposition */
	struct span type_as_sent, subtype_as_sent;
	struct mime_parameter *parameter;
	size_t parameter_count;
};

/* False: not even a type.  At most LIMIT_MIME_PARAMETERS are looked at. */
bool header_parse_mime(struct span value, struct arena *mem, struct mime_value *out);

/*
 * Decoded value of the first parameter of that name, one in RFC 2231's form preferred; SPAN_NONE
 * when absent.
 */
struct span mime_parameter(const struct mime_value *v, const char *name);

#endif
