/* database.c - passdb and userdb: the table of drivers */
#include "authd/database.h"

#include "authd/password.h"

static const struct database_driver *const drivers[] = {
	&database_sql,
	&database_passwd_file,
	&database_static,
	&database_prefetch,
};

static const struct database_driver *
find_driver(const char *name, enum database_kind kind)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->name, name) == 0 && (drivers[i]->kinds & kind))
			return drivers[i];
	return NULL;
}

bool
database_prepare(struct database *db, const struct settings_db *conf, enum database_kind kind,
                 struct arena *mem, const char **why_out)
{
	const char *section = kind == DATABASE_PASS ? "passdb" : "userdb", *why = NULL;

	*db = (struct database){ .driver = find_driver(conf->driver, kind), .conf = conf };
	if (!db->driver) {
		*why_out = arena_printf(
			mem,
			"%s:%u: %s { driver = %s }: no such driver; known are sql, passwd-file%s",
			conf->file, conf->line, section, conf->driver,
			kind == DATABASE_USER ? ", static, prefetch" : "");
		return false;
	}
	db->state = db->driver->prepare(conf, kind, mem, &why);
	if (!db->state) {
		*why_out = arena_printf(mem, "%s:%u: %s { driver = %s }: %s", conf->file,
		                        conf->line, section, conf->driver, why);
		return false;
	}
	if (kind == DATABASE_USER)
		return true;
	db->default_scheme = ((const struct database_head *)db->state)->default_scheme;
	if (password_scheme_exists(db->default_scheme))
		return true;
	*why_out = arena_printf(mem, "%s:%u: %s { driver = %s }: there is no password scheme %s",
	                        conf->file, conf->line, section, conf->driver, db->default_scheme);
	return false;
}
