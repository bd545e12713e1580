/* preview.h - the beginning of a message's text, for a list of messages (RFC 8970) */
#ifndef LINNET_MIME_PREVIEW_H
#define LINNET_MIME_PREVIEW_H

#include "common/base/buf.h"
#include "common/mime/part.h"

/*
 * Append at most 200 characters of UTF-8: the first text that is no attachment, plain before HTML,
 * blanks drawn together, without control and invisible characters, without quoted lines where
 * there is something else.  Nothing where there is no text.  Of a text LIMIT_PREVIEW_BYTES are
 * looked at.
 */
void preview_of(struct source *src, const struct part *root, struct buf *out);

#endif
