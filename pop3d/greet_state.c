/* greet_state.c - what the dialogue before login hands to the session */
#include "pop3d/greet_state.h"

static const char *const words[LANGUAGES][2] = {
	[LANGUAGE_EN] = { "en", "en-utf8" },
	[LANGUAGE_FR] = { "fr", "fr-utf8" },
};

const char *
greet_state_word(const struct greet_state *state)
{
	return words[state->language][state->is_utf8];
}

struct greet_state
greet_state_of(const char *word)
{
	struct greet_state state = { LANGUAGE_EN, false };

	for (unsigned i = 0; i < 2 * LANGUAGES; i++) {
		if (!span_is(span_of(word), words[i / 2][i % 2]))
			continue;
		state.language = (enum language)(i / 2);
		state.is_utf8 = i % 2;
	}
	return state;
}
