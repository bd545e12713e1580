/* buf.h - a growing buffer that owns its bytes */
#ifndef LINNET_BUF_H
#define LINNET_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/*
 * A buf owns its bytes and grows.  data[len] is always NUL once anything was
 * added, so data may be handed to libc where the content has no NUL of its own.
 * Memory that cannot be had ends the process (die.h).
 */
struct buf {
	char  *data;
	size_t len, room;
};
#define BUF_EMPTY { NULL, 0, 0 }

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_byte(struct buf *b, char c);
void buf_str(struct buf *b, const char *string);
void buf_span(struct buf *b, struct span s);
void buf_number(struct buf *b, uint64_t n);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Room for n more bytes at data + len, not yet counted: add to len what was written. */
char *buf_reserve(struct buf *b, size_t n);

/* A view of all bytes; valid until the next change of b. */
struct span buf_view(const struct buf *b);

void buf_reset(struct buf *b);     /* empty it, keep the memory */
void buf_free(struct buf *b);      /* give the memory back; b is empty again and may be used */
void buf_wipe_free(struct buf *b); /* as buf_free, overwriting all that it held: for secrets */

#endif
