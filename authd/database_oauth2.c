/*
 * database_oauth2.c - passdb { driver = oauth2  args = /etc/linnet/linnet-oauth2.conf.ext }
 *
 * Tokens are checked here, against keys in a file: nobody is asked over a network, and
 * nothing in a token names a file or an address that would be looked at.
 */
#include <stddef.h>
#include <time.h>

#include "authd/database.h"
#include "authd/jwt.h"
#include "common/base/settings.h"

struct oauth2_conf {
	const char *key_set, *issuers, *audiences, *client_id, *username_attribute, *scope,
		*algorithms, *introspection_mode;
};

static const struct settings_row rows[] = {
	{ "introspection_mode", offsetof(struct oauth2_conf, introspection_mode), "local",
	  "local is all there is" },
	{ "key_set", offsetof(struct oauth2_conf, key_set), "", "file with a JSON Web Key Set" },
	{ "algorithms", offsetof(struct oauth2_conf, algorithms), "RS256 ES256",
	  "what a token may be signed with: RS256 ES256 HS256" },
	{ "issuers", offsetof(struct oauth2_conf, issuers), "", "iss must be one of these" },
	{ "audiences", offsetof(struct oauth2_conf, audiences), "", "aud must have one of these" },
	{ "client_id", offsetof(struct oauth2_conf, client_id), "", "as audiences" },
	{ "username_attribute", offsetof(struct oauth2_conf, username_attribute), "email",
	  "claim that is the user name" },
	{ "scope", offsetof(struct oauth2_conf, scope), "", "scope must have all of these" },
	{ NULL, 0, NULL, NULL },
};

struct oauth2 {
	struct database_head head;
	struct jwt_keys      keys;
	struct jwt_rules     rules;
};

static const char *
judge(const struct oauth2_conf *c)
{
	if (strcmp(c->introspection_mode, "local") != 0)
		return "introspection_mode: tokens are checked locally only";
	if (c->key_set[0] != '/')
		return "key_set must be the absolute path of a JSON Web Key Set";
	if (!c->issuers[0] || !(c->audiences[0] || c->client_id[0]))
		return "issuers and audiences must be set: else a token for anything else would do";
	return NULL;
}

static void *
prepare(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
        const char **why_out)
{
	struct settings_problems problems = { .count = 0 };
	struct oauth2 *o = arena_zero(mem, sizeof(*o));
	struct oauth2_conf c;
	const char *why = NULL;
	bool is_good;

	(void)kind;
	if (conf->args[0] != '/') {
		*why_out = "args must be the absolute path of a file like linnet-oauth2.conf.ext";
		return NULL;
	}
	is_good = settings_load_rows(conf->args, rows, mem, &c, &problems);
	settings_log_problems(&problems);
	why = is_good ? judge(&c) : "cannot be used";
	if (!why)
		jwt_keys_load(c.key_set, mem, &o->keys, &why);
	if (why) {
		*why_out = arena_printf(mem, "%s: %s", conf->args, why);
		return NULL;
	}
	o->head.default_scheme = "PLAIN";
	o->rules = (struct jwt_rules){
		.keys = &o->keys, .algorithms = c.algorithms, .issuers = c.issuers,
		.audiences = arena_printf(mem, "%s %s", c.audiences, c.client_id),
		.name = c.username_attribute, .scopes = c.scope,
	};
	return o;
}

static const char *
take_token(void *state, struct span token, struct arena *mem, const char **line_out,
           const char **trouble_out)
{
	const struct oauth2 *o = state;
	const char *why = NULL, *user = jwt_check(token, &o->rules, time(NULL), mem, &why);

	(void)trouble_out;
	if (!user)
		*line_out = arena_printf(mem, "invalid credentials (the token is %s)", why);
	return user;
}

static void
forget(void *state)
{
	struct oauth2 *o = state;

	for (size_t i = 0; i < o->keys.count; i++)
		EVP_PKEY_free(o->keys.key[i].public);
}

const struct database_driver database_oauth2 = {
	.name = "oauth2",
	.kinds = DATABASE_PASS,
	.prepare = prepare,
	.take_token = take_token,
	.forget = forget,
};
