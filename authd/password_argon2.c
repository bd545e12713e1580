/* password_argon2.c - Argon2, where libsodium is */
#include <sodium.h>
#include <string.h>

#include "authd/password_scheme.h"
#include "common/base/limits.h"
#include "common/base/number.h"

const bool argon2_is_built = true;

/* "$argon2id$v=19$m=65536,t=3,p=1$salt$hash" */
static const char *
judge(struct span stored)
{
	uint64_t memory, passes;

	if (!span_starts(stored, "$argon2i$v=19$m=") && !span_starts(stored, "$argon2id$v=19$m="))
		return "the stored hash is of an Argon2 that is not known";
	stored = span_skip(stored, strlen("$argon2"));
	stored = span_skip(stored, (size_t)(span_find(stored, '=') - stored.at) + 1);
	stored = span_skip(stored, (size_t)(span_find(stored, '=') - stored.at) + 1);
	if (!number_take(&stored, LIMIT_ARGON2_KIB, &memory) || !span_starts(stored, ",t="))
		return "the cost of the stored hash is above the limit";
	stored = span_skip(stored, strlen(",t="));
	if (!number_take(&stored, LIMIT_ARGON2_PASSES, &passes) || !span_starts(stored, ",p="))
		return "the cost of the stored hash is above the limit";
	return NULL;
}

enum password_verdict
argon2_verify(const struct password_scheme *s, const char *typed, struct span stored,
              const char **why_out)
{
	char hash[crypto_pwhash_STRBYTES] = "";

	(void)s;
	*why_out = stored.len < sizeof(hash) ? judge(stored) : "the stored hash is too long";
	if (!*why_out && sodium_init() < 0)
		*why_out = "libsodium cannot be used here";
	if (*why_out)
		return PASSWORD_UNUSABLE;
	memcpy(hash, stored.at, stored.len);
	return crypto_pwhash_str_verify(hash, typed, strlen(typed)) == 0 ? PASSWORD_RIGHT :
	                                                                   PASSWORD_WRONG;
}

/* 64 MiB, as Dovecot; rounds are passes. */
struct span
argon2_make(const struct password_scheme *s, struct span password, uint64_t rounds,
            struct arena *mem, const char **why_out)
{
	bool is_id = span_is(span_of(s->name), "ARGON2ID");
	char hash[crypto_pwhash_STRBYTES];

	*why_out = "libsodium cannot make the hash";
	if (sodium_init() < 0 ||
	    crypto_pwhash_str_alg(hash, password.at, password.len, rounds ? rounds : 3,
	                          64 * 1024 * 1024,
	                          is_id ? crypto_pwhash_ALG_ARGON2ID13 :
	                                  crypto_pwhash_ALG_ARGON2I13) != 0)
		return SPAN_NONE;
	return arena_copy(mem, span_of(hash));
}
