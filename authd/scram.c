/*
 * scram.c - SCRAM (RFC 5802, RFC 7677): the keys, on the server's side
 *
 *	SaltedPassword  := Hi(Normalize(password), salt, i)           (PBKDF2)
 *	ClientKey       := HMAC(SaltedPassword, "Client Key")
 *	StoredKey       := H(ClientKey)
 *	ServerKey       := HMAC(SaltedPassword, "Server Key")
 *	ClientSignature := HMAC(StoredKey, AuthMessage)
 *	ClientProof     := ClientKey XOR ClientSignature
 *	ServerSignature := HMAC(ServerKey, AuthMessage)
 *
 * A password that is stored in clear gets a salt that is made of the user's name and
 * a key of this authd, and so does a user who is not there: nobody can tell them apart,
 * nor by asking twice.
 */
#include "authd/scram.h"

#include <openssl/hmac.h>
#include <string.h>

#include "authd/proof.h"
#include "common/base/base64.h"
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/wipe.h"

enum { MADE_SALT = 16 };

static const struct scram_hash hashes[] = {
	{ "SCRAM-SHA-1", EVP_sha1, 20 },
	{ "SCRAM-SHA-256", EVP_sha256, 32 },
};

const struct scram_hash *
scram_hash_of(struct span name)
{
	static const char plus[] = "-PLUS";
	size_t most = sizeof(plus) - 1;

	if (name.len > most && span_is_nocase(span_skip(name, name.len - most), plus))
		name.len -= most;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (span_is_nocase(name, hashes[i].name))
			return &hashes[i];
	return NULL;
}

/* The next of the parts between commas, decoded; false unless it has least to most bytes. */
static bool
take_base64(struct span *rest, unsigned char *to, size_t least, size_t most, size_t *len_out)
{
	char bytes[BASE64_ROOM(SCRAM_SALT_MOST) + 4];
	struct span part;
	size_t len;

	if (!span_split(rest, ',', &part) || part.len > sizeof(bytes) ||
	    !base64_decode(part, bytes, &len) || len < least || len > most)
		return false;
	memcpy(to, bytes, len);
	*len_out = len;
	return true;
}

bool
scram_keys_read(const struct scram_hash *h, struct span text, struct scram_keys *out)
{
	struct span rounds;
	uint64_t n;
	size_t len;

	if (!span_split(&text, ',', &rounds) || !number_parse(rounds, LIMIT_PBKDF2_ROUNDS, &n) ||
	    n < SCRAM_LEAST_ROUNDS)
		return false;
	out->rounds = (unsigned)n;
	return take_base64(&text, out->salt, 1, SCRAM_SALT_MOST, &out->salt_len) &&
	       take_base64(&text, out->stored, h->size, h->size, &len) &&
	       take_base64(&text, out->server, h->size, h->size, &len) && !text.at;
}

static const char *
text_of(const unsigned char *bytes, size_t len, struct arena *mem)
{
	char *text = arena_zero(mem, BASE64_ROOM(len) + 1);

	base64_encode(span_make((const char *)bytes, len), text);
	return text;
}

const char *
scram_keys_text(const struct scram_hash *h, const struct scram_keys *k, struct arena *mem)
{
	return arena_printf(mem, "%u,%s,%s,%s", k->rounds, text_of(k->salt, k->salt_len, mem),
	                    text_of(k->stored, h->size, mem), text_of(k->server, h->size, mem));
}

static bool
hmac(const struct scram_hash *h, const unsigned char *key, struct span text, unsigned char *out)
{
	return HMAC(h->digest(), key, (int)h->size, (const unsigned char *)text.at, text.len, out,
	            NULL) != NULL;
}

bool
scram_keys_make(const struct scram_hash *h, struct span password, struct scram_keys *k)
{
	unsigned char salted[SCRAM_MOST], client[SCRAM_MOST];
	bool is_made = PKCS5_PBKDF2_HMAC(password.at, (int)password.len, k->salt, (int)k->salt_len,
	                                 (int)k->rounds, h->digest(), (int)h->size, salted) == 1 &&
	               hmac(h, salted, span_of("Client Key"), client) &&
	               EVP_Digest(client, h->size, k->stored, NULL, h->digest(), NULL) == 1 &&
	               hmac(h, salted, span_of("Server Key"), k->server);

	wipe(salted, sizeof(salted));
	wipe(client, sizeof(client));
	return is_made;
}

/* The salt of whoever has none stored. */
static void
invent_salt(const struct proving *p, struct scram_keys *k)
{
	unsigned char made[EVP_MAX_MD_SIZE];

	HMAC(EVP_sha256(), p->salt_key, SALT_KEY, (const unsigned char *)p->user, strlen(p->user),
	     made, NULL);
	k->rounds = SCRAM_LEAST_ROUNDS;
	k->salt_len = MADE_SALT;
	memcpy(k->salt, made, MADE_SALT);
}

/* RIGHT when keys is set (from a password in clear: with_keys says whether to work them out). */
static enum password_verdict
find_keys(const struct scram_hash *h, struct proving *p, bool with_keys, struct scram_keys *k)
{
	struct password_parts parts;

	invent_salt(p, k);
	if (!p->stored || !password_take_apart(p->stored, p->default_scheme, &parts))
		return PASSWORD_NONE;
	if (parts.is_plain) {
		if (parts.text.len == 0)
			return PASSWORD_NONE;
		return !with_keys || scram_keys_make(h, parts.text, k) ? PASSWORD_RIGHT :
		                                                         PASSWORD_UNUSABLE;
	}
	if (!span_is_nocase(parts.scheme, h->name))
		return PASSWORD_NONE;
	if (scram_keys_read(h, parts.text, k))
		return PASSWORD_RIGHT;
	invent_salt(p, k);
	p->why_out = "the stored SCRAM keys are malformed, or have too few or too many rounds";
	return PASSWORD_UNUSABLE;
}

enum password_verdict
scram_salt(const struct scram_hash *h, struct proving *p)
{
	struct scram_keys k;
	enum password_verdict verdict = find_keys(h, p, false, &k);

	p->data_out = span_of(arena_printf(p->mem, "s=%s,i=%u",
	                                   text_of(k.salt, k.salt_len, p->mem), k.rounds));
	wipe(&k, sizeof(k));
	return verdict;
}

/* H(ClientProof XOR ClientSignature) must be StoredKey. */
static bool
is_proof(const struct scram_hash *h, const struct scram_keys *k, struct span message,
         struct span proof)
{
	unsigned char key[SCRAM_MOST], made[SCRAM_MOST];
	bool is_right = proof.len == h->size && hmac(h, k->stored, message, key);

	for (size_t i = 0; is_right && i < h->size; i++)
		key[i] ^= (unsigned char)proof.at[i];
	is_right = is_right && EVP_Digest(key, h->size, made, NULL, h->digest(), NULL) == 1 &&
	           secret_equal(made, k->stored, h->size);
	wipe(key, sizeof(key));
	return is_right;
}

enum password_verdict
scram_verify(const struct scram_hash *h, struct proving *p)
{
	struct scram_keys k;
	enum password_verdict verdict = find_keys(h, p, true, &k);
	unsigned char signature[SCRAM_MOST];

	if (verdict == PASSWORD_RIGHT && !is_proof(h, &k, p->check->challenge, p->check->secret))
		verdict = PASSWORD_WRONG;
	if (verdict == PASSWORD_RIGHT && hmac(h, k.server, p->check->challenge, signature))
		p->data_out = span_of(text_of(signature, h->size, p->mem));
	wipe(&k, sizeof(k));
	return verdict;
}
