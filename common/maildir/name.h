/* name.h - mailbox names: what a client writes, what stands on disk */
#ifndef LINNET_MAILDIR_NAME_H
#define LINNET_MAILDIR_NAME_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/span.h"
#include "common/base/utf8.h"

/*
 * A mailbox name inside the server is UTF-8 with '.' between its levels,
 * "INBOX" spelled so (also as the first of several levels).  On disk it is the
 * folder "." + the name in modified UTF-7; INBOX is the root itself.
 *
 * From the client it comes as modified UTF-7 (RFC 3501 s.5.1.3) or, with
 * UTF8=ACCEPT or IMAP4rev2, as UTF-8.
 */

/*
 * Canonical name for what a client wrote, in the arena; NULL with *why_out (constant
 * text that fits behind "NO [CANNOT] ") for a name that cannot be: empty, an empty
 * level, '/' or a control character, a level of "." or "..", more than
 * LIMIT_NAME_LEVEL bytes a level on disk, LIMIT_NAME_LEVELS levels or LIMIT_NAME
 * bytes, non-canonical modified UTF-7, invalid UTF-8.  One trailing separator is
 * allowed where may_end_open says so (CREATE, RFC 3501 s.6.3.3) and taken away.
 */
const char *name_from_client(struct span raw, bool utf8, bool may_end_open, struct arena *mem,
                             const char **why_out);

/* The name as a client is to see it: modified UTF-7, or UTF-8 itself. */
const char *name_to_client(const char *name, bool utf8, struct arena *mem);

/* Folder below the Maildir root: "." for INBOX, ".Sent", ".A.B" (modified UTF-7). */
const char *name_to_dir(const char *name, struct arena *mem);

/*
 * The reverse for a directory entry; NULL for what is no
 * mailbox of ours (no dot, "..", "...", bad mUTF-7).
 */
const char *name_from_dir(const char *entry, struct arena *mem);

/* Modified UTF-7 both ways (RFC 3501 s.5.1.3).  Decoding accepts the canonical form only. */
bool mutf7_decode(struct span s, struct buf *out);
bool mutf7_encode(struct span utf8, struct buf *out); /* false: s is not valid UTF-8 */

#endif
