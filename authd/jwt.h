/* jwt.h - signed tokens (RFC 7519) against a set of keys */
#ifndef LINNET_JWT_H
#define LINNET_JWT_H

#include <stdint.h>

#include "authd/jwt_keys.h"

/* What a token must be to be believed.  Lists are words between blanks; "" takes any. */
struct jwt_rules {
	const struct jwt_keys *keys;
	const char *algorithms; /* of RS256 ES256 HS256 */
	const char *issuers;    /* iss */
	const char *audiences;  /* aud: one of them */
	const char *name;       /* the claim that is the user: "email" */
	const char *scopes;     /* all of them in scope */
};

/*
 * The user a token is for, in mem.  NULL with *why_out, a constant text for the log: signed by
 * none of the keys, expired (exp must be there), not yet valid, of another issuer or audience...
 * Which key is tried is for the set to say: kid only chooses among its ids, jku and x5u are not
 * looked at, and alg must be the one of the key's kind.
 */
const char *jwt_check(struct span token, const struct jwt_rules *rules, int64_t now,
                      struct arena *mem, const char **why_out);

#endif
