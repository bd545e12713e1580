/* sql_conf.h - the settings of linnet-sql.conf.ext: Dovecot 2.3's names and a few of ours */
#ifndef LINNET_SQL_CONF_H
#define LINNET_SQL_CONF_H

#include "common/base/settings.h"

struct sql_conf {
	const char *driver, *connect, *default_pass_scheme, *password_query, *user_query,
		*iterate_query, *app_passwords, *login_query, *rehash_query, *rehash_scheme;
};

/* For settings_load_rows() into a struct sql_conf. */
extern const struct settings_row sql_conf_rows[];

#endif
