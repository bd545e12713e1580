/* command.h - the command table */
#ifndef LINNET_COMMAND_H
#define LINNET_COMMAND_H

#include "imapd/cursor.h"

struct session;

enum { /* states in which a command may come; the greeter has those before login */
	IN_AUTHENTICATED = 1 << 0, /* no mailbox selected */
	IN_SELECTED      = 1 << 1,
	ANY              = IN_AUTHENTICATED | IN_SELECTED
};

enum { /* what the dispatcher does around a command */
	BY_UID        = 1 << 0, /* numbers are UIDs: the same run function serves both rows */
	HOLDS_EXPUNGE = 1 << 1, /* no EXPUNGE responses in its report (RFC 3501 s.7.4.1) */
	CHANGES       = 1 << 2, /* refused with NO [READ-ONLY] after EXAMINE */
	STREAMS       = 1 << 3, /* its last literal stays in the stream: run reads it (APPEND) */
	NO_REPORT     = 1 << 4, /* no report behind it (LOGOUT) */
	ENDS_BOX      = 1 << 5, /* news of the selected mailbox are pointless: it leaves it */
	BY_NUMBER     = 1 << 6  /* takes message numbers, as all that hold EXPUNGE back do: refused
	                           with UIDONLY (RFC 9586 s.3) */
};

/*
 * One row per command.  parse() is pure: cursor in (behind the command's name),
 * arguments out, in the cursor's arena; unit tests and the fuzzer run it with
 * no session.  run() is only called when the whole line parsed and the state allows it;
 * it writes untagged data and sets the tagged reply (session.h); it never writes a tagged line.
 * parse NULL: the command has no arguments.
 */
struct command {
	const char *name; /* "UID FETCH" for the UID form */
	unsigned    states, flags;
	void     *(*parse)(struct cursor *c);
	void      (*run)(struct session *s, const void *args, unsigned flags);
};

extern const struct command commands[];
extern const size_t command_count;

/* The row for the command at the cursor, which is moved behind its name; NULL: no such command. */
const struct command *command_find(struct cursor *c);

#endif
