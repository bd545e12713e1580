/* auth_client.h - the monitor's side of Dovecot's authentication protocol */
#ifndef LINNET_AUTH_CLIENT_H
#define LINNET_AUTH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/net.h"
#include "common/base/span.h"
#include "common/start/login.h"

/*
 * One connection to authd's login socket (design.md section 6).  Blocking, each call
 * with a deadline.  The socket's folder must belong to root and be writable by
 * nobody else, and the peer must be root or the owner of authd (SO_PEERCRED):
 * a socket that fails this is refused (A30).
 */
struct auth_client;

enum auth_verdict { AUTH_OK, AUTH_CONTINUE, AUTH_FAILED, AUTH_REFUSED, AUTH_UNAVAILABLE, AUTH_BAD };

enum { AUTH_BINDING_MOST = 64 }; /* bytes of a value to bind to */

struct auth_request {
	const char *service;   /* "imap", "pop3" */
	const char *mechanism; /* "PLAIN" */
	struct span response;  /* base64 initial response; SPAN_NONE for none */
	struct net_address remote, local;
	const char *session_id;
	bool is_secured;       /* TLS, loopback, trusted: sent as "secured" */
	bool is_tls;           /* sent as "secured=tls" */
	/* what a mechanism may bind to: RFC 9266 or RFC 5929; SPAN_NONE where there is none */
	struct span tls_exporter, tls_unique;
	/*
	 * a verified client certificate's name for its user, "" for none in it; NULL: no
	 * certificate
	 */
	const char *cert_user;
	const char *challenge; /* APOP: the greeting's "<...>"; NULL for other mechanisms */
};

struct auth_answer {
	enum auth_verdict verdict;
	struct span challenge; /* AUTH_CONTINUE: base64 */
	const char *reason; /* AUTH_REFUSED, AUTH_UNAVAILABLE: a sentence for the client; NULL for
	                       none */
	const char *user;      /* AUTH_OK: canonical name */
	uid_t uid;
	gid_t gid;
	const char *home, *mail; /* mail: mail_location of the user's row; NULL for the setting's */
	const struct login_field *field; /* all else that authd says of the user */
	size_t field_count;
};

/*
 * Where set, SIGTERM ends every wait below as if its deadline were there, once *auth_client_stop is
 * not 0: the process blocks the signal otherwise.
 */
extern const volatile int *auth_client_stop;

/*
 * NULL with *why_out (in mem) when authd cannot be reached: to be logged, and told as
 * AUTH_UNAVAILABLE.
 */
struct auth_client *auth_client_open(const char *socket_path, int64_t deadline_ms,
                                     struct arena *mem, const char **why_out);
struct auth_client *auth_client_close(struct auth_client *c);

/*
 * Ask, or go on after AUTH_CONTINUE.  Texts of the answer live in mem.  authd
 * gone in the middle is AUTH_UNAVAILABLE.  deadline_ms is of clock_ms().
 */
struct auth_answer auth_client_ask(struct auth_client *c, const struct auth_request *r,
                                   int64_t deadline_ms, struct arena *mem);
struct auth_answer auth_client_respond(struct auth_client *c, struct span response,
                                       int64_t deadline_ms, struct arena *mem);

/*
 * A question of linnetctl: command is WHO, FLUSH (of user, or all where that is NULL) or STATS.
 * each() gets every line of the answer, the last one, END, too; its spans are valid for the call.
 * False when authd went away before that.
 */
struct auth_line;
bool auth_client_list(struct auth_client *c, const char *command, const char *user,
                      int64_t deadline_ms,
                      void (*each)(void *context, const struct auth_line *line), void *context);

/* After AUTH_OK: the descriptor to keep open for the session; the client itself is freed. */
int auth_client_release(struct auth_client *c);

#endif
