/* check_user.c - uid, gid, home, mail and the rest: what the userdb says of who has logged in */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "authd/check_inside.h"
#include "authd/user_name.h"
#include "common/base/number.h"

static bool
read_id(const char *text, uint32_t *id_out)
{
	uint64_t n;

	if (!text || !number_parse(span_of(text), UINT32_MAX - 1, &n))
		return false;
	*id_out = (uint32_t)n;
	return true;
}

static bool
read_uid(const char *text, uid_t *out)
{
	const struct passwd *p;

	if (read_id(text, out))
		return true;
	p = text ? getpwnam(text) : NULL;
	if (p)
		*out = p->pw_uid;
	return p != NULL;
}

static bool
read_gid(const char *text, gid_t *out)
{
	const struct group *g;

	if (read_id(text, out))
		return true;
	g = text ? getgrnam(text) : NULL;
	if (g)
		*out = g->gr_gid;
	return g != NULL;
}

/* An absolute path without "." and "..", whatever a database says. */
static bool
home_is_safe(const char *home)
{
	struct span rest = span_of(home), part;

	if (!home || home[0] != '/' || strlen(home) > LIMIT_NAME)
		return false;
	while (span_split(&rest, '/', &part)) {
		if (span_is(part, ".") || span_is(part, ".."))
			return false;
		for (size_t i = 0; i < part.len; i++)
			if ((unsigned char)part.at[i] < 0x20 || part.at[i] == 0x7f)
				return false;
	}
	return true;
}

/* Names that have their place in the answer, or mean something in the protocol. */
static bool
is_own_name(const char *name)
{
	static const char *const own[] = { "uid",    "gid",  "home", "mail", "user", "username",
		                           "domain", "password", "temp", "authz", "reason",
		                           "code", "nologin", "resp" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (span_is_nocase(span_of(name), own[i]))
			return true;
	return name[strspn(name,
	                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] !=
	       '\0';
}

/* All the other columns: quota_rule and whatever a session may know by then. */
static void
pass_fields_on(struct attempt *a, const struct row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		const struct row_field *f = &row->field[i];

		if (!f->value || is_own_name(f->name) || a->result.field_count == CHECK_FIELDS)
			continue;
		a->result.field[a->result.field_count++] =
			span_of(arena_printf(a->mem, "%s=%s", f->name, f->value));
	}
}

/* What is wrong with the row of a userdb, or NULL. */
static const char *
take_user_row(struct attempt *a, const struct row *row)
{
	const char *uid = row_value(row, "uid"), *gid = row_value(row, "gid"),
		   *home = row_value(row, "home");

	if (!read_uid(uid, &a->result.uid))
		return arena_printf(a->mem, "uid=%s: no such user", uid ? uid : "");
	if (!read_gid(gid, &a->result.gid))
		return arena_printf(a->mem, "gid=%s: no such group", gid ? gid : "");
	if (a->result.uid == 0 || a->result.gid == 0)
		return "uid or gid 0 may not own mail";
	if (a->result.uid < a->config->first_valid_uid)
		return arena_printf(a->mem, "uid %u is below first_valid_uid = %u",
		                    (unsigned)a->result.uid, (unsigned)a->config->first_valid_uid);
	if (!home_is_safe(home))
		return arena_printf(a->mem, "home=%s: not an absolute path without ..",
		                    home ? home : "");
	a->result.home = span_of(home);
	a->result.mail = span_of(row_value(row, "mail"));
	pass_fields_on(a, row);
	return NULL;
}

void
attempt_find_user(struct attempt *a, const char *name)
{
	const char *trouble = NULL;

	a->question.kind = DATABASE_USER;
	a->question.values.user = name;
	a->question.pass = &a->pass;
	for (size_t i = 0; i < a->config->userdb_count; i++) {
		const struct database *db = &a->config->userdb[i];
		struct row row = { .count = 0 };
		enum lookup_result found = database_look_up(db, &a->question, &row, &trouble);

		if (found == LOOKUP_UNKNOWN)
			continue;
		if (found == LOOKUP_FOUND)
			trouble = take_user_row(a, &row);
		else if (found == LOOKUP_AMBIGUOUS)
			trouble = "more than one answer";
		if (!trouble)
			return;
		attempt_trouble(a, db, arena_printf(a->mem, "user %s: %s", name, trouble));
		return;
	}
	a->is_unavailable = true;
	a->result.trouble = span_of(arena_printf(
		a->mem, "user %s: the password is right, but no userdb has the user", name));
}
