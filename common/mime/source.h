/* source.h - reading a message file through a window, and sending it in CRLF form */
#ifndef LINNET_MIME_SOURCE_H
#define LINNET_MIME_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/span.h"
#include "common/io/out.h"

/*
 * A source is one message file.  A small message is read whole; a large one
 * through a window that moves, so memory does not follow the size of a message.
 * Files may end their lines in CRLF or bare LF; clients always get CRLF, and
 * every count called "octets" is of that form, every offset "at" of the file.
 *
 * The file may change while it is read (M22): the size is taken once when
 * opened; what is missing then is sent as spaces, and source_is_short() tells so.
 * NUL bytes are sent as 0x80 except where a caller asks for raw bytes
 * (RFC 3501 s.4.3.1 has no NUL in literals).
 */
struct source;

/*
 * Takes over fd, also when it fails.  NULL with errno when it is no regular file; errno is kept for
 * fd -1.
 */
struct source *source_open(int fd);
struct source *source_close(struct source *src); /* NULL allowed; closes the fd; returns NULL */

uint64_t source_size(const struct source *src); /* bytes of the file */
/* What fstat() said of the file when it was opened. */
const struct stat *source_stat(const struct source *src);
bool     source_is_short(const struct source *src);
int source_error(const struct source *src); /* errno of the first read that failed, 0 for none */

/*
 * Bytes at offset at, at least one and as many as the window holds; valid until
 * the next call on this source.  Empty at the end of the file and behind it.
 */
struct span source_window(struct source *src, uint64_t at);

/* As source_window, with at least want bytes where the file has so many; of more than 64 KiB as
 * much as the window holds, which may be less. */
struct span source_peek(struct source *src, uint64_t at, size_t want);

/* Copy the bytes [at, end) of the file, unchanged, to to. */
void source_copy(struct source *src, uint64_t at, uint64_t end, char *to);

/* Bare LFs (no CR before, also not in front of at) and all LFs in [at, end), at memory speed. */
void source_count(struct source *src, uint64_t at, uint64_t end, uint64_t *bare_out,
                  uint64_t *lines_out);

/*
 * Send [at, end) in CRLF form: octets skip ... skip + most - 1 of it, exactly
 * (padded as said above).  Returns the octets sent, which the caller knows before from its counts.
 * most UINT64_MAX: all that there are, without padding.
 */
uint64_t source_send(struct source *src, uint64_t at, uint64_t end, uint64_t skip, uint64_t most,
                     struct out *out);

/*
 * POP3's form: CRLF, lines that begin with '.' get another one (RFC 1939 s.3),
 * a last line without an end gets one.  body_lines: lines behind the header's
 * empty line, UINT64_MAX for all.  Does not write the final ".".
 * from: 0, or the offset of the body when the header has been sent another way.
 * False: the end of the header never came.
 */
bool source_send_stuffed(struct source *src, uint64_t from, uint64_t body_lines, struct out *out);

#endif
