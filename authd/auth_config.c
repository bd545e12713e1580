/* auth_config.c - read what authd needs whole or not at all: half a passdb is none */
#include "authd/auth_config.h"

#include <stdlib.h>

#include "authd/mechanisms.h"
#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/base/random.h"

static bool
prepare_all(struct auth_config *c, enum database_kind kind)
{
	bool is_pass = kind == DATABASE_PASS, is_good = true;
	const struct settings_db *conf = is_pass ? c->settings.passdb : c->settings.userdb;
	size_t count = is_pass ? c->settings.passdb_count : c->settings.userdb_count;
	struct database *into = is_pass ? c->passdb : c->userdb;
	const char *why;

	if (count == 0 || count > LIMIT_AUTH_DATABASES) {
		log_error("%s: %zu %s sections; between 1 and %d are needed", c->path, count,
		          is_pass ? "passdb" : "userdb", LIMIT_AUTH_DATABASES);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (!database_prepare(&into[i], &conf[i], kind, &c->mem, &why)) {
			log_error("%s", why);
			is_good = false;
		}
	*(is_pass ? &c->passdb_count : &c->userdb_count) = count;
	return is_good;
}

static bool
check_values(struct auth_config *c)
{
	struct expand_values nobody = { .user = "" };
	struct span unknown = mechanism_unknown(c->settings.auth_mechanisms);
	uint64_t uid;
	const char *why;

	if (unknown.at)
		log_warning("%s: auth_mechanisms: %.*s is not known and not offered", c->path,
		            (int)unknown.len, unknown.at);
	if (!mechanism_each(0, c->settings.auth_mechanisms)) {
		log_error("%s: auth_mechanisms = %s: none of them is known", c->path,
		          c->settings.auth_mechanisms);
		return false;
	}
	if (!expand(c->settings.auth_username_format, &nobody, &c->mem, &why)) {
		log_error("%s: auth_username_format: %s", c->path, why);
		return false;
	}
	if (!number_parse(span_of(c->settings.first_valid_uid), UINT32_MAX - 1, &uid)) {
		log_error("%s: first_valid_uid = %s: not a number", c->path,
		          c->settings.first_valid_uid);
		return false;
	}
	c->first_valid_uid = (uid_t)uid;
	return true;
}

/* Drawn once: a salt that changed with SIGHUP would tell who is not there. */
static void
take_salt_key(struct auth_config *c)
{
	static unsigned char key[sizeof(c->salt_key)];
	static bool is_drawn;

	if (!is_drawn && !random_bytes(key, sizeof(key)))
		die("no random bytes");
	is_drawn = true;
	memcpy(c->salt_key, key, sizeof(key));
}

struct auth_config *
auth_config_load(const char *path)
{
	struct settings_problems problems = { .count = 0 };
	struct auth_config *c = calloc(1, sizeof(*c));
	bool is_good;

	if (!c)
		die("out of memory: the configuration");
	c->path = path;
	take_salt_key(c);
	is_good = settings_load(path, NULL, &c->mem, &c->settings, &problems);
	settings_log_problems(&problems);
	if (is_good && check_values(c)) {
		bool has_passdbs = prepare_all(c, DATABASE_PASS);

		if (prepare_all(c, DATABASE_USER) && has_passdbs)
			return c;
	}
	auth_config_free(c);
	return NULL;
}

bool
auth_config_has_masters(const struct auth_config *c)
{
	for (size_t i = 0; i < c->passdb_count; i++)
		if (c->passdb[i].conf->is_master)
			return true;
	return false;
}

bool
auth_config_has_password_db(const struct auth_config *c)
{
	for (size_t i = 0; i < c->passdb_count; i++)
		if (!c->passdb[i].driver->take_token && !c->passdb[i].conf->is_master)
			return true;
	return false;
}

void
auth_config_free(struct auth_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->passdb_count; i++)
		if (c->passdb[i].state && c->passdb[i].driver->forget)
			c->passdb[i].driver->forget(c->passdb[i].state);
	arena_free(&c->mem);
	free(c);
}
