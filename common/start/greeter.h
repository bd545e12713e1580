/* greeter.h - the frame of the pre-login dialogue */
#ifndef LINNET_GREETER_H
#define LINNET_GREETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/*
 * The greeter is a process under SECCOMP_MODE_STRICT: read, write and exit on
 * two descriptors.  Everything here lives in one fixed block; nothing calls
 * malloc, stdio, or the clock (the monitor kills a greeter that is late).  A test holds the
 * undefined symbols of the greeter's objects against a list.
 *
 * greet() functions of imapd and pop3d are written with these calls only.
 * A client that is gone ends the process inside them.
 */
struct greeter;

enum { GREETER_APOP_ROOM = 128 };

/* What the monitor knew when the greeter was made. */
struct greeter_facts {
	bool greets;             /* false behind STARTTLS, where a greeting has been said */
	bool tls_is_on;          /* the pump is in front of us */
	bool tls_is_offered;     /* STARTTLS or STLS may be used */
	/* TLS, loopback, trusted network or disable_plaintext_auth = no */
	bool plaintext_is_allowed;
	bool has_plain, has_login; /* mechanisms of auth_mechanisms */
	/* bits of sasl_names.h: may be used here; may be used once there is TLS */
	uint32_t mechanisms, mechanisms_with_tls;
	char apop[GREETER_APOP_ROOM]; /* POP3: "<...>" of the greeting; "" where APOP is off */
	bool logs_id;            /* imap_id_log is set */
	char greeting[256];      /* login_greeting */
	char extra[128];         /* what struct service's describe() wrote */
};
const struct greeter_facts *greeter_facts(const struct greeter *g);

enum greeter_line { GREETER_LINE, GREETER_TOO_LONG };

/*
 * Next line of at most max bytes without its line end; valid until the next
 * call.  GREETER_TOO_LONG: its first max bytes, and nothing was taken.
 */
enum greeter_line greeter_line(struct greeter *g, size_t max, struct span *line_out);

/* The next byte, 0-255, without taking it. */
int greeter_peek(struct greeter *g);

/*
 * Append n raw bytes of a literal to the command block and return where they
 * stand; n <= greeter_room().
 */
struct span greeter_bytes(struct greeter *g, size_t n);

/*
 * Keep a line or literal over the next calls: copied into the block; SPAN_NONE
 * once LIMIT_GREETER_COMMAND is full.
 */
struct span greeter_keep(struct greeter *g, struct span s);

/* Bytes that the command block still takes. */
size_t greeter_room(const struct greeter *g);

/* All that was kept, lines and literals one behind the other. */
struct span greeter_kept(const struct greeter *g);
/* the command is over: the block is empty (and wiped) again */
void greeter_forget(struct greeter *g);

void greeter_write(struct greeter *g, const char *text);
void greeter_write_span(struct greeter *g, struct span s);
void greeter_flush(struct greeter *g); /* also done before each read */

enum greeter_verdict {
	VERDICT_OK,           /* never seen by greet(): greeter_login() does not return then */
	VERDICT_FAILED,       /* user or password wrong */
	VERDICT_UNAVAILABLE,  /* authd or the database cannot tell now */
	VERDICT_REFUSED,      /* account disabled, mechanism not allowed, limits: text says it */
	VERDICT_BAD,          /* cancelled, or not what the mechanism wants */
	VERDICT_CONTINUE      /* server challenge: send it, read a line, call greeter_respond() */
};
struct greeter_answer {
	enum greeter_verdict verdict;
	struct span text; /* reason, or base64 challenge; valid until the next call */
	bool is_last;     /* LIMIT_GREETER_FAILURES is reached: tell it, then greeter_end() */
};

/*
 * Ask authd through the monitor.  response is base64 (SPAN_NONE: none yet).
 * tag is what the session answers to on success, when this process gives the
 * unread bytes back and ends.
 */
struct greeter_answer greeter_login(struct greeter *g, struct span tag, const char *mechanism,
                                    struct span response);
struct greeter_answer greeter_respond(struct greeter *g, struct span response);
void greeter_cancel(struct greeter *g);

/* user and password as a PLAIN response: what LOGIN and USER/PASS come to. */
struct greeter_answer greeter_login_plain(struct greeter *g, struct span tag, struct span user,
                                          struct span password);

/* RFC 1939 s.7 APOP: digest is the 32 hexadecimal digits.  Only where facts.apop is not empty. */
struct greeter_answer greeter_login_apop(struct greeter *g, struct span tag, struct span user,
                                         struct span digest);

/*
 * The names of the mechanisms that AUTHENTICATE or AUTH may be given here, in the order to
 * offer them; NULL behind the last.
 */
const char *greeter_mechanism(const struct greeter *g, size_t i);

/* The OK is written: flush, drop all that was buffered, hand over to the pump, end. */
void greeter_starttls(struct greeter *g) __attribute__((noreturn));

/* The text that makes the line at the end say "tried to use disallowed plaintext auth". */
#define GREETER_PLAINTEXT_REFUSED "plaintext refused"

/*
 * One line for the log through the monitor, which adds rip, lip and session and
 * writes control characters as '?'.
 */
void greeter_log(struct greeter *g, const char *text, struct span detail);

/*
 * The frame's own entry, for greeter_process.c: reads a PROXY header where one
 * is due, then runs greet().
 */
void greeter_run(struct greeter *g, void (*greet)(struct greeter *g)) __attribute__((noreturn));

/*
 * Flush and end; reason is what the monitor logs ("Aborted login (no auth
 * attempts)" is its own).
 */
void greeter_end(struct greeter *g, const char *reason) __attribute__((noreturn));

#endif
