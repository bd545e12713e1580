/* subject_base.h - the base subject (RFC 5256 s.2.1), and ids of messages for THREAD */
#ifndef LINNET_SUBJECT_BASE_H
#define LINNET_SUBJECT_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/*
 * Append the base subject of a decoded subject, of which LIMIT_SUBJECT bytes are looked at.
 * True: it is that of a reply or forward, as REFERENCES has it (RFC 5256, BASE.6.4.THREAD).
 */
bool subject_base(struct span subject, struct buf *out);

/*
 * The hash of the next msg-id of a References, In-Reply-To or Message-ID field, in the one
 * form that all ways of quoting it have; 0: there is none any more.  *rest is moved behind it.
 */
uint64_t message_id_next(struct span *rest, struct buf *spare);

/* A hash that is never 0. */
uint64_t thread_hash(struct span s);

#endif
