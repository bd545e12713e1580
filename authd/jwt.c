/*
 * jwt.c - signed tokens (RFC 7519, RFC 7515) against a set of keys
 *
 * Nothing of a token is believed before its signature: of the header only alg and kid
 * are read, each a choice among what the set has.
 */
#include "authd/jwt.h"

#include <json.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/wipe.h"

enum { LEEWAY_SECONDS = 60, DEPTH = 16, EC_SIZE = 32 };

static struct json_object *
parse(struct span json)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *object =
		tokener ? json_tokener_parse_ex(tokener, json.at, (int)json.len) : NULL;
	bool is_whole = tokener && json_tokener_get_error(tokener) == json_tokener_success;

	if (tokener)
		json_tokener_free(tokener);
	if (object && is_whole && json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

/* A string without a NUL in it; NULL for none. */
static const char *
text_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string) ||
	    strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return NULL;
	return json_object_get_string(value);
}

static bool
is_listed(const char *words, const char *word)
{
	struct span rest = span_of(words), each;

	while (span_split(&rest, ' ', &each))
		if (each.len > 0 && span_is(each, word))
			return true;
	return false;
}

/* --- signatures ------------------------------------------------------------------------------ */

static bool
verify_public(EVP_PKEY *key, struct span text, struct span signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_create();
	bool is_good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	               EVP_DigestVerifyUpdate(ctx, text.at, text.len) == 1 &&
	               EVP_DigestVerifyFinal(ctx, (unsigned char *)(size_t)signature.at,
	                                     signature.len) == 1;

	if (ctx)
		EVP_MD_CTX_destroy(ctx);
	ERR_clear_error();
	return is_good;
}

static bool
verify_rsa(const struct jwt_key *key, struct span text, struct span signature)
{
	return verify_public(key->public, text, signature);
}

/* One of the two numbers as a DER INTEGER; returns its bytes. */
static size_t
put_number(const char *from, unsigned char *to)
{
	size_t skip = 0, len;

	while (skip < EC_SIZE - 1 && from[skip] == 0)
		skip++;
	len = EC_SIZE - skip;
	to[0] = 0x02;
	to[1] = (unsigned char)len;
	if (from[skip] & 0x80) {
		to[1]++;
		to[2] = 0;
	}
	memcpy(to + to[1] - len + 2, from + skip, len);
	return (size_t)to[1] + 2;
}

/* RFC 7518 s.3.4: r and s, 32 bytes each; OpenSSL wants SEQUENCE { INTEGER, INTEGER } */
static bool
verify_ec(const struct jwt_key *key, struct span text, struct span signature)
{
	unsigned char der[2 + 2 * (EC_SIZE + 3)];
	size_t len = 2;

	if (signature.len != 2 * EC_SIZE)
		return false;
	len += put_number(signature.at, der + len);
	len += put_number(signature.at + EC_SIZE, der + len);
	der[0] = 0x30;
	der[1] = (unsigned char)(len - 2);
	return verify_public(key->public, text, span_make((char *)der, len));
}

static bool
verify_secret(const struct jwt_key *key, struct span text, struct span signature)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return HMAC(EVP_sha256(), key->secret.at, (int)key->secret.len,
	            (const unsigned char *)text.at, text.len, made, &len) &&
	       signature.len == len && secret_equal(made, signature.at, len);
}

static const struct algorithm {
	const char   *name;
	enum jwt_kind kind;
	bool (*verify)(const struct jwt_key *key, struct span text, struct span signature);
} algorithms[] = {
	{ "RS256", JWT_RSA, verify_rsa },
	{ "ES256", JWT_EC, verify_ec },
	{ "HS256", JWT_SECRET, verify_secret },
};

static const struct algorithm *
find_algorithm(const char *name, const char *allowed)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (name && strcmp(algorithms[i].name, name) == 0 && is_listed(allowed, name))
			return &algorithms[i];
	return NULL;
}

/* Without a kid every key of the kind is tried, with one only those of that id. */
static bool
is_signed(const struct jwt_rules *rules, const struct algorithm *a, const char *kid,
          struct span text, struct span signature)
{
	for (size_t i = 0; i < rules->keys->count; i++) {
		const struct jwt_key *key = &rules->keys->key[i];

		if (key->kind == a->kind && (!kid || strcmp(kid, key->id) == 0) &&
		    a->verify(key, text, signature))
			return true;
	}
	return false;
}

/* --- claims ---------------------------------------------------------------------------------- */

static bool
has_time(struct json_object *claims, const char *name, int64_t *out)
{
	struct json_object *value;

	if (!json_object_object_get_ex(claims, name, &value) ||
	    !(json_object_is_type(value, json_type_int) ||
	      json_object_is_type(value, json_type_double)))
		return false;
	*out = json_object_get_int64(value);
	return true;
}

/* aud is a string, or an array of strings */
static bool
is_for_us(struct json_object *claims, const char *audiences)
{
	struct json_object *aud;
	const char *one = text_of(claims, "aud");

	if (!audiences[0] || (one && is_listed(audiences, one)))
		return true;
	if (one || !json_object_object_get_ex(claims, "aud", &aud) ||
	    !json_object_is_type(aud, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(aud); i++) {
		struct json_object *each = json_object_array_get_idx(aud, i);

		if (json_object_is_type(each, json_type_string) &&
		    is_listed(audiences, json_object_get_string(each)))
			return true;
	}
	return false;
}

static bool
has_scopes(struct json_object *claims, const char *wanted)
{
	const char *scope = text_of(claims, "scope");
	struct span rest = span_of(wanted), word;
	char text[128];

	while (span_split(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (!scope || word.len >= sizeof(text))
			return false;
		memcpy(text, word.at, word.len);
		text[word.len] = '\0';
		if (!is_listed(scope, text))
			return false;
	}
	return true;
}

static const char *
judge_claims(struct json_object *claims, const struct jwt_rules *rules, int64_t now)
{
	const char *issuer = text_of(claims, "iss");
	int64_t when;

	if (!has_time(claims, "exp", &when) || now > when + LEEWAY_SECONDS)
		return "expired, or without exp";
	if (has_time(claims, "nbf", &when) && now < when - LEEWAY_SECONDS)
		return "not valid yet";
	if (rules->issuers[0] && (!issuer || !is_listed(rules->issuers, issuer)))
		return "of another issuer";
	if (!is_for_us(claims, rules->audiences))
		return "for another audience";
	if (!has_scopes(claims, rules->scopes))
		return "without the scope that is wanted";
	return NULL;
}

static const char *
user_of(struct json_object *claims, const struct jwt_rules *rules, struct arena *mem,
        const char **why_out)
{
	const char *name = text_of(claims, rules->name);

	*why_out = "without a user name";
	return name && name[0] && strlen(name) <= LIMIT_USER_NAME ?
	               arena_string(mem, span_of(name)) :
	               NULL;
}

/* header and payload are decoded, text is what was signed. */
static const char *
check_parts(struct span header, struct span payload, struct span text, struct span signature,
            const struct jwt_rules *rules, int64_t now, struct arena *mem, const char **why_out)
{
	struct json_object *head = parse(header), *claims = NULL;
	const struct algorithm *a =
		head ? find_algorithm(text_of(head, "alg"), rules->algorithms) : NULL;
	struct json_object *kid;
	const char *user = NULL;
	bool is_odd = head && (json_object_object_get_ex(head, "crit", NULL) ||
	                       (json_object_object_get_ex(head, "kid", &kid) &&
	                        !text_of(head, "kid")));

	*why_out = "not signed by a known key";
	if (!head)
		*why_out = "no token";
	else if (!a || is_odd)
		*why_out = "of an algorithm that is not allowed";
	else if (is_signed(rules, a, text_of(head, "kid"), text, signature))
		claims = parse(payload);
	if (claims) {
		*why_out = judge_claims(claims, rules, now);
		user = *why_out ? NULL : user_of(claims, rules, mem, why_out);
	}
	json_object_put(head);
	json_object_put(claims);
	return user;
}

const char *
jwt_check(struct span token, const struct jwt_rules *rules, int64_t now, struct arena *mem,
          const char **why_out)
{
	struct span rest = token, header, payload, text, decoded[3];

	*why_out = "no token";
	if (!span_split(&rest, '.', &header) || !span_split(&rest, '.', &payload) || !rest.at ||
	    span_find(rest, '.'))
		return NULL;
	text = span_make(token.at, (size_t)(payload.at + payload.len - token.at));
	decoded[0] = jwt_base64(header, mem);
	decoded[1] = jwt_base64(payload, mem);
	decoded[2] = jwt_base64(rest, mem);
	if (!decoded[0].at || !decoded[1].at || !decoded[2].at)
		return NULL;
	return check_parts(decoded[0], decoded[1], text, decoded[2], rules, now, mem, why_out);
}
