/*
 * password.c - stored passwords: one row a scheme
 *
 * The rows with a crypt(3) kind all verify alike: what is stored names its own
 * kind ("$6$..."), so SHA512-CRYPT as default scheme also takes a bcrypt hash
 * that an administrator has pasted.  The other rows are digests of the
 * password, and of the salt that stands behind the digest.
 */
#include "authd/password.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <string.h>

#include "authd/crypt_cost.h"
#include "common/base/base64.h"
#include "common/base/limits.h"
#include "common/base/wipe.h"

enum { STORED_MAX = 1024, DIGEST_MAX = EVP_MAX_MD_SIZE };

/*
 * libxcrypt refuses longer ones: whoever types one cannot have the password that was hashed with
 * it.
 */
#ifndef CRYPT_MAX_PASSPHRASE_SIZE
#define CRYPT_MAX_PASSPHRASE_SIZE (LIMIT_PASSWORD + 1)
#endif

enum encoding { ENCODING_TEXT, ENCODING_BASE64, ENCODING_HEX };

struct scheme {
	const char *name;
	enum password_verdict (*verify)(const struct scheme *s, const char *typed,
	                                struct span stored, const char **why_out);
	enum encoding encoding; /* without .b64 or .hex */
	const EVP_MD *(*digest)(void);
	const char *dummy; /* a stored text of usual cost that no password fits */
};

/* static: glibc's crypt_data is 128 KiB.  One process checks one password at a time. */
static struct crypt_data work;

static enum password_verdict
verify_crypt(const struct scheme *s, const char *typed, struct span stored, const char **why_out)
{
	char hash[STORED_MAX + 1];
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

/* Digests of both are compared, so that the time does not tell how long the stored one is. */
static enum password_verdict
verify_plain(const struct scheme *s, const char *typed, struct span stored, const char **why_out)
{
	unsigned char a[DIGEST_MAX], b[DIGEST_MAX];
	unsigned len = 0;

	(void)s;
	(void)why_out;
	if (EVP_Digest(typed, strlen(typed), a, &len, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(stored.at, stored.len, b, &len, EVP_sha256(), NULL) != 1)
		return PASSWORD_WRONG;
	return secret_equal(a, b, len) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

/* digest(password salt) salt */
static enum password_verdict
verify_salted(const struct scheme *s, const char *typed, struct span stored, const char **why_out)
{
	char text[LIMIT_PASSWORD + STORED_MAX];
	size_t size = (size_t)EVP_MD_size(s->digest()), len = strlen(typed);
	unsigned char made[DIGEST_MAX];
	unsigned made_len = 0;
	int is_made;

	if (stored.len < size) {
		*why_out = "the stored digest is too short for its scheme";
		return PASSWORD_UNUSABLE;
	}
	memcpy(text, typed, len);
	memcpy(text + len, stored.at + size, stored.len - size);
	is_made = EVP_Digest(text, len + stored.len - size, made, &made_len, s->digest(), NULL);
	wipe(text, sizeof(text));
	if (is_made != 1) {
		*why_out = "this system's OpenSSL does not do this digest";
		return PASSWORD_UNUSABLE;
	}
	return secret_equal(made, stored.at, size) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

static enum password_verdict
verify_digest(const struct scheme *s, const char *typed, struct span stored, const char **why_out)
{
	if (stored.len > (size_t)EVP_MD_size(s->digest())) {
		*why_out = "the stored digest is too long for its scheme";
		return PASSWORD_UNUSABLE;
	}
	return verify_salted(s, typed, stored, why_out);
}

#define DUMMY_6 "$6$linnetlinnetlinn$"
static const struct scheme schemes[] = {
	{ "SHA512-CRYPT", verify_crypt, ENCODING_TEXT, NULL, DUMMY_6 },
	{ "SHA256-CRYPT", verify_crypt, ENCODING_TEXT, NULL, "$5$linnetlinnetlinn$" },
	{ "BLF-CRYPT", verify_crypt, ENCODING_TEXT, NULL, "$2y$10$linnetlinnetlinnetlinne" },
	{ "MD5-CRYPT", verify_crypt, ENCODING_TEXT, NULL, "$1$linnetli$" },
	{ "MD5", verify_crypt, ENCODING_TEXT, NULL, "$1$linnetli$" },
	{ "DES-CRYPT", verify_crypt, ENCODING_TEXT, NULL, "linnetlinnetl" },
	{ "CRYPT", verify_crypt, ENCODING_TEXT, NULL, DUMMY_6 },
	{ "PLAIN", verify_plain, ENCODING_TEXT, NULL, "-" },
	{ "CLEARTEXT", verify_plain, ENCODING_TEXT, NULL, "-" },
	{ "PLAIN-MD5", verify_digest, ENCODING_HEX, EVP_md5, "00000000000000000000000000000000" },
	{ "LDAP-MD5", verify_digest, ENCODING_BASE64, EVP_md5, "AAAAAAAAAAAAAAAAAAAAAA==" },
	{ "SMD5", verify_salted, ENCODING_BASE64, EVP_md5, "AAAAAAAAAAAAAAAAAAAAAA==" },
	{ "SHA", verify_digest, ENCODING_BASE64, EVP_sha1, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "SHA1", verify_digest, ENCODING_BASE64, EVP_sha1, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "SSHA", verify_salted, ENCODING_BASE64, EVP_sha1, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "SHA256", verify_digest, ENCODING_BASE64, EVP_sha256,
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "SSHA256", verify_salted, ENCODING_BASE64, EVP_sha256,
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "SHA512", verify_digest, ENCODING_BASE64, EVP_sha512,
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	  "=" },
	{ "SSHA512", verify_salted, ENCODING_BASE64, EVP_sha512,
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	  "=" },
};

static const struct scheme *
find_scheme(struct span name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (span_is_nocase(name, schemes[i].name))
			return &schemes[i];
	return NULL;
}

bool
password_scheme_exists(const char *name)
{
	return find_scheme(span_of(name)) != NULL;
}

static const struct suffix {
	const char   *name;
	enum encoding encoding;
} suffixes[] = {
	{ "b64", ENCODING_BASE64 },
	{ "base64", ENCODING_BASE64 },
	{ "hex", ENCODING_HEX },
};

/* "SCHEME" or "SCHEME.suffix"; NULL for what nobody knows. */
static const struct scheme *
read_scheme(struct span label, enum encoding *encoding_out)
{
	struct span name;
	const struct scheme *s;

	span_split(&label, '.', &name);
	s = find_scheme(name);
	if (!s)
		return NULL;
	*encoding_out = s->encoding;
	if (!label.at)
		return s;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (span_is_nocase(label, suffixes[i].name)) {
			*encoding_out = suffixes[i].encoding;
			return s;
		}
	return NULL;
}

static int
hex_digit(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
decode_hex(struct span s, char *out, size_t *len_out)
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		int high = hex_digit(s.at[i]), low = hex_digit(s.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	*len_out = s.len / 2;
	return s.len % 2 == 0;
}

/* to has STORED_MAX bytes, which s does not exceed. */
static bool
decode(struct span s, enum encoding encoding, char *to, struct span *out)
{
	size_t len = s.len;

	if (encoding == ENCODING_TEXT)
		memcpy(to, s.at, s.len);
	else if (!(encoding == ENCODING_HEX ? decode_hex : base64_decode)(s, to, &len))
		return false;
	*out = span_make(to, len);
	return true;
}

/*
 * What administrators write to say that nobody logs in, and what passwd(1) puts in front of a
 * locked hash.
 */
static bool
is_locked(struct span stored)
{
	return stored.len == 0 || stored.at[0] == '*' || stored.at[0] == '!' ||
	       span_is(stored, "x");
}

static enum password_verdict
verify_with(const struct scheme *s, enum encoding encoding, struct span typed, struct span stored,
            const char **why_out)
{
	char text[LIMIT_PASSWORD + 1], bytes[STORED_MAX];
	enum password_verdict verdict = PASSWORD_UNUSABLE;
	struct span decoded;

	memcpy(text, typed.at, typed.len);
	text[typed.len] = '\0';
	*why_out = "the stored hash is not encoded as its scheme wants";
	if (decode(stored, encoding, bytes, &decoded))
		verdict = s->verify(s, text, decoded, why_out);
	wipe(text, sizeof(text));
	wipe(bytes, sizeof(bytes));
	return verdict;
}

enum password_verdict
password_verify(struct span typed, const char *stored, const char *default_scheme,
                const char **why_out)
{
	struct span label = span_of(default_scheme), rest = span_of(stored);
	const struct scheme *s;
	enum encoding encoding;

	if (rest.len > 0 && rest.at[0] == '{') {
		rest = span_skip(rest, 1);
		span_split(&rest, '}', &label);
		if (!rest.at) /* no } */
			label = rest = span_of("");
	}
	if (typed.len == 0 || typed.len > LIMIT_PASSWORD || span_find(typed, '\0'))
		return PASSWORD_WRONG;
	s = read_scheme(label, &encoding);
	if (!s) {
		*why_out = "the stored password has a scheme that this build does not know";
		return PASSWORD_UNUSABLE;
	}
	if (rest.len == 0 || (s->verify != verify_plain && is_locked(rest)))
		return PASSWORD_NONE;
	if (rest.len > STORED_MAX) {
		*why_out = "the stored hash is too long";
		return PASSWORD_UNUSABLE;
	}
	return verify_with(s, encoding, typed, rest, why_out);
}

enum password_verdict
password_waste_time(struct span typed, const char *default_scheme)
{
	const struct scheme *s = find_scheme(span_of(default_scheme));
	const char *why;

	return password_verify(typed, s ? s->dummy : DUMMY_6, s ? s->name : "CRYPT", &why);
}
