/* deflate.h - both directions of a connection compressed, for COMPRESS (RFC 4978) */
#ifndef LINNET_IO_DEFLATE_H
#define LINNET_IO_DEFLATE_H

#include "common/io/in.h"
#include "common/io/out.h"

/* Built with zlib? */
bool deflate_is_built(void);

/*
 * From here on both streams are compressed: what in holds unread counts as compressed already, and
 * out must have been flushed.  level: 1 (fast) ... 9.  Lasts as long as the process.
 */
void deflate_begin(struct in *in, struct out *out, int level);

#endif
