/* session.h - one logged-in POP3 client: its streams, its maildrop, its counters */
#ifndef LINNET_POP3_SESSION_H
#define LINNET_POP3_SESSION_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/io/in.h"
#include "common/io/out.h"
#include "common/start/login.h"
#include "pop3d/greet_state.h"

struct maildrop;

struct pop3_session {
	struct in           in;
	struct out          out;
	const struct login *login;
	struct store       *store;
	struct maildrop    *drop;
	struct arena        kept;  /* as long as the session */
	struct buf          small; /* RETR's: a message and what is sent of it */
	const char         *uidl_format;
	struct greet_state  state; /* LANG and UTF8 */

	/* numbers for the log line at the end */
	uint64_t top_count, top_bytes, retr_count, retr_bytes;
	uint32_t removed; /* by QUIT */
};

/*
 * One line of answer: words in the session's language, or what a program reads.
 * code: of RFC 2449, 3206 or 6856 without its brackets, NULL for none.
 */
void pop3_ok(struct pop3_session *s, enum text text);
void pop3_ok_data(struct pop3_session *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void pop3_err(struct pop3_session *s, const char *code, enum text text);

/*
 * A call of the store failed with errno: log it where it is the system's
 * fault, and answer -ERR with the code that errno has in RFC 3206.
 * operation is for both: "open the maildrop".
 */
void pop3_err_errno(struct pop3_session *s, const char *operation);

/* The session is over: log reason ("Disconnected: Logged out") and counters, end the process. */
void pop3_end(struct pop3_session *s, const char *reason) __attribute__((noreturn));

#endif
