/* jwt_keys.h - the keys that tokens are signed with: a JSON Web Key Set in a file (RFC 7517) */
#ifndef LINNET_JWT_KEYS_H
#define LINNET_JWT_KEYS_H

#include <openssl/evp.h>

#include "common/base/arena.h"
#include "common/base/span.h"

/* What a key is for decides which alg it takes: never the token (A26). */
enum jwt_kind { JWT_RSA, JWT_EC, JWT_SECRET };

struct jwt_key {
	const char   *id;     /* kid; "" for none */
	enum jwt_kind kind;
	EVP_PKEY     *public; /* RSA, EC */
	struct span   secret; /* SECRET */
};

enum { JWT_KEYS = 32 };
struct jwt_keys {
	struct jwt_key key[JWT_KEYS];
	size_t         count;
};

/*
 * Keys of kty RSA (2048 bits at least), EC on P-256, and oct (32 bytes at least).  Those for
 * encryption ("use": "enc") are left out.  False with *why_out in mem.
 */
bool jwt_keys_parse(struct span json, struct arena *mem, struct jwt_keys *out,
                    const char **why_out);

/* The same from a file. */
bool jwt_keys_load(const char *path, struct arena *mem, struct jwt_keys *out,
                   const char **why_out);

/* Base64 of the URL's alphabet, without padding; SPAN_NONE for what is none. */
struct span jwt_base64(struct span text, struct arena *mem);

#endif
