/* password_argon2_none.c - no Argon2 in a build without libsodium */
#include "authd/password_scheme.h"

static const char sorry[] = "this build has no Argon2 (configure --with-sodium)";

const bool argon2_is_built = false;

enum password_verdict
argon2_verify(const struct password_scheme *s, const char *typed, struct span stored,
              const char **why_out)
{
	(void)s;
	(void)typed;
	(void)stored;
	*why_out = sorry;
	return PASSWORD_UNUSABLE;
}

struct span
argon2_make(const struct password_scheme *s, struct span password, uint64_t rounds,
            struct arena *mem, const char **why_out)
{
	(void)s;
	(void)password;
	(void)rounds;
	(void)mem;
	*why_out = sorry;
	return SPAN_NONE;
}
