/* password_digest.c - plain passwords, digests of them, and digests with a salt behind */
#include <string.h>

#include "authd/password_scheme.h"
#include "common/base/limits.h"
#include "common/base/random.h"
#include "common/base/wipe.h"

/* Digests of both are compared, so that the time does not tell how long the stored one is. */
enum password_verdict
plain_verify(const struct password_scheme *s, const char *typed, struct span stored,
             const char **why_out)
{
	unsigned char a[EVP_MAX_MD_SIZE], b[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	(void)s;
	(void)why_out;
	if (EVP_Digest(typed, strlen(typed), a, &len, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(stored.at, stored.len, b, &len, EVP_sha256(), NULL) != 1)
		return PASSWORD_WRONG;
	return secret_equal(a, b, len) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

struct span
plain_make(const struct password_scheme *s, struct span password, uint64_t rounds,
           struct arena *mem, const char **why_out)
{
	(void)s;
	(void)rounds;
	(void)why_out;
	return arena_copy(mem, password);
}

/* digest(password salt); false when this OpenSSL does not do it */
static bool
make_digest(const struct password_scheme *s, struct span password, struct span salt,
            unsigned char *out)
{
	char text[LIMIT_PASSWORD + PASSWORD_STORED_MOST];
	unsigned len = 0;
	int is_made;

	memcpy(text, password.at, password.len);
	if (salt.len > 0)
		memcpy(text + password.len, salt.at, salt.len);
	is_made = EVP_Digest(text, password.len + salt.len, out, &len, s->digest(), NULL);
	wipe(text, sizeof(text));
	return is_made == 1;
}

enum password_verdict
salted_verify(const struct password_scheme *s, const char *typed, struct span stored,
              const char **why_out)
{
	size_t size = (size_t)EVP_MD_size(s->digest());
	unsigned char made[EVP_MAX_MD_SIZE];

	if (stored.len < size) {
		*why_out = "the stored digest is too short for its scheme";
		return PASSWORD_UNUSABLE;
	}
	if (!make_digest(s, span_of(typed), span_skip(stored, size), made)) {
		*why_out = "this system's OpenSSL does not do this digest";
		return PASSWORD_UNUSABLE;
	}
	return secret_equal(made, stored.at, size) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

enum password_verdict
digest_verify(const struct password_scheme *s, const char *typed, struct span stored,
              const char **why_out)
{
	if (stored.len > (size_t)EVP_MD_size(s->digest())) {
		*why_out = "the stored digest is too long for its scheme";
		return PASSWORD_UNUSABLE;
	}
	return salted_verify(s, typed, stored, why_out);
}

struct span
salted_make(const struct password_scheme *s, struct span password, uint64_t rounds,
            struct arena *mem, const char **why_out)
{
	size_t size = (size_t)EVP_MD_size(s->digest());
	char *made = arena_zero(mem, size + s->salt + 1);

	(void)rounds;
	if (random_bytes(made + size, s->salt) &&
	    make_digest(s, password, span_make(made + size, s->salt), (unsigned char *)made))
		return span_make(made, size + s->salt);
	*why_out = "this system's OpenSSL does not do this digest";
	return SPAN_NONE;
}
