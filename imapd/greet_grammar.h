/* greet_grammar.h - the pieces of an IMAP command before the login */
#ifndef LINNET_IMAP_GREET_GRAMMAR_H
#define LINNET_IMAP_GREET_GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/span.h"

/*
 * The grammar of imapd/grammar.h is not for here: it takes an arena, and what
 * runs before the login allocates nothing.  The rules are those of cursor.h:
 * failing is sticky, and a cursor that failed has nothing left to take.
 */
struct greet_cursor {
	struct span rest;   /* of the command: what is not parsed yet */
	bool        failed;
};

/* A string that was taken, unescaped; what is longer fails, and so does a NUL. */
struct greet_text {
	char   at[LIMIT_PASSWORD + 1];
	size_t len;
};

bool greet_try_byte(struct greet_cursor *c, char byte);
void greet_take_byte(struct greet_cursor *c, char byte);
void greet_take_end(struct greet_cursor *c);

/* As many ASTRING-CHAR as there are, left where they stand; empty when there are none. */
struct span greet_take_word(struct greet_cursor *c);

bool greet_try_string(struct greet_cursor *c, struct greet_text *t);
void greet_take_astring(struct greet_cursor *c, struct greet_text *t);

/* A tag and its space; false: it is none, or too long to be given back. */
bool greet_take_tag(struct greet_cursor *c, struct span *tag_out);

/* ID's list is checked and forgotten; field and value are room for one pair. */
void greet_take_id_params(struct greet_cursor *c, struct greet_text *field,
                          struct greet_text *value);

/* What a line's last characters announce: bytes that wait for a "+", or that follow at once. */
enum greet_literal { GREET_LITERAL_NONE, GREET_LITERAL_WAITS, GREET_LITERAL_FOLLOWS };
enum greet_literal greet_literal_at_end(struct span line, uint64_t *n_out);

#endif
