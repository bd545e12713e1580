/* protocol.h - the server's side of Dovecot's authentication protocol 1.2 */
#ifndef LINNET_PROTOCOL_H
#define LINNET_PROTOCOL_H

#include <stdint.h>
#include <sys/types.h>

#include "common/start/auth_line.h"

enum protocol_kind {
	PROTOCOL_VERSION,
	PROTOCOL_CPID,
	PROTOCOL_AUTH,
	PROTOCOL_CONT,
	PROTOCOL_CANCEL,
	PROTOCOL_WHO,   /* these three on the login socket only: who is logged in */
	PROTOCOL_FLUSH, /* forget what is cached, of user or of all */
	PROTOCOL_STATS  /* the counters, as OpenMetrics text */
};

/* One command of a client; the spans borrow the line. */
struct protocol_command {
	enum protocol_kind kind;
	uint32_t    number;    /* VERSION: major; CPID: pid; else the request's id */
	struct span mechanism; /* AUTH */
	struct span service, remote_ip, local_ip,
		session;       /* AUTH: SPAN_NONE when not said, or not credible */
	struct span response;  /* AUTH, CONT: base64; SPAN_NONE for none */
	bool        is_secured;
	/* AUTH on the login socket: what TLS found out, in base64, and the greeting of APOP */
	struct span tls_exporter, tls_unique, cert_user, challenge;
	struct span user;      /* FLUSH */
};

/* Parse len bytes without LF, in place.  NULL, or what is wrong as constant text. */
const char *protocol_parse(char *line, size_t len, struct protocol_command *out);

/*
 * VERSION, MECH for each allowed, SPID, CUID, COOKIE, DONE: what the server says first.
 * Mechanisms that need what only a monitor knows (TLS, the greeting) are for_login only.
 */
void protocol_put_greeting(struct buf *out, const char *mechanisms, bool for_login,
                           uint32_t connection, const char *cookie);

void protocol_put_cont(struct buf *out, uint32_t id, struct span challenge);

/* What a user is, on the login socket. */
struct protocol_user {
	uid_t       uid;
	gid_t       gid;
	struct span home, mail; /* mail: SPAN_NONE for none */
	struct span master;     /* SPAN_NONE for none */
	const struct span *field; /* "quota_rule=..." */
	size_t      field_count;
};
/* user: NULL on the auth-client socket, whose clients learn the name only. */
void protocol_put_ok(struct buf *out, uint32_t id, struct span name,
                     const struct protocol_user *user);

/* Why it is refused: words of the FAIL line. */
enum protocol_failure {
	FAILURE_WRONG,
	FAILURE_TEMPORARY,
	FAILURE_AUTHZ,
	FAILURE_REFUSED,
	FAILURE_BAD
};
/* name and reason may be SPAN_NONE. */
void protocol_put_fail(struct buf *out, uint32_t id, struct span name, enum protocol_failure why,
                       struct span reason);

#endif
