/* password_keys.c - PBKDF2, the stored keys of SCRAM, the stored state of CRAM-MD5 */
#include <string.h>

#include "authd/password_scheme.h"
#include "authd/password_secret.h"
#include "authd/scram.h"
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/random.h"
#include "common/base/wipe.h"

/* --- "$1$" salt "$" rounds "$" hex(PBKDF2-SHA1), as Dovecot has it --------------------------- */

enum { PBKDF2_SIZE = 20, PBKDF2_ROUNDS = 5000, PBKDF2_SALT = 16 };

static bool
pbkdf2(struct span password, struct span salt, uint64_t rounds, unsigned char *out)
{
	return PKCS5_PBKDF2_HMAC(password.at, (int)password.len, (const unsigned char *)salt.at,
	                         (int)salt.len, (int)rounds, EVP_sha1(), PBKDF2_SIZE, out) == 1;
}

static bool
take_hex(struct span text, unsigned char *out, size_t len)
{
	if (text.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = ascii_hex(text.at[2 * i]), low = ascii_hex(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

enum password_verdict
pbkdf2_verify(const struct password_scheme *s, const char *typed, struct span stored,
              const char **why_out)
{
	unsigned char wanted[PBKDF2_SIZE], made[PBKDF2_SIZE];
	struct span rest = stored, salt, rounds;
	uint64_t n;

	(void)s;
	*why_out = "the stored hash is malformed";
	if (!span_starts(rest, "$1$"))
		return PASSWORD_UNUSABLE;
	rest = span_skip(rest, strlen("$1$"));
	if (!span_split(&rest, '$', &salt) || !span_split(&rest, '$', &rounds) || !rest.at ||
	    !take_hex(rest, wanted, sizeof(wanted)))
		return PASSWORD_UNUSABLE;
	*why_out = "the cost of the stored hash is above the limit";
	if (!number_parse(rounds, LIMIT_PBKDF2_ROUNDS, &n) || n == 0 ||
	    !pbkdf2(span_of(typed), salt, n, made))
		return PASSWORD_UNUSABLE;
	return secret_equal(made, wanted, sizeof(made)) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

struct span
pbkdf2_make(const struct password_scheme *s, struct span password, uint64_t rounds,
            struct arena *mem, const char **why_out)
{
	unsigned char made[PBKDF2_SIZE];
	char salt[PBKDF2_SALT + 1] = "", hex[2 * PBKDF2_SIZE + 1];

	(void)s;
	*why_out = "there are no random bytes";
	rounds = rounds ? rounds : PBKDF2_ROUNDS;
	if (!password_salt(salt, PBKDF2_SALT) || !pbkdf2(password, span_of(salt), rounds, made))
		return SPAN_NONE;
	for (size_t i = 0; i < sizeof(made); i++) {
		hex[2 * i] = "0123456789abcdef"[made[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[made[i] & 15];
	}
	hex[2 * PBKDF2_SIZE] = '\0';
	return span_of(
		arena_printf(mem, "$1$%s$%llu$%s", salt, (unsigned long long)rounds, hex));
}

/* --- SCRAM ----------------------------------------------------------------------------------- */

enum password_verdict
scram_keys_verify(const struct password_scheme *s, const char *typed, struct span stored,
                  const char **why_out)
{
	const struct scram_hash *h = scram_hash_of(span_of(s->name));
	struct scram_keys k, made;
	bool is_right;

	if (!scram_keys_read(h, stored, &k)) {
		*why_out =
			"the stored SCRAM keys are malformed, or have too few or too many rounds";
		return PASSWORD_UNUSABLE;
	}
	made = k;
	is_right = scram_keys_make(h, span_of(typed), &made) &&
	           secret_equal(made.stored, k.stored, h->size);
	wipe(&made, sizeof(made));
	return is_right ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

struct span
scram_text_make(const struct password_scheme *s, struct span password, uint64_t rounds,
                struct arena *mem, const char **why_out)
{
	const struct scram_hash *h = scram_hash_of(span_of(s->name));
	struct scram_keys k = { .rounds = rounds ? (unsigned)rounds : SCRAM_LEAST_ROUNDS,
		                .salt_len = s->salt };

	*why_out = "there are no random bytes";
	if (!random_bytes(k.salt, k.salt_len) || !scram_keys_make(h, password, &k))
		return SPAN_NONE;
	return span_of(scram_keys_text(h, &k, mem));
}

/* --- CRAM-MD5 -------------------------------------------------------------------------------- */

enum password_verdict
cram_verify(const struct password_scheme *s, const char *typed, struct span stored,
            const char **why_out)
{
	unsigned char made[CRAM_STATE];

	(void)s;
	if (stored.len != CRAM_STATE) {
		*why_out = "the stored digest has not the length of its scheme";
		return PASSWORD_UNUSABLE;
	}
	cram_state_make(span_of(typed), made);
	return secret_equal(made, stored.at, CRAM_STATE) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

struct span
cram_make(const struct password_scheme *s, struct span password, uint64_t rounds,
          struct arena *mem, const char **why_out)
{
	char *made = arena_zero(mem, CRAM_STATE);

	(void)s;
	(void)rounds;
	(void)why_out;
	cram_state_make(password, (unsigned char *)made);
	return span_make(made, CRAM_STATE);
}

/* Is digest, in hexadecimal, these 16 bytes? */
static enum password_verdict
compare_hex(struct span digest, const unsigned char *wanted)
{
	enum { SIZE = 16 };
	unsigned char sent[SIZE];

	return take_hex(digest, sent, SIZE) && secret_equal(sent, wanted, SIZE) ? PASSWORD_RIGHT :
	                                                                         PASSWORD_WRONG;
}

enum password_verdict
password_verify_cram(struct span digest, struct span challenge, const char *stored,
                     const char *default_scheme, const char **why_out)
{
	unsigned char state[CRAM_STATE], wanted[16];
	struct password_parts parts;

	(void)why_out;
	if (!challenge.at || !password_take_apart(stored, default_scheme, &parts) ||
	    parts.text.len == 0)
		return PASSWORD_NONE;
	if (parts.is_plain)
		cram_state_make(parts.text, state);
	else if (span_is_nocase(parts.scheme, "CRAM-MD5") && parts.text.len == CRAM_STATE)
		memcpy(state, parts.text.at, CRAM_STATE);
	else
		return PASSWORD_NONE;
	cram_state_digest(state, challenge, wanted);
	wipe(state, sizeof(state));
	return compare_hex(digest, wanted);
}

enum password_verdict
password_verify_apop(struct span digest, struct span challenge, const char *stored,
                     const char *default_scheme, const char **why_out)
{
	char text[PASSWORD_STORED_MOST + 256];
	unsigned char wanted[EVP_MAX_MD_SIZE];
	struct password_parts parts;

	if (!challenge.at || !password_take_apart(stored, default_scheme, &parts) ||
	    !parts.is_plain || parts.text.len == 0 ||
	    challenge.len + parts.text.len > sizeof(text))
		return PASSWORD_NONE;
	memcpy(text, challenge.at, challenge.len);
	memcpy(text + challenge.len, parts.text.at, parts.text.len);
	*why_out = "this system's OpenSSL does not do MD5";
	if (EVP_Digest(text, challenge.len + parts.text.len, wanted, NULL, EVP_md5(), NULL) != 1)
		return PASSWORD_UNUSABLE;
	wipe(text, sizeof(text));
	return compare_hex(digest, wanted);
}
