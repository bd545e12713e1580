/* user_name.h - the one form of a user name, before any query or path */
#ifndef LINNET_USER_NAME_H
#define LINNET_USER_NAME_H

#include "common/base/arena.h"
#include "common/base/span.h"

struct user_name_rules {
	const char *chars;         /* auth_username_chars; "" for all but control characters */
	const char *format;        /* auth_username_format */
	const char *default_realm; /* auth_default_realm */
};

/*
 * What the client typed, made into what is looked up:
 *   1. at most LIMIT_USER_NAME bytes of valid UTF-8 without control characters;
 *   2. every byte one of auth_username_chars, where that is not empty;
 *   3. at most one '@'; without one, auth_default_realm is put behind it;
 *   4. written as auth_username_format says (%Lu: ASCII letters in lower case; others stay);
 *   5. fit to be part of a path: user_name_is_safe().
 * NULL with *why_out (a sentence for the log, in mem or constant) when it breaks one of these.
 */
const char *user_name_make(struct span typed, const struct user_name_rules *rules,
                           struct arena *mem, const char **why_out);

/*
 * May %n and %d of this name stand in a path?  No '/', no control characters, valid UTF-8, at most
 * one '@', neither part empty, no "..", no leading '.' and no domain piece that is empty.  Also
 * asked of what the database calls the user.
 */
bool user_name_is_safe(const char *name, const char **why_out);

/*
 * A name for one line of the log: what could end a field there (blanks, commas, brackets, bytes
 * that are no UTF-8) is '?'.
 */
const char *user_name_for_log(struct span name, struct arena *mem);

#endif
