/* password.h - stored passwords: {SCHEME}hash against what was typed */
#ifndef LINNET_PASSWORD_H
#define LINNET_PASSWORD_H

#include <stdbool.h>

#include "common/base/span.h"

enum password_verdict {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,
	PASSWORD_NONE,    /* the account has none that could fit: empty, "*", "!", "x", "!$6$..." */
	PASSWORD_UNUSABLE /* nobody can check what is stored: the server's fault, *why_out says it
	                   */
};

/*
 * Check typed against stored: "{SCHEME}text", "{SCHEME.b64}text",
 * "{SCHEME.hex}text", or text of default_scheme.  An empty password, one with a
 * NUL and one above LIMIT_PASSWORD is always wrong.  Costs of the stored hash above
 * LIMIT_CRYPT_ROUNDS, LIMIT_BCRYPT_COST and LIMIT_SCRYPT_COST are unusable.  bcrypt looks
 * at the first 72 bytes only.
 * *why_out (constant text) is set with PASSWORD_UNUSABLE and never holds a part of the hash.
 */
enum password_verdict password_verify(struct span typed, const char *stored,
                                      const char *default_scheme, const char **why_out);

/*
 * As much work as password_verify() for a hash of default_scheme: an unknown user must not answer
 * faster.  What the check came to is for the tests: never PASSWORD_RIGHT.
 */
enum password_verdict password_waste_time(struct span typed, const char *default_scheme);

/* Is there such a scheme ("SHA512-CRYPT", any case)? */
bool password_scheme_exists(const char *name);

#endif
