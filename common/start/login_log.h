/* login_log.h - one line for each connection before login, as fail2ban's Dovecot filters want it */
#ifndef LINNET_LOGIN_LOG_H
#define LINNET_LOGIN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/net.h"
#include "common/base/span.h"

/* What a line tells of a connection. */
struct login_facts {
	struct net_address remote, local;
	const char *session_id;
	bool        is_tls, is_secured;
	int64_t     since;         /* clock_ms() at the start */
	unsigned    failures;      /* refused attempts */
	bool        was_plaintext_refused;
	char        user[256];     /* of the last attempt, as the client gave it */
	size_t      user_len;
	char        mechanism[32]; /* of the last attempt; "" for none */
};

/* Keep a name for the log, where what could pass for another field is written as '?'. */
void login_log_set_user(struct login_facts *f, struct span user);

/* "Login: user=<x>, method=PLAIN, rip=..., lip=..., mpid=1234, TLS, session=<...>" */
void login_log_success(const struct login_facts *f, const char *user, int pid);

/*
 * The connection ended without a login: "Disconnected (auth failed, 1 attempts in
 * 2 secs): user=<x>, method=PLAIN, rip=..., lip=..., session=<...>", or "Aborted
 * login (no auth attempts in 2 secs): ...".  why ("Inactivity"), which may be empty,
 * stands behind the first word; error, which may be NULL, behind the addresses.
 */
void login_log_end(const struct login_facts *f, struct span why, const char *error);

#endif
