/* auth_line.h - lines of Dovecot's authentication protocol: fields between tabs */
#ifndef LINNET_AUTH_LINE_H
#define LINNET_AUTH_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/span.h"

/* One line, split at its tabs and unescaped: the spans borrow the bytes that were parsed. */
struct auth_line {
	struct span field[LIMIT_AUTH_FIELDS]; /* field[0] is the command */
	size_t      count;
};

/*
 * Split and unescape one line (without its LF) in place.  False for a line of
 * more than LIMIT_AUTH_FIELDS fields or with an escape that does not exist.
 */
bool auth_line_parse(char *line, size_t len, struct auth_line *out);

/*
 * The value of the first field "key=value" from field number first on;
 * SPAN_NONE when there is none.  auth_line_has() looks for a bare word.
 */
struct span auth_line_value(const struct auth_line *line, size_t first, const char *key);
bool auth_line_has(const struct auth_line *line, size_t first, const char *word);

/*
 * Writing: auth_put() begins with the bare command, auth_put_field() adds a tab and the escaped
 * bytes, auth_put_value() a tab and key=value (nothing where value is SPAN_NONE), auth_put_end()
 * the LF.
 */
void auth_put(struct buf *out, const char *command);
void auth_put_field(struct buf *out, struct span value);
void auth_put_number(struct buf *out, uint64_t n);
void auth_put_value(struct buf *out, const char *key, struct span value);
void auth_put_end(struct buf *out);

#endif
