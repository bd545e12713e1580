/* password_scheme.h - one row a scheme, for the files that verify and make passwords */
#ifndef LINNET_PASSWORD_SCHEME_H
#define LINNET_PASSWORD_SCHEME_H

#include <openssl/evp.h>

#include "authd/password.h"

enum password_encoding { ENCODING_TEXT, ENCODING_BASE64, ENCODING_HEX };

struct password_scheme {
	const char *name;
	enum password_encoding encoding; /* without .b64 or .hex */
	/* typed ends in NUL and has none within; stored is decoded */
	enum password_verdict (*verify)(const struct password_scheme *s, const char *typed,
	                                struct span stored, const char **why_out);
	/* the stored text, not encoded; at.NULL with *why_out; rounds 0: the usual number */
	struct span (*make)(const struct password_scheme *s, struct span password, uint64_t rounds,
	                    struct arena *mem, const char **why_out);
	const EVP_MD *(*digest)(void);
	const char *dummy;  /* a stored text of usual cost that no password fits */
	const char *prefix; /* crypt(3)'s, with its usual number of rounds */
	const char *rounds; /* what stands in front of another number; NULL: the scheme has none */
	uint64_t    least, most;
	int         digits; /* of that number, at least */
	size_t      salt;   /* characters, or bytes */
};

/* By name, any case; NULL for none.  The i-th; NULL behind the last. */
const struct password_scheme *password_scheme_find(struct span name);
const struct password_scheme *password_scheme_row(size_t i);

/* password_crypt.c */
enum password_verdict crypt_verify(const struct password_scheme *s, const char *typed,
                                   struct span stored, const char **why_out);
struct span crypt_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                       struct arena *mem, const char **why_out);

/* password_digest.c: plain, digest(password), digest(password salt) salt, and what is made of
 * digests */
enum password_verdict plain_verify(const struct password_scheme *s, const char *typed,
                                   struct span stored, const char **why_out);
struct span plain_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                       struct arena *mem, const char **why_out);
enum password_verdict digest_verify(const struct password_scheme *s, const char *typed,
                                    struct span stored, const char **why_out);
enum password_verdict salted_verify(const struct password_scheme *s, const char *typed,
                                    struct span stored, const char **why_out);
struct span salted_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                        struct arena *mem, const char **why_out); /* salt 0: plain digest */

/* password_keys.c: PBKDF2, SCRAM, CRAM-MD5 */
enum password_verdict pbkdf2_verify(const struct password_scheme *s, const char *typed,
                                    struct span stored, const char **why_out);
struct span pbkdf2_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                        struct arena *mem, const char **why_out);
enum password_verdict scram_keys_verify(const struct password_scheme *s, const char *typed,
                                        struct span stored, const char **why_out);
struct span scram_text_make(const struct password_scheme *s, struct span password,
                            uint64_t rounds, struct arena *mem, const char **why_out);
enum password_verdict cram_verify(const struct password_scheme *s, const char *typed,
                                  struct span stored, const char **why_out);
struct span cram_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                      struct arena *mem, const char **why_out);

/* password_argon2.c, or password_argon2_none.c in a build without libsodium */
extern const bool argon2_is_built;
enum password_verdict argon2_verify(const struct password_scheme *s, const char *typed,
                                    struct span stored, const char **why_out);
struct span argon2_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                        struct arena *mem, const char **why_out);

/* n characters of crypt(3)'s alphabet; false when there are no random bytes. */
bool password_salt(char *to, size_t n);

#endif
