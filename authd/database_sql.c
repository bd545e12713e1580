/* database_sql.c - passdb and userdb { driver = sql  args = /etc/linnet/linnet-sql.conf.ext } */
#include <stddef.h>

#include "authd/database.h"
#include "authd/mysql_link.h"
#include "authd/password.h"
#include "authd/sql_conf.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"

enum { COMPLAIN_MS = 60 * 1000 };

struct sql_database {
	struct database_head head;
	const char          *path; /* of the file */
	struct sql_connect   how;
	struct sql_query     query[MYSQL_QUERIES]; /* the kind's own, and what follows a login */
	bool                 has_query[MYSQL_QUERIES];
	const char          *rehash_scheme;
	size_t               most_rows;
	struct mysql_link   *link; /* a worker's own: made after the fork, at the first question */
	bool                 has_warned;
	int64_t              complained;
};

static const struct query_row {
	const char *name;
	size_t      offset;
	unsigned    kinds; /* of database that it is for */
} query_rows[MYSQL_QUERIES] = {
	[MYSQL_PASSWORD] = { "password_query", offsetof(struct sql_conf, password_query),
	                     DATABASE_PASS },
	[MYSQL_USER] = { "user_query", offsetof(struct sql_conf, user_query), DATABASE_USER },
	[MYSQL_LOGIN] = { "login_query", offsetof(struct sql_conf, login_query), DATABASE_PASS },
	[MYSQL_REHASH] = { "rehash_query", offsetof(struct sql_conf, rehash_query),
	                   DATABASE_PASS },
};

static bool
load(const char *path, struct arena *mem, struct sql_conf *conf_out, const char **why_out)
{
	struct settings_problems problems = { .count = 0 };
	bool is_good = settings_load_rows(path, sql_conf_rows, mem, conf_out, &problems);

	settings_log_problems(&problems);
	if (!is_good)
		*why_out = arena_printf(mem, "%s cannot be used", path);
	else if (strcmp(conf_out->driver, "mysql") != 0)
		*why_out = arena_printf(mem, "%s: driver = %s: only mysql is known", path,
		                        conf_out->driver);
	else if (!password_scheme_exists(conf_out->rehash_scheme))
		*why_out = arena_printf(mem, "%s: rehash_scheme = %s: there is no such scheme",
		                        path, conf_out->rehash_scheme);
	else
		return true;
	return false;
}

static bool
rewrite_queries(struct sql_database *db, const struct sql_conf *conf, enum database_kind kind,
                struct arena *mem, const char **why_out)
{
	const char *text, *why = "";

	for (size_t i = 0; i < MYSQL_QUERIES; i++) {
		memcpy(&text, (const char *)conf + query_rows[i].offset, sizeof(text));
		if (!(query_rows[i].kinds & kind) || !text[0])
			continue;
		db->has_query[i] = true;
		if (sql_query_rewrite(text, mem, &db->query[i], &why))
			continue;
		*why_out = arena_printf(mem, "%s: %s: %s", db->path, query_rows[i].name, why);
		return false;
	}
	return true;
}

static void *
prepare(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
        const char **why_out)
{
	struct sql_database *db = arena_zero(mem, sizeof(*db));
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
	db->head.default_scheme = text.default_pass_scheme;
	db->rehash_scheme = text.rehash_scheme;
	db->most_rows = strcmp(text.app_passwords, "yes") == 0 ? LIMIT_AUTH_APP_PASSWORDS : 1;
	if (!sql_connect_parse(text.connect, mem, &db->how, &why)) {
		*why_out = arena_printf(mem, "%s: connect: %s", conf->args, why);
		return NULL;
	}
	return rewrite_queries(db, &text, kind, mem, why_out) ? db : NULL;
}

/* The question which of this database, its variables bound to values; false with *trouble_out. */
static bool
fill_question(struct sql_database *db, enum mysql_query which, const struct expand_values *with,
              struct arena *mem, const char **values, struct mysql_question *out,
              const char **trouble_out)
{
	for (size_t i = 0; i < db->query[which].bind_count; i++) {
		values[i] = expand(db->query[which].bind[i], with, mem, trouble_out);
		if (!values[i])
			return false;
	}
	if (!db->link)
		db->link = mysql_link_make(&db->how);
	*out = (struct mysql_question){ which, query_rows[which].name, &db->query[which], values,
		                        which == MYSQL_PASSWORD ? db->most_rows : 1 };
	return true;
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
	struct mysql_question question;
	enum lookup_result result;

	if (!fill_question(db, q->kind == DATABASE_PASS ? MYSQL_PASSWORD : MYSQL_USER, &q->values,
	                   q->mem, values, &question, trouble_out))
		return LOOKUP_UNAVAILABLE;
	result = mysql_link_ask(db->link, &question, q->mem, row_out, &trouble);
	if (result == LOOKUP_UNAVAILABLE)
		*trouble_out = arena_printf(q->mem, "%s: %s", db->path, trouble);
	if (result == LOOKUP_FOUND && q->kind == DATABASE_PASS)
		warn_of_missing_user(db, row_out);
	return result;
}

/* Once a minute: a login goes well whatever becomes of these. */
static void
run(struct sql_database *db, enum mysql_query which, const struct expand_values *with,
    struct arena *mem)
{
	const char *values[SQL_BINDS], *trouble = "";
	struct mysql_question question;

	if (!db->has_query[which])
		return;
	if (fill_question(db, which, with, mem, values, &question, &trouble) &&
	    mysql_link_run(db->link, &question, mem, &trouble))
		return;
	if (db->complained && clock_ms() - db->complained < COMPLAIN_MS)
		return;
	db->complained = clock_ms();
	log_error("%s: %s (the login itself is not affected)", db->path, trouble);
}

static bool
wants_rehash(const struct sql_database *db, const struct row *row)
{
	const char *stored = row_value(row, "password");

	return db->has_query[MYSQL_REHASH] && stored && db->most_rows == 1 &&
	       !password_is_made_so(stored, db->head.default_scheme, db->rehash_scheme);
}

static void
logged_in(void *state, const struct question *q, const struct row *row, struct span typed,
          struct arena *mem)
{
	struct sql_database *db = state;
	struct expand_values values = q->values;
	const char *why = "", *name = row_value(row, "user");

	values.user = name ? name : values.user;
	values.id = row_value(row, "id");
	run(db, MYSQL_LOGIN, &values, mem);
	if (!wants_rehash(db, row) || typed.len == 0)
		return;
	values.hash = password_make(typed, db->rehash_scheme, 0, mem, &why);
	if (values.hash)
		run(db, MYSQL_REHASH, &values, mem);
	else
		log_error("%s: rehash_scheme = %s: %s", db->path, db->rehash_scheme, why);
}

/* The query on a name that nobody has: whatever is wrong with it, the server says now. */
static const char *
try_out(void *state, enum database_kind kind, struct arena *mem)
{
	struct question q = { .kind = kind,
		              .values = { .user = "", .service = "imap" },
		              .mem = mem };
	struct row row = { .count = 0 };
	const char *trouble = NULL;
	static const struct {
		enum database_kind kind;
		const char        *name;
	} columns[] = {
		{ DATABASE_PASS, "password" },
		{ DATABASE_PASS, "user" },
		{ DATABASE_USER, "uid" },
		{ DATABASE_USER, "gid" },
		{ DATABASE_USER, "home" },
	};

	if (look_up(state, &q, &row, &trouble) != LOOKUP_UNKNOWN)
		return trouble;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (columns[i].kind == kind && !row_has(&row, columns[i].name))
			return arena_printf(mem, "%s: %s: the answer has no column named %s",
			                    ((struct sql_database *)state)->path,
			                    query_rows[kind == DATABASE_PASS ? MYSQL_PASSWORD :
			                                                       MYSQL_USER]
			                            .name,
			                    columns[i].name);
	return NULL;
}

const struct database_driver database_sql = {
	.name = "sql",
	.kinds = DATABASE_PASS | DATABASE_USER,
	.prepare = prepare,
	.look_up = look_up,
	.logged_in = logged_in,
	.try_out = try_out,
};
