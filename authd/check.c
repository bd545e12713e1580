/*
 * check.c - one user and password against the databases
 *
 * The passdbs are asked in the order of the file until one has the user with this
 * password; nothing that one of them said is used for another.  What went
 * wrong in a database is told apart from a wrong password: if any passdb could
 * not tell, the answer is "not now", never "wrong".
 */
#include "authd/check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "authd/password.h"
#include "authd/user_name.h"
#include "common/base/net.h"
#include "common/base/number.h"

/* One attempt, while it is worked on. */
struct attempt {
	const struct auth_config *config;
	const struct check       *check;
	struct question           question;
	struct row                pass;       /* of the passdb that took the password */
	bool                      hash_is_done, is_unavailable;
	struct check_result       result;
	struct arena             *mem;
};

static const struct answer_text {
	enum password_verdict verdict;
	const char *line;
} answer_texts[] = {
	{ PASSWORD_WRONG, "Password mismatch" },
	{ PASSWORD_NONE, "Password mismatch (the account has no usable password)" },
};

static void
fail(struct attempt *a, const struct database *db, const char *line)
{
	a->result.verdict = CHECK_FAILED;
	a->result.driver = span_of(db->driver->name);
	a->result.line = span_of(line);
}

static void
note_trouble(struct attempt *a, const struct database *db, const char *trouble)
{
	a->is_unavailable = true;
	a->result.trouble = span_of(arena_printf(a->mem, "%s(%s:%u): %s", db->driver->name,
	                                         db->conf->file, db->conf->line, trouble));
}

/* The user was found: is this the password?  True ends the search. */
static bool
try_password(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *stored = row_value(row, "password"), *why = NULL;
	enum password_verdict verdict;

	if (!row_has(row, "password")) {
		note_trouble(a, db, "the answer has no field named password");
		return false;
	}
	verdict =
		password_verify(a->check->password, stored ? stored : "", db->default_scheme, &why);
	a->hash_is_done = a->hash_is_done || verdict == PASSWORD_RIGHT || verdict == PASSWORD_WRONG;
	if (verdict == PASSWORD_UNUSABLE) {
		note_trouble(a, db,
		             arena_printf(a->mem, "user %s: %s", a->question.values.user, why));
		return false;
	}
	for (size_t i = 0; i < sizeof(answer_texts) / sizeof(answer_texts[0]); i++)
		if (answer_texts[i].verdict == verdict)
			fail(a, db, answer_texts[i].line);
	return verdict == PASSWORD_RIGHT;
}

/* allow_nets and nologin of the row: what would be worse ignored than not known. */
static bool
is_let_in(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *nets = row_value(row, "allow_nets"), *reason = row_value(row, "reason");
	struct net_address remote;

	if (row_has(row, "allow_nets") &&
	    (!nets || !net_address_parse(a->question.values.remote_ip, &remote) ||
	     !net_is_in(&remote, nets))) {
		fail(a, db, "Password mismatch (allow_nets does not have this address)");
		return false;
	}
	if (row_has(row, "nologin")) {
		fail(a, db, "User login is disabled (nologin)");
		a->result.verdict = CHECK_REFUSED;
		a->result.reason =
			span_of(reason && reason[0] ? reason : "This account may not log in");
		return false;
	}
	return true;
}

/* The name that the database calls the user by decides the folder, not what was typed. */
static const char *
canonical_name(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *name = row_has(row, "user") ? row_value(row, "user") : a->question.values.user,
		   *why = NULL;

	if (name && user_name_is_safe(name, &why))
		return name;
	note_trouble(a, db, arena_printf(a->mem, "user %s: the name in field user is refused: %s",
	                                 a->question.values.user, name ? why : "it is NULL"));
	return NULL;
}

/* One passdb; the canonical name once it has taken the password. */
static const char *
ask_passdb(struct attempt *a, const struct database *db)
{
	struct row row = { .count = 0 };
	const char *trouble = "";

	a->question.kind = DATABASE_PASS;
	switch (db->driver->look_up(db->state, &a->question, &row, &trouble)) {
	case LOOKUP_UNAVAILABLE:
		note_trouble(a, db, trouble);
		return NULL;
	case LOOKUP_AMBIGUOUS:
		a->result.trouble = span_of(arena_printf(
			a->mem, "%s(%s:%u): user %s is ambiguous: more than one answer",
			db->driver->name, db->conf->file, db->conf->line, a->question.values.user));
		fail(a, db, "unknown user (ambiguous)");
		return NULL;
	case LOOKUP_UNKNOWN:
		if (!a->result.line.at)
			fail(a, db, "unknown user");
		return NULL;
	case LOOKUP_FOUND:
		break;
	}
	a->pass = row;
	if (!try_password(a, db, &row) || !is_let_in(a, db, &row))
		return NULL;
	return canonical_name(a, db, &row);
}

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
	return NULL;
}

/*
 * The first userdb that has the user; when none has, that is the server's fault: the password was
 * right.
 */
static void
find_user(struct attempt *a, const char *name)
{
	const char *trouble = NULL;

	a->question.kind = DATABASE_USER;
	a->question.values.user = name;
	a->question.pass = &a->pass;
	for (size_t i = 0; i < a->config->userdb_count; i++) {
		const struct database *db = &a->config->userdb[i];
		struct row row = { .count = 0 };
		enum lookup_result found =
			db->driver->look_up(db->state, &a->question, &row, &trouble);

		if (found == LOOKUP_UNKNOWN)
			continue;
		if (found == LOOKUP_FOUND)
			trouble = take_user_row(a, &row);
		else if (found == LOOKUP_AMBIGUOUS)
			trouble = "more than one answer";
		if (!trouble)
			return;
		note_trouble(a, db, arena_printf(a->mem, "user %s: %s", name, trouble));
		return;
	}
	a->is_unavailable = true;
	a->result.trouble = span_of(arena_printf(
		a->mem, "user %s: the password is right, but no userdb has the user", name));
}

/* The first passdb that takes the password; what the others said does not count then. */
static const char *
find_password(struct attempt *a)
{
	const char *name = NULL;

	for (size_t i = 0; i < a->config->passdb_count && !name; i++) {
		name = ask_passdb(a, &a->config->passdb[i]);
		if (a->result.verdict == CHECK_REFUSED)
			return NULL;
	}
	if (name)
		a->is_unavailable = false;
	else if (!a->hash_is_done)
		password_waste_time(a->check->password, a->config->passdb[0].default_scheme);
	return name;
}

static bool
is_stale(const struct auth_config *c)
{
	for (size_t i = 0; i < c->passdb_count; i++)
		if (c->passdb[i].driver->is_stale &&
		    c->passdb[i].driver->is_stale(c->passdb[i].state))
			return true;
	for (size_t i = 0; i < c->userdb_count; i++)
		if (c->userdb[i].driver->is_stale &&
		    c->userdb[i].driver->is_stale(c->userdb[i].state))
			return true;
	return false;
}

struct check_result
check_run(const struct auth_config *config, const struct check *c, struct arena *mem)
{
	const struct settings *s = &config->settings;
	struct user_name_rules rules = { s->auth_username_chars, s->auth_username_format,
		                         s->auth_default_realm };
	struct attempt a = { .config = config, .check = c, .mem = mem, .question = { .mem = mem },
	                     .result = { .verdict = CHECK_UNAVAILABLE } };
	const char *typed, *name, *why = NULL;

	if (is_stale(config))
		return (struct check_result){ .verdict = CHECK_STALE };
	a.result.user = c->user;
	typed = user_name_make(c->user, &rules, mem, &why);
	if (!typed) {
		a.result.verdict = CHECK_FAILED;
		a.result.driver = c->mechanism;
		a.result.line = span_of(arena_printf(mem, "unknown user (%s)", why));
		return a.result;
	}
	a.question.values.user = typed;
	a.question.values.service = arena_string(mem, c->service);
	a.question.values.remote_ip = arena_string(mem, c->remote_ip);
	a.question.values.local_ip = arena_string(mem, c->local_ip);
	name = find_password(&a);
	if (name && c->wants_user)
		find_user(&a, name);
	if (a.is_unavailable && a.result.verdict != CHECK_REFUSED) {
		a.result.verdict = CHECK_UNAVAILABLE;
	} else if (name) {
		a.result.verdict = CHECK_OK;
		a.result.user = span_of(name);
	}
	return a.result;
}
