/* greet_commands.h - the IMAP commands before the login, and what they share with their reader */
#ifndef LINNET_IMAP_GREET_COMMANDS_H
#define LINNET_IMAP_GREET_COMMANDS_H

#include "imapd/greet_grammar.h"

struct greeter;

struct greet_dialogue {
	struct greeter     *g;
	struct span         tag;      /* of the command at hand; empty: it has none */
	struct greet_cursor cursor;   /* behind its name */
	unsigned            commands, bad;
	struct greet_text   first, second;
};

enum {
	GREET_TAKES_ARGUMENTS = 1 << 0,
	GREET_TAKES_LITERALS  = 1 << 1,
	GREET_SHOWS_PASSWORD  = 1 << 2  /* refused before its literals are asked for without TLS */
};

struct greet_command {
	const char *name;
	unsigned    flags;
	void      (*run)(struct greet_dialogue *d); /* NULL: known, but only behind a login */
};
const struct greet_command *greet_find_command(struct span name);

/* A line behind the tag, or behind "*" where the command has none. */
void greet_reply(struct greet_dialogue *d, const char *text);

/* A reply that is counted: the last of LIMIT_GREETER_BAD ends the connection. */
void greet_bad(struct greet_dialogue *d, const char *why);

void greet_bye(struct greet_dialogue *d, const char *text, const char *reason)
	__attribute__((noreturn));

/* The two lines for a client which would have shown its password to everybody. */
void greet_refuse_plaintext(struct greet_dialogue *d);

/* "CAPABILITY" and its words, for the answer and the greeting. */
void greet_write_capabilities(struct greet_dialogue *d);

#endif
