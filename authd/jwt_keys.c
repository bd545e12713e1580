/*
 * jwt_keys.c - the keys that tokens are signed with: a JSON Web Key Set in a file (RFC 7517, 7518)
 *
 * A public key is written as SubjectPublicKeyInfo (RFC 5280) and read by OpenSSL from
 * that: the one form that every version of the library takes.
 */
#include "authd/jwt_keys.h"

#include <errno.h>
#include <json.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/buf.h"
#include "common/base/limits.h"

enum { RSA_LEAST = 256, RSA_MOST = 1024, EC_SIZE = 32, SECRET_LEAST = 32 };

struct span
jwt_base64(struct span text, struct arena *mem)
{
	size_t padded = (text.len + 3) / 4 * 4, len;
	char *bytes = arena_alloc(mem, padded + 1);

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '+' || text.at[i] == '/' || text.at[i] == '=')
			return SPAN_NONE;
		bytes[i] = text.at[i] == '-' ? '+' : text.at[i] == '_' ? '/' : text.at[i];
	}
	memset(bytes + text.len, '=', padded - text.len);
	return base64_decode(span_make(bytes, padded), bytes, &len) ? span_make(bytes, len) :
	                                                              SPAN_NONE;
}

static const char *
text_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* --- DER ------------------------------------------------------------------------------------- */

static void
put_tagged(struct buf *out, char tag, struct span content)
{
	buf_byte(out, tag);
	if (content.len < 128) {
		buf_byte(out, (char)content.len);
	} else {
		buf_byte(out, (char)0x82);
		buf_byte(out, (char)(content.len >> 8));
		buf_byte(out, (char)(content.len & 255));
	}
	buf_span(out, content);
}

/* INTEGER: a byte of zeros keeps it positive */
static void
put_integer(struct buf *out, struct span number)
{
	struct buf content = BUF_EMPTY;

	while (number.len > 1 && number.at[0] == 0)
		number = span_skip(number, 1);
	if (number.at[0] & 0x80)
		buf_byte(&content, 0);
	buf_span(&content, number);
	put_tagged(out, 0x02, buf_view(&content));
	buf_free(&content);
}

static EVP_PKEY *
read_public(struct span algorithm, struct span key)
{
	struct buf bits = BUF_EMPTY, inside = BUF_EMPTY, whole = BUF_EMPTY;
	const unsigned char *at;
	EVP_PKEY *public;

	buf_byte(&bits, 0); /* no unused bits */
	buf_span(&bits, key);
	buf_span(&inside, algorithm);
	put_tagged(&inside, 0x03, buf_view(&bits));
	put_tagged(&whole, 0x30, buf_view(&inside));
	at = (const unsigned char *)whole.data;
	public = d2i_PUBKEY(NULL, &at, (long)whole.len);
	buf_free(&bits);
	buf_free(&inside);
	buf_free(&whole);
	return public;
}

/* --- kinds of keys --------------------------------------------------------------------------- */

static const char *
take_rsa(struct json_object *object, struct arena *mem, struct jwt_key *key)
{
	/* SEQUENCE { OID rsaEncryption, NULL } */
	static const char algorithm[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05";
	struct span n = jwt_base64(span_of(text_of(object, "n")), mem),
		    e = jwt_base64(span_of(text_of(object, "e")), mem);
	struct buf numbers = BUF_EMPTY, sequence = BUF_EMPTY;

	if (n.len < RSA_LEAST || n.len > RSA_MOST || e.len == 0 || e.len > 8)
		return "an RSA key below 2048 bits, or without n and e";
	put_integer(&numbers, n);
	put_integer(&numbers, e);
	put_tagged(&sequence, 0x30, buf_view(&numbers));
	key->kind = JWT_RSA;
	key->public = read_public(span_make(algorithm, sizeof(algorithm)), buf_view(&sequence));
	buf_free(&numbers);
	buf_free(&sequence);
	return key->public ? NULL : "an RSA key that is none";
}

static const char *
take_ec(struct json_object *object, struct arena *mem, struct jwt_key *key)
{
	/* SEQUENCE { OID ecPublicKey, OID prime256v1 } */
	static const char algorithm[] = "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
					"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
	struct span x = jwt_base64(span_of(text_of(object, "x")), mem),
		    y = jwt_base64(span_of(text_of(object, "y")), mem);
	struct buf point = BUF_EMPTY;

	if (strcmp(text_of(object, "crv"), "P-256") != 0 || x.len != EC_SIZE || y.len != EC_SIZE)
		return "an EC key that is not on P-256";
	buf_byte(&point, 0x04);
	buf_span(&point, x);
	buf_span(&point, y);
	key->kind = JWT_EC;
	key->public = read_public(span_make(algorithm, sizeof(algorithm) - 1), buf_view(&point));
	buf_free(&point);
	return key->public ? NULL : "an EC key that is none";
}

static const char *
take_secret(struct json_object *object, struct arena *mem, struct jwt_key *key)
{
	key->kind = JWT_SECRET;
	key->secret = jwt_base64(span_of(text_of(object, "k")), mem);
	return key->secret.len >= SECRET_LEAST ? NULL : "a secret of less than 32 bytes";
}

static const struct kind {
	const char *kty;
	const char *(*take)(struct json_object *object, struct arena *mem, struct jwt_key *key);
} kinds[] = {
	{ "RSA", take_rsa },
	{ "EC", take_ec },
	{ "oct", take_secret },
};

static const char *
take_key(struct json_object *object, struct arena *mem, struct jwt_keys *out)
{
	struct jwt_key *key = &out->key[out->count];
	const char *kty = text_of(object, "kty"), *why = "a key of an unknown kty";

	if (strcmp(text_of(object, "use"), "enc") == 0)
		return NULL;
	if (out->count == JWT_KEYS)
		return "more than 32 keys";
	memset(key, 0, sizeof(*key));
	key->id = arena_string(mem, span_of(text_of(object, "kid")));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kty, kty) == 0)
			why = kinds[i].take(object, mem, key);
	out->count += !why;
	return why;
}

static const char *
take_set(struct json_object *set, struct arena *mem, struct jwt_keys *out)
{
	struct json_object *keys;
	const char *why = NULL;

	if (!json_object_object_get_ex(set, "keys", &keys) ||
	    !json_object_is_type(keys, json_type_array))
		return "no array named keys";
	for (size_t i = 0; i < json_object_array_length(keys) && !why; i++)
		why = take_key(json_object_array_get_idx(keys, i), mem, out);
	return why ? why : out->count == 0 ? "no key for signatures" : NULL;
}

bool
jwt_keys_parse(struct span json, struct arena *mem, struct jwt_keys *out, const char **why_out)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *set =
		tokener ? json_tokener_parse_ex(tokener, json.at, (int)json.len) : NULL;
	const char *why = "not JSON";

	out->count = 0;
	if (set)
		why = json_object_is_type(set, json_type_object) ? take_set(set, mem, out) :
		                                                   "no JSON object";
	json_object_put(set);
	if (tokener)
		json_tokener_free(tokener);
	if (why)
		*why_out = why;
	return !why;
}

bool
jwt_keys_load(const char *path, struct arena *mem, struct jwt_keys *out, const char **why_out)
{
	FILE *file = fopen(path, "re");
	char *text = arena_alloc(mem, LIMIT_CONF_FILE + 1);
	const char *why = NULL;
	size_t len;

	if (!file) {
		*why_out = arena_printf(mem, "%s: %s", path, strerror(errno));
		return false;
	}
	len = fread(text, 1, LIMIT_CONF_FILE + 1, file);
	fclose(file);
	if (len <= LIMIT_CONF_FILE && jwt_keys_parse(span_make(text, len), mem, out, &why))
		return true;
	*why_out = arena_printf(mem, "%s: %s", path, why ? why : "too long");
	return false;
}
