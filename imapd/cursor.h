/* cursor.h - walking one complete command */
#ifndef LINNET_CURSOR_H
#define LINNET_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/span.h"

struct names;

/*
 * A cursor walks one complete command: the line, with its literals in place
 * ("{3}" CRLF and the three bytes).  It never reads the network and never
 * allocates, except into the arena for strings that must be unescaped.
 *
 *	at_...()    look only
 *	try_...()   take it and return true, or take nothing and return false
 *	take_...()  take it, or fail the cursor
 *
 * Failing is sticky: after the first failure every call takes nothing and the
 * cursor is at its end, so a parse function may run straight through; the
 * dispatcher tests cursor_ok() once.
 */
struct cursor {
	const char   *at, *end;
	const char   *why;   /* first failure, for the BAD reply; NULL while fine */
	struct arena *mem;
	unsigned      depth;  /* of parentheses: cursor_enter() */
	unsigned      tokens; /* counted against LIMIT_TOKENS */
	bool          utf8;   /* UTF8=ACCEPT: mailbox names are UTF-8 */
	const struct names *names; /* how they look; names_plain where nobody says otherwise */
};

void cursor_open(struct cursor *c, struct span command, struct arena *mem);
bool cursor_ok(const struct cursor *c);
void cursor_fail(struct cursor *c, const char *why); /* why: constant text or in the arena */
bool cursor_enter(struct cursor *c); /* one level deeper; fails the cursor beyond LIMIT_NESTING */
void cursor_leave(struct cursor *c);
/* count one argument or list item; fails the cursor beyond LIMIT_TOKENS */
bool cursor_token(struct cursor *c);

bool is_atom_char(char c); /* ATOM-CHAR of RFC 3501 s.9: no 8-bit */

bool at_end(const struct cursor *c);
bool at_byte(const struct cursor *c, char byte);
bool try_byte(struct cursor *c, char byte);
/* ASCII case alike; exactly these bytes, whatever follows */
bool try_word(struct cursor *c, const char *word);
/* as try_word, where no atom character follows */
bool try_whole_word(struct cursor *c, const char *word);
void take_byte(struct cursor *c, char byte);
void take_end(struct cursor *c); /* nothing may follow */

#endif
