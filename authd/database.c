/* database.c - passdb and userdb: the table of drivers */
#include "authd/database.h"

#include "authd/password.h"

static const struct database_driver *const drivers[] = {
	&database_sql,
	&database_passwd_file,
	&database_static,
	&database_prefetch,
	&database_oauth2,
};

static const struct database_driver *
find_driver(const char *name, enum database_kind kind)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->name, name) == 0 && (drivers[i]->kinds & kind))
			return drivers[i];
	return NULL;
}

/* Words of a section as fields of the row, their variables expanded. */
static bool
add_fields(struct row *row, const char *words, const struct question *q, bool overrides,
           const char **trouble_out)
{
	struct row fields = { .count = 0 };

	row_add_words(&fields, words, q->mem);
	for (size_t i = 0; i < fields.count; i++) {
		const char *name = fields.field[i].name,
			   *value = expand(fields.field[i].value, &q->values, q->mem, trouble_out);

		if (!value)
			return false;
		if (overrides)
			row_remove(row, name);
		if (overrides || !row_has(row, name))
			row_add(row, name, value);
	}
	return true;
}

enum lookup_result
database_look_up(const struct database *db, const struct question *q, struct row *row_out,
                 const char **trouble_out)
{
	enum lookup_result found = db->driver->look_up(db->state, q, row_out, trouble_out);

	if (found != LOOKUP_FOUND)
		return found;
	for (struct row *row = row_out; row; row = row->next)
		if (!add_fields(row, db->conf->default_fields, q, false, trouble_out) ||
		    !add_fields(row, db->conf->override_fields, q, true, trouble_out))
			return LOOKUP_UNAVAILABLE;
	return LOOKUP_FOUND;
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
			"%s:%u: %s { driver = %s }: no such driver; known are sql, passwd-file, %s",
			conf->file, conf->line, section, conf->driver,
			kind == DATABASE_USER ? "static, prefetch" : "oauth2");
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
