/* texts.h - what the server says to people, in each language of LANG */
#ifndef LINNET_POP3_TEXTS_H
#define LINNET_POP3_TEXTS_H

#include <stdbool.h>

#include "common/base/span.h"

/*
 * RFC 6856 s.3: LANG chooses the language of the words behind +OK and -ERR.
 * The table is constant and needs nothing of libc, as the greeter says them too.
 * A new language is a column here, a new text a row.
 */
enum language { LANGUAGE_EN, LANGUAGE_FR, LANGUAGES };

struct language_row {
	const char *tag;  /* RFC 5646 */
	const char *name; /* in the language itself, UTF-8 */
};
extern const struct language_row languages[LANGUAGES];

enum text {
	/* before login */
	TEXT_CAPABILITIES,
	TEXT_TLS_BEGINS,
	TEXT_TLS_IS_ACTIVE,
	TEXT_TLS_IS_OFF,
	TEXT_TLS_BEHIND_UTF8,
	TEXT_PLAINTEXT_REFUSED,
	TEXT_USER_LENGTH,
	TEXT_USER_FIRST,
	TEXT_APOP_FORM,
	TEXT_PASSWORD_LENGTH,
	TEXT_AUTH_FAILED,
	TEXT_AUTH_UNAVAILABLE,
	TEXT_AUTH_REFUSED,
	TEXT_AUTH_INVALID,
	TEXT_AUTH_UNFINISHED,
	TEXT_AUTH_ABORTED,
	TEXT_AUTH_MECHANISM,
	TEXT_AUTH_NOT_BASE64,
	TEXT_AUTH_TOO_LONG,
	TEXT_NUL,
	TEXT_UNKNOWN_COMMAND,
	TEXT_NOT_BEFORE_LOGIN,
	TEXT_NO_ARGUMENT,
	TEXT_AN_ARGUMENT,
	TEXT_TOO_MANY_COMMANDS,
	TEXT_GOODBYE,
	/* on both sides of it */
	TEXT_LANGUAGES,
	TEXT_LANGUAGE_CHOSEN,
	TEXT_LANGUAGE_UNKNOWN,
	TEXT_LINE_LENGTH,
	TEXT_UTF8_ON,
	/* behind login */
	TEXT_LOGGED_IN,
	TEXT_LOGGED_IN_ALREADY,
	TEXT_TLS_BEFORE_LOGIN,
	TEXT_UTF8_BEFORE_LOGIN,
	TEXT_LAST_IS_OBSOLETE,
	TEXT_NO_ARGUMENTS,
	TEXT_ONE_NUMBER,
	TEXT_TWO_NUMBERS,
	TEXT_IDS_FOLLOW,
	TEXT_TOP_FOLLOWS,
	TEXT_NO_MESSAGE,
	TEXT_MESSAGE_REMOVED,
	TEXT_READ_ONLY,
	TEXT_IN_USE,
	TEXT_LOCKED,
	TEXT_NOT_ALLOWED,
	TEXT_TRY_LATER,
	TEXT_TOO_SOON,
	TEXT_MARKED,
	TEXT_UNMARKED,
	TEXT_DONE,
	TEXT_DELETED,
	TEXT_SOME_NOT_DELETED,
	TEXT_LOGGING_OUT,
	TEXT_TOO_MANY_BAD,
	TEXTS
};
const char *text_in(enum language language, enum text text);

/*
 * The language for a range of LANG: "*" is the first one, "fr-CA" finds "fr"
 * (lookup of RFC 4647 s.3.4).  False: none.
 */
bool language_find(struct span range, enum language *language_out);

#endif
