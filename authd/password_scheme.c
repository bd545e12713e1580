/* password_scheme.c - the schemes: one row each */
#include "authd/password_scheme.h"

#include "common/base/limits.h"

#define DUMMY_6 "$6$linnetlinnetlinn$"
#define A8 "AAAAAAAA"
#define DIGEST_20 A8 A8 A8 "AAA="
#define DIGEST_16 A8 A8 "AAAAAA=="
#define DIGEST_32 A8 A8 A8 A8 A8 "AAA="
#define DIGEST_64 A8 A8 A8 A8 A8 A8 A8 A8 A8 A8 "AAAAAA=="
#define HEX_16 "00000000000000000000000000000000"
#define SCRAM_SALTED "4096,bGlubmV0bGlubmV0bGlubg==,"

/* Same columns as above; crypt(3)'s rows have more of them. */
#define DIGEST(name, encoding, verify, digest, dummy, salt)                                        \
	{ name, encoding, verify, salted_make, digest, dummy, "", NULL, 0, 0, 0, salt }
#define CRYPT(name, dummy, prefix, rounds, least, most, digits, salt)                              \
	{ name,  ENCODING_TEXT, crypt_verify, crypt_make, NULL,   dummy,                           \
	  prefix, rounds,       least,        most,       digits, salt }
#define OTHER(name, encoding, what, make, dummy, least, most, salt)                                \
	{ name, encoding, what, make, NULL, dummy, "", most ? "" : NULL, least, most, 0, salt }

static const struct password_scheme schemes[] = {
	CRYPT("SHA512-CRYPT", DUMMY_6, "$6$", "$6$rounds=", 1000, LIMIT_CRYPT_ROUNDS, 1, 16),
	CRYPT("SHA256-CRYPT", "$5$linnetlinnetlinn$", "$5$", "$5$rounds=", 1000,
	      LIMIT_CRYPT_ROUNDS, 1, 16),
	CRYPT("BLF-CRYPT", "$2y$10$linnetlinnetlinnetlinne", "$2y$10$", "$2y$", 4,
	      LIMIT_BCRYPT_COST, 2, 22),
	OTHER("ARGON2ID", ENCODING_TEXT, argon2_verify, argon2_make,
	      "$argon2id$v=19$m=65536,t=3,p=1$bGlubmV0bGlubmV0bGlubg$"
	      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	      1, LIMIT_ARGON2_PASSES, 0),
	OTHER("ARGON2I", ENCODING_TEXT, argon2_verify, argon2_make,
	      "$argon2i$v=19$m=65536,t=3,p=1$bGlubmV0bGlubmV0bGlubg$"
	      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	      3, LIMIT_ARGON2_PASSES, 0),
	OTHER("PBKDF2", ENCODING_TEXT, pbkdf2_verify, pbkdf2_make,
	      "$1$linnetlinnetlinn$5000$0000000000000000000000000000000000000000", 1,
	      LIMIT_PBKDF2_ROUNDS, 16),
	OTHER("SCRAM-SHA-256", ENCODING_TEXT, scram_keys_verify, scram_text_make,
	      SCRAM_SALTED DIGEST_32 "," DIGEST_32, 4096, LIMIT_PBKDF2_ROUNDS, 16),
	OTHER("SCRAM-SHA-1", ENCODING_TEXT, scram_keys_verify, scram_text_make,
	      SCRAM_SALTED DIGEST_20 "," DIGEST_20, 4096, LIMIT_PBKDF2_ROUNDS, 16),
	OTHER("CRAM-MD5", ENCODING_HEX, cram_verify, cram_make, HEX_16 HEX_16, 0, 0, 0),
	CRYPT("MD5-CRYPT", "$1$linnetli$", "$1$", NULL, 0, 0, 0, 8),
	CRYPT("MD5", "$1$linnetli$", "$1$", NULL, 0, 0, 0, 8),
	CRYPT("DES-CRYPT", "linnetlinnetl", "", NULL, 0, 0, 0, 2),
	CRYPT("CRYPT", DUMMY_6, "$6$", "$6$rounds=", 1000, LIMIT_CRYPT_ROUNDS, 1, 16),
	OTHER("PLAIN", ENCODING_TEXT, plain_verify, plain_make, "-", 0, 0, 0),
	OTHER("CLEARTEXT", ENCODING_TEXT, plain_verify, plain_make, "-", 0, 0, 0),
	OTHER("CLEAR", ENCODING_TEXT, plain_verify, plain_make, "-", 0, 0, 0),
	DIGEST("PLAIN-MD5", ENCODING_HEX, digest_verify, EVP_md5, HEX_16, 0),
	DIGEST("LDAP-MD5", ENCODING_BASE64, digest_verify, EVP_md5, DIGEST_16, 0),
	DIGEST("SMD5", ENCODING_BASE64, salted_verify, EVP_md5, DIGEST_16, 4),
	DIGEST("SHA", ENCODING_BASE64, digest_verify, EVP_sha1, DIGEST_20, 0),
	DIGEST("SHA1", ENCODING_BASE64, digest_verify, EVP_sha1, DIGEST_20, 0),
	DIGEST("SSHA", ENCODING_BASE64, salted_verify, EVP_sha1, DIGEST_20, 4),
	DIGEST("SHA256", ENCODING_BASE64, digest_verify, EVP_sha256, DIGEST_32, 0),
	DIGEST("SSHA256", ENCODING_BASE64, salted_verify, EVP_sha256, DIGEST_32, 4),
	DIGEST("SHA512", ENCODING_BASE64, digest_verify, EVP_sha512, DIGEST_64, 0),
	DIGEST("SSHA512", ENCODING_BASE64, salted_verify, EVP_sha512, DIGEST_64, 4),
};
enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

const struct password_scheme *
password_scheme_row(size_t i)
{
	return i < SCHEMES ? &schemes[i] : NULL;
}

const struct password_scheme *
password_scheme_find(struct span name)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (span_is_nocase(name, schemes[i].name))
			return &schemes[i];
	return NULL;
}

const char *
password_scheme_each(size_t i)
{
	return i < SCHEMES ? schemes[i].name : NULL;
}
