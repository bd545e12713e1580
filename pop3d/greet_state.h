/* greet_state.h - what the dialogue before login hands to the session */
#ifndef LINNET_POP3_GREET_STATE_H
#define LINNET_POP3_GREET_STATE_H

#include <stdbool.h>

#include "common/base/span.h"
#include "pop3d/texts.h"

/* It travels where IMAP's tag does (struct login). */
struct greet_state {
	enum language language; /* LANG */
	bool          is_utf8;  /* UTF8 */
};

/* One word, constant. */
const char *greet_state_word(const struct greet_state *state);

/* From that word.  What is none is the state at connect: a process of strangers passed it on. */
struct greet_state greet_state_of(const char *word);

#endif
