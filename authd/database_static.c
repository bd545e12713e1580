/* database_static.c - userdb { driver = static  args = uid= gid= home= mail= } and prefetch */
#include "authd/database.h"

struct template {
	struct row fields; /* values with variables */
};

static void *
prepare_static(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
               const char **why_out)
{
	struct template *t = arena_zero(mem, sizeof(*t));
	struct expand_values nobody = { .user = "" };

	(void)kind;
	row_add_words(&t->fields, conf->args, mem);
	for (size_t i = 0; i < t->fields.count; i++)
		if (!expand(t->fields.field[i].value, &nobody, mem, why_out))
			return NULL;
	if (row_value(&t->fields, "uid") && row_value(&t->fields, "gid") &&
	    row_value(&t->fields, "home"))
		return t;
	*why_out = "args must have uid=, gid= and home=";
	return NULL;
}

static enum lookup_result
look_up_static(void *state, const struct question *q, struct row *row_out, const char **trouble_out)
{
	const struct template *t = state;

	for (size_t i = 0; i < t->fields.count; i++) {
		const char *value =
			expand(t->fields.field[i].value, &q->values, q->mem, trouble_out);

		if (!value)
			return LOOKUP_UNAVAILABLE;
		row_add(row_out, t->fields.field[i].name, value);
	}
	return LOOKUP_FOUND;
}

const struct database_driver database_static = {
	.name = "static",
	.kinds = DATABASE_USER,
	.prepare = prepare_static,
	.look_up = look_up_static,
};

static void *
prepare_prefetch(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
                 const char **why_out)
{
	(void)conf;
	(void)kind;
	(void)why_out;
	return arena_alloc(mem, 1);
}

/* The passdb's columns userdb_uid, userdb_gid, userdb_home ... spare the second query. */
static enum lookup_result
look_up_prefetch(void *state, const struct question *q, struct row *row_out,
                 const char **trouble_out)
{
	static const char prefix[] = "userdb_";

	(void)state;
	(void)trouble_out;
	for (size_t i = 0; q->pass && i < q->pass->count; i++)
		if (span_starts_nocase(span_of(q->pass->field[i].name), prefix))
			row_add(row_out, q->pass->field[i].name + strlen(prefix),
			        q->pass->field[i].value);
	return row_value(row_out, "uid") ? LOOKUP_FOUND : LOOKUP_UNKNOWN;
}

const struct database_driver database_prefetch = {
	.name = "prefetch",
	.kinds = DATABASE_USER,
	.prepare = prepare_prefetch,
	.look_up = look_up_prefetch,
};
