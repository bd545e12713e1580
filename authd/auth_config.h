/* auth_config.h - all that authd reads from files, whole or not at all */
#ifndef LINNET_AUTHD_CONFIG_H
#define LINNET_AUTHD_CONFIG_H

#include <sys/types.h>

#include "authd/database.h"
#include "common/base/limits.h"

struct auth_config {
	struct arena    mem;  /* holds everything below */
	const char     *path;
	struct settings settings;
	struct database passdb[LIMIT_AUTH_DATABASES], userdb[LIMIT_AUTH_DATABASES];
	size_t          passdb_count, userdb_count;
	uid_t           first_valid_uid;
	unsigned char   salt_key[32]; /* for users who have no salt; as long as this authd lives */
};

/*
 * Read path, and what its passdb and userdb sections name.  NULL when anything
 * is wrong that would change who may log in; every problem has been logged.
 */
struct auth_config *auth_config_load(const char *path);

/* Is there a passdb of master users? */
bool auth_config_has_masters(const struct auth_config *c);

/* Is there a passdb that knows passwords, beside those for tokens and masters? */
bool auth_config_has_password_db(const struct auth_config *c);
void auth_config_free(struct auth_config *c);

#endif
