/* token.h - the words that structured header fields are made of (RFC 5322 s.3.2) */
#ifndef LINNET_MIME_TOKEN_H
#define LINNET_MIME_TOKEN_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/span.h"

/*
 * Each takes from the front of *rest and never looks behind its end; line ends
 * inside count as blanks.  Broken input (a comment or string without its end) reaches to the end of
 * *rest.
 */

/* CFWS: blanks and comments, which may be nested to any depth. */
void token_skip_blank(struct span *rest);

/*
 * As token_skip_blank; the text of the last comment is put into *comment_out (its raw inside),
 * which is left alone when there is none.
 */
void token_skip_comment(struct span *rest, struct span *comment_out);

/* quoted-string: *rest begins with '"'.  Its text without quotes, backslashes and line ends. */
struct span token_quoted(struct span *rest, struct arena *mem);

/*
 * All bytes up to a blank, a control byte, or one of stops, which has no letters, digits, '-',
 * '_' and '+'; may be empty.
 */
struct span token_word(struct span *rest, const char *stops);

/* Take byte c if it is next. */
bool token_byte(struct span *rest, char c);

/* Text of a comment or quoted-string: backslashes and line ends taken out, NUL made 0x80. */
struct span token_plain(struct span raw, struct arena *mem);

extern const char token_specials[];  /* that end an atom: RFC 5322 s.3.2.3, without '.' */
extern const char token_tspecials[]; /* that end a MIME token: RFC 2045 s.5.1 */

#endif
