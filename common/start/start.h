/* start.h - from main() to a session: monitor, greeter, pump, listener */
#ifndef LINNET_START_H
#define LINNET_START_H

#include "common/start/login.h"

struct greeter;

/* All in which imapd and pop3d differ before and at login. */
struct service {
	const char *program;  /* "imapd": for the log */
	/* "imap": service name of the authentication protocol and the settings */
	const char *name;
	const char *tls_name; /* "imaps": its unit */
	uint16_t    tls_port; /* 993 */

	/*
	 * What the monitor says itself, with CRLF: in place of a greeting, when
	 * time is up, behind a login (tag first).
	 */
	const char *busy;     /* "* BYE [UNAVAILABLE] ..." */
	const char *late;     /* "* BYE Disconnected for inactivity ..." */
	const char *unserved; /* "NO [SERVERBUG] ...": logged in, but the mail cannot be opened */
	bool has_tags;        /* answers begin with the command's tag, as IMAP's do */

	/*
	 * Text for greeter_facts.extra that greet() cannot know, as it depends on settings;
	 * at most room bytes with the NUL.  NULL: none.
	 */
	void (*describe)(const struct settings *settings, char *text, size_t room);

	/* Runs in the greeter process (greeter.h), which may only read, write and exit. */
	void (*greet)(struct greeter *g);

	/*
	 * Runs as the user, sandboxed, with the log prefix set.  Answers the
	 * login command (login->tag) first.  Never returns.
	 */
	void (*serve)(const struct login *login) __attribute__((noreturn));
};

/*
 * What main() of imapd and pop3d calls, and all that it calls.  Options:
 *	-c FILE      another configuration
 *	--tls        the connection begins with TLS (imaps, pop3s)
 *	--preauth    serve the calling user's own Maildir without login; never as root
 *	--mail PATH  with --preauth: that Maildir instead of mail_location's
 *	--stunnel    the peer's address is REMOTE_HOST of the environment
 *	--idle N     where descriptor 0 listens (xinetd, wait = yes): end after N seconds
 *	             without a new connection; 0 for never; 60 when not given
 *	--version, --help
 * Serves the connection on descriptor 0 or LISTEN_FDS; accepts and forks when that one listens.
 * Returns the exit status: 0, 1 after a connection that failed, 64 for a wrong call, 78 for a
 * configuration that cannot be used, 75 when the system refused something.
 */
int start_main(const struct service *service, int argc, char **argv);

#endif
