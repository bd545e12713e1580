/* password.h - stored passwords: {SCHEME}hash against what was typed */
#ifndef LINNET_PASSWORD_H
#define LINNET_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
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
 * "{SCHEME.hex}text", or text of default_scheme ("$argon2..." is known by its look too).
 * An empty password, one with a NUL and one above LIMIT_PASSWORD is always wrong.  Costs of the
 * stored hash above LIMIT_CRYPT_ROUNDS, LIMIT_BCRYPT_COST, LIMIT_SCRYPT_COST,
 * LIMIT_PBKDF2_ROUNDS and LIMIT_ARGON2_... are unusable.  bcrypt looks at the first 72 bytes only.
 * *why_out (constant text) is set with PASSWORD_UNUSABLE and never holds a part of the hash.
 */
enum password_verdict password_verify(struct span typed, const char *stored,
                                      const char *default_scheme, const char **why_out);

/*
 * As much work as password_verify() for a hash of default_scheme: an unknown user must not answer
 * faster.  What the check came to is for the tests: never PASSWORD_RIGHT.
 */
enum password_verdict password_waste_time(struct span typed, const char *default_scheme);

/* Is there such a scheme ("SHA512-CRYPT", "ssha.hex", any case)? */
bool password_scheme_exists(const char *name);

/* The i-th scheme's name; NULL behind the last. */
const char *password_scheme_each(size_t i);

/* What is stored, in parts: scheme without suffix, and its text decoded (borrows parts). */
enum { PASSWORD_STORED_MOST = 1024 };
struct password_parts {
	struct span scheme, text;
	bool        is_plain;
	char        bytes[PASSWORD_STORED_MOST];
};
bool password_take_apart(const char *stored, const char *default_scheme,
                         struct password_parts *out);

/*
 * "{SCHEME}hash" of a password, with rounds (0: the scheme's own number).  NULL with *why_out,
 * a sentence in mem or constant: no such scheme, it cannot be made here, rounds out of range.
 */
const char *password_make(struct span password, const char *scheme, uint64_t rounds,
                          struct arena *mem, const char **why_out);

/* May password_make() be asked for so many?  False with *why_out. */
bool password_rounds_fit(const char *scheme, uint64_t rounds, struct arena *mem,
                         const char **why_out);

/* Is stored of the kind that password_make() makes for scheme (bcrypt: of its usual cost too)? */
bool password_is_made_so(const char *stored, const char *default_scheme, const char *scheme);

#endif
