/* sql_conf.c - the settings of linnet-sql.conf.ext: one row each */
#include "authd/sql_conf.h"

const struct settings_row sql_conf_rows[] = {
	{ "driver", offsetof(struct sql_conf, driver), "mysql", "mysql: MariaDB or MySQL" },
	{ "connect", offsetof(struct sql_conf, connect), "",
	  "host= port= dbname= user= password= ..." },
	{ "default_pass_scheme", offsetof(struct sql_conf, default_pass_scheme), "CRYPT",
	  "scheme of passwords without {SCHEME}" },
	{ "password_query", offsetof(struct sql_conf, password_query),
	  "SELECT username AS user, domain, password FROM users WHERE username = '%n' AND domain = "
	  "'%d'",
	  "SELECT with the columns user and password" },
	{ "user_query", offsetof(struct sql_conf, user_query),
	  "SELECT home, uid, gid FROM users WHERE username = '%n' AND domain = '%d'",
	  "SELECT with the columns uid, gid, home and mail" },
	{ "iterate_query", offsetof(struct sql_conf, iterate_query), "",
	  "accepted for Dovecot's sake" },
	{ "app_passwords", offsetof(struct sql_conf, app_passwords), "no",
	  "yes: password_query gives a row for each of a user's passwords" },
	{ "login_query", offsetof(struct sql_conf, login_query), "",
	  "UPDATE that is run after each login, with %u and %{id}" },
	{ "rehash_query", offsetof(struct sql_conf, rehash_query), "",
	  "UPDATE with %{hash} for a password that is not stored in rehash_scheme" },
	{ "rehash_scheme", offsetof(struct sql_conf, rehash_scheme), "SHA512-CRYPT",
	  "scheme that rehash_query brings all passwords to" },
	{ NULL, 0, NULL, NULL },
};
