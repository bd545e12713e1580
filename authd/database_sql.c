/* database_sql.c - passdb and userdb { driver = sql  args = /etc/linnet/linnet-sql.conf.ext } */
#include <stddef.h>

#include "authd/database.h"
#include "authd/mysql_link.h"
#include "common/base/log.h"

/* dovecot-sql.conf.ext, as far as it is ours. */
struct sql_conf {
	const char *driver, *connect, *default_pass_scheme, *password_query, *user_query,
		*iterate_query;
};

static const struct settings_row rows[] = {
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
	{ NULL, 0, NULL, NULL },
};

struct sql_database {
	struct database_head head;
	const char          *path; /* of the file */
	const char          *query_name;
	struct sql_connect   how;
	struct sql_query     query;
	struct mysql_link   *link; /* a worker's own: made after the fork, at the first question */
	bool                 has_warned;
};

static bool
load(const char *path, struct arena *mem, struct sql_conf *conf_out, const char **why_out)
{
	struct settings_problems problems = { .count = 0 };
	bool is_good = settings_load_rows(path, rows, mem, conf_out, &problems);

	settings_log_problems(&problems);
	if (!is_good)
		*why_out = arena_printf(mem, "%s cannot be used", path);
	else if (strcmp(conf_out->driver, "mysql") != 0)
		*why_out = arena_printf(mem, "%s: driver = %s: only mysql is known", path,
		                        conf_out->driver);
	else
		return true;
	return false;
}

static void *
prepare(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
        const char **why_out)
{
	struct sql_database *db = arena_zero(mem, sizeof(*db));
	bool is_pass = kind == DATABASE_PASS;
	struct sql_conf text;
	const char *why = "";

	if (conf->args[0] != '/') {
		*why_out = "args must be the absolute path of a file like linnet-sql.conf.ext";
		return NULL;
	}
	if (!mysql_link_is_built) {
		*why_out = "this authd was built without libmariadb";
		return NULL;
	}
	if (!load(conf->args, mem, &text, why_out))
		return NULL;
	db->path = conf->args;
	db->query_name = is_pass ? "password_query" : "user_query";
	db->head.default_scheme = text.default_pass_scheme;
	if (!sql_connect_parse(text.connect, mem, &db->how, &why)) {
		*why_out = arena_printf(mem, "%s: connect: %s", conf->args, why);
		return NULL;
	}
	if (!sql_query_rewrite(is_pass ? text.password_query : text.user_query, mem, &db->query,
	                       &why)) {
		*why_out = arena_printf(mem, "%s: %s: %s", conf->args, db->query_name, why);
		return NULL;
	}
	return db;
}

/*
 * Without a column of that name the folder is named as the client typed, in whatever spelling the
 * collation lets pass.
 */
static void
warn_of_missing_user(struct sql_database *db, const struct row *row)
{
	if (db->has_warned || row_has(row, "user"))
		return;
	db->has_warned = true;
	log_warning(
		"%s: password_query has no column named user: the name as typed decides the folder",
		db->path);
}

static enum lookup_result
look_up(void *state, const struct question *q, struct row *row_out, const char **trouble_out)
{
	struct sql_database *db = state;
	const char *values[SQL_BINDS], *trouble = "";
	enum lookup_result result;

	for (size_t i = 0; i < db->query.bind_count; i++) {
		values[i] = expand(db->query.bind[i], &q->values, q->mem, trouble_out);
		if (!values[i])
			return LOOKUP_UNAVAILABLE;
	}
	if (!db->link)
		db->link = mysql_link_make(&db->how);
	result = mysql_link_ask(db->link, q->kind == DATABASE_PASS ? 0 : 1, db->query_name,
	                        &db->query, values, q->mem, row_out, &trouble);
	if (result == LOOKUP_UNAVAILABLE)
		*trouble_out = arena_printf(q->mem, "%s: %s", db->path, trouble);
	if (result == LOOKUP_FOUND && q->kind == DATABASE_PASS)
		warn_of_missing_user(db, row_out);
	return result;
}

const struct database_driver database_sql = {
	.name = "sql",
	.kinds = DATABASE_PASS | DATABASE_USER,
	.prepare = prepare,
	.look_up = look_up,
};
