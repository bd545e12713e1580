/*
 * password_crypt.c - the schemes of crypt(3)
 *
 * What is stored names its own kind ("$6$..."), so SHA512-CRYPT as default scheme also
 * takes a bcrypt hash that an administrator has pasted.
 */
#include <crypt.h>
#include <errno.h>
#include <string.h>

#include "authd/crypt_cost.h"
#include "authd/password_scheme.h"
#include "common/base/limits.h"
#include "common/base/random.h"
#include "common/base/wipe.h"

/*
 * libxcrypt refuses longer ones: whoever types one cannot have the password that was hashed with
 * it.
 */
#ifndef CRYPT_MAX_PASSPHRASE_SIZE
#define CRYPT_MAX_PASSPHRASE_SIZE (LIMIT_PASSWORD + 1)
#endif

/* static: glibc's crypt_data is 128 KiB.  One process checks one password at a time. */
static struct crypt_data work;

enum password_verdict
crypt_verify(const struct password_scheme *s, const char *typed, struct span stored,
             const char **why_out)
{
	char hash[PASSWORD_STORED_MOST + 1];
	const char *made;
	bool is_right;

	(void)s;
	memcpy(hash, stored.at, stored.len);
	hash[stored.len] = '\0';
	*why_out = crypt_cost_judge(hash);
	if (*why_out)
		return PASSWORD_UNUSABLE;
	if (strlen(typed) >= CRYPT_MAX_PASSPHRASE_SIZE)
		return PASSWORD_WRONG;
	made = crypt_r(typed, hash, &work);
	if (!made || made[0] == '*') {
		*why_out = "this system's crypt(3) cannot check this kind of hash";
		return PASSWORD_UNUSABLE;
	}
	is_right = strlen(made) == stored.len && secret_equal(made, hash, stored.len);
	wipe(&work, sizeof(work));
	wipe(hash, sizeof(hash));
	return is_right ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

bool
password_salt(char *to, size_t n)
{
	static const char alphabet[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (!random_bytes(to, n))
		return false;
	for (size_t i = 0; i < n; i++)
		to[i] = alphabet[to[i] & 63];
	return true;
}

/* bcrypt's 22nd character has but two bits that count: one of four that crypt(3) accepts. */
static const char *
crypt_setting(const struct password_scheme *s, uint64_t rounds, struct arena *mem)
{
	enum { BCRYPT_SALT = 22 };
	char salt[33] = "";

	if (!password_salt(salt, s->salt))
		return NULL;
	if (s->salt == BCRYPT_SALT)
		salt[BCRYPT_SALT - 1] = ".Oeu"[salt[BCRYPT_SALT - 1] & 3];
	if (rounds == 0)
		return arena_printf(mem, "%s%s", s->prefix, salt);
	return arena_printf(mem, "%s%0*llu$%s", s->rounds, s->digits, (unsigned long long)rounds,
	                    salt);
}

struct span
crypt_make(const struct password_scheme *s, struct span password, uint64_t rounds,
           struct arena *mem, const char **why_out)
{
	const char *setting = crypt_setting(s, rounds, mem), *made = NULL;
	char *typed = arena_string(mem, password);

	errno = 0;
	if (setting && password.len < CRYPT_MAX_PASSPHRASE_SIZE)
		made = crypt_r(typed, setting, &work);
	wipe(typed, password.len);
	if (made && made[0] != '*' && strncmp(made, setting, s->prefix[0] ? 3 : 2) == 0)
		return arena_copy(mem, span_of(made));
	*why_out = !setting ? "there are no random bytes" :
	           password.len >= CRYPT_MAX_PASSPHRASE_SIZE || errno == ERANGE ?
	                      arena_printf(mem, "the password is too long for %s of this "
	                                        "system's crypt(3)", s->name) :
	                      arena_printf(mem, "this system's crypt(3) has no %s", s->name);
	return SPAN_NONE;
}
