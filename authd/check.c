/*
 * check.c - one user and password against the databases
 *
 * The passdbs are asked in the order of the file until one has the user with this
 * password; nothing that one of them said is used for another.  What went
 * wrong in a database is told apart from a wrong password: if any passdb could
 * not tell, the answer is "not now", never "wrong".
 *
 * A master user logs in as another: first the passdbs of masters are asked for the
 * master and the password, then the others for the user, who then need not prove anything.
 */
#include "authd/check.h"

#include <errno.h>
#include <string.h>

#include "authd/check_inside.h"
#include "authd/user_name.h"

static const struct answer_text {
	enum password_verdict verdict;
	const char *line;
} answer_texts[] = {
	{ PASSWORD_WRONG, "Password mismatch" },
	{ PASSWORD_NONE, "Password mismatch (the account has no usable password)" },
};

void
attempt_fail(struct attempt *a, const struct database *db, const char *line)
{
	a->result.verdict = CHECK_FAILED;
	a->result.driver = span_of(db->driver->name);
	a->result.line = span_of(line);
}

void
attempt_refuse(struct attempt *a, const char *line)
{
	a->result.verdict = CHECK_FAILED;
	a->result.driver = a->check->mechanism;
	a->result.line = span_of(line);
}

void
attempt_trouble(struct attempt *a, const struct database *db, const char *trouble)
{
	a->is_unavailable = true;
	a->result.trouble = span_of(arena_printf(a->mem, "%s(%s:%u): %s", db->driver->name,
	                                         db->conf->file, db->conf->line, trouble));
}

static struct proving
proving_of(const struct attempt *a, const char *stored, const char *default_scheme)
{
	return (struct proving){
		.check = a->check, .user = a->question.values.user, .stored = stored,
		.default_scheme = default_scheme, .salt_key = a->config->salt_key, .mem = a->mem,
		.why_out = ""
	};
}

/* The user was found: is this the password?  True ends the search. */
static bool
try_password(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *stored = row_value(row, "password");
	struct proving p = proving_of(a, stored ? stored : "", db->default_scheme);
	enum password_verdict verdict;

	if (!row_has(row, "password") && !a->proof->needs_no_password) {
		attempt_trouble(a, db, "the answer has no field named password");
		return false;
	}
	verdict = a->proof->verify(&p);
	a->result.data = p.data_out;
	a->hash_is_done = a->hash_is_done || verdict == PASSWORD_RIGHT || verdict == PASSWORD_WRONG;
	if (verdict == PASSWORD_UNUSABLE) {
		attempt_trouble(a, db, arena_printf(a->mem, "user %s: %s", a->question.values.user,
		                                    p.why_out));
		return false;
	}
	for (size_t i = 0; i < sizeof(answer_texts) / sizeof(answer_texts[0]); i++)
		if (answer_texts[i].verdict == verdict)
			attempt_fail(a, db, answer_texts[i].line);
	return verdict == PASSWORD_RIGHT;
}

/* allow_nets and nologin of the row: what would be worse ignored than not known. */
static bool
is_let_in(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *reason = NULL, *line = policy_of_row(a, row, &reason);

	if (!line)
		return true;
	attempt_fail(a, db, line);
	if (reason) {
		a->result.verdict = CHECK_REFUSED;
		a->result.reason = span_of(reason);
	}
	return false;
}

/* The name that the database calls the user by decides the folder, not what was typed. */
static const char *
canonical_name(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *name = row_has(row, "user") ? row_value(row, "user") : a->question.values.user,
		   *why = NULL;

	if (name && user_name_is_safe(name, &why))
		return name;
	attempt_trouble(a, db,
	                arena_printf(a->mem, "user %s: the name in field user is refused: %s",
	                             a->question.values.user, name ? why : "it is NULL"));
	return NULL;
}

/* One answer of a passdb: the canonical name when it lets the user in. */
static const char *
try_row(struct attempt *a, const struct database *db, const struct row *row)
{
	const char *line = NULL, *name;

	if (policy_passes_over(a, row, &line)) {
		attempt_fail(a, db, line);
		return NULL;
	}
	if (!try_password(a, db, row) || !is_let_in(a, db, row))
		return NULL;
	name = canonical_name(a, db, row);
	if (!name)
		return NULL;
	a->pass = *row;
	a->after = (struct check_after){ db, a->question, *row,
		                         a->proof->waste_time ? a->check->secret :
		                                                SPAN_NONE };
	return name;
}

/* One passdb; the canonical name once it has taken the password. */
static const char *
ask_passdb(struct attempt *a, const struct database *db)
{
	struct row row = { .count = 0 };
	const char *trouble = "", *name = NULL;

	a->question.kind = DATABASE_PASS;
	switch (database_look_up(db, &a->question, &row, &trouble)) {
	case LOOKUP_UNAVAILABLE:
		attempt_trouble(a, db, trouble);
		return NULL;
	case LOOKUP_AMBIGUOUS:
		a->result.trouble = span_of(arena_printf(
			a->mem, "%s(%s:%u): user %s is ambiguous: more than one answer",
			db->driver->name, db->conf->file, db->conf->line, a->question.values.user));
		attempt_fail(a, db, "unknown user (ambiguous)");
		return NULL;
	case LOOKUP_UNKNOWN:
		if (!a->result.line.at)
			attempt_fail(a, db, "unknown user");
		return NULL;
	case LOOKUP_FOUND:
		break;
	}
	for (const struct row *r = &row; r && !name; r = r->next)
		name = try_row(a, db, r);
	return name;
}

bool
attempt_is_served(const struct attempt *a, const struct database *db)
{
	struct span rest = span_of(db->conf->mechanisms), word;

	if (rest.len == 0)
		return true;
	while (span_split(&rest, ' ', &word))
		if (span_equal_nocase(word, a->check->mechanism))
			return true;
	return false;
}

/* Is this passdb for such an attempt? */
static bool
is_for(const struct attempt *a, const struct database *db)
{
	return db->conf->is_master == a->wants_masters && !db->driver->take_token &&
	       attempt_is_served(a, db);
}

const char *
attempt_find_password(struct attempt *a)
{
	const char *name = NULL, *scheme = NULL;

	for (size_t i = 0; i < a->config->passdb_count && !name; i++) {
		const struct database *db = &a->config->passdb[i];

		if (!is_for(a, db))
			continue;
		scheme = scheme ? scheme : db->default_scheme;
		name = ask_passdb(a, db);
		if (a->result.verdict == CHECK_REFUSED)
			return NULL;
	}
	if (name) {
		a->is_unavailable = false;
	} else if (!a->hash_is_done && a->proof->waste_time) {
		struct proving p = proving_of(a, NULL, scheme ? scheme : "SHA512-CRYPT");

		a->proof->waste_time(&p);
	}
	if (!name && !a->result.line.at && !a->is_unavailable)
		attempt_refuse(a, "unknown user (no passdb is for this mechanism)");
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

const char *
attempt_name(struct attempt *a, struct span typed)
{
	const struct settings *s = &a->config->settings;
	struct user_name_rules rules = { s->auth_username_chars, s->auth_username_format,
		                         s->auth_default_realm };
	const char *why = NULL, *name = user_name_make(typed, &rules, a->mem, &why);

	if (name)
		return name;
	attempt_refuse(a, arena_printf(a->mem, "unknown user (%s)", why));
	return NULL;
}

/* "user*master" is user, with authzid user and master to prove itself. */
static void
split_master(const struct attempt *a, struct span *user, struct span *authzid)
{
	const char *separator = a->config->settings.auth_master_user_separator, *at = NULL;

	if (!separator[0])
		return;
	for (size_t i = 0; i < user->len; i++)
		if (user->at[i] == separator[0])
			at = user->at + i;
	if (!at)
		return;
	*authzid = span_make(user->at, (size_t)(at - user->at));
	*user = span_skip(*user, authzid->len + 1);
}

/* The master has proved itself: the user is there, and is not kept out? */
static const char *
become_other(struct attempt *a, const char *master, const char *other)
{
	const char *name;

	a->proof = proof_find(span_of("EXTERNAL")); /* nothing to prove */
	a->wants_masters = false;
	a->question.values.user = other;
	a->result.line = a->result.data = SPAN_NONE;
	name = attempt_find_password(a);
	a->after.db = NULL;
	if (name)
		a->result.master = span_of(master);
	return name;
}

const char *
attempt_log_in(struct attempt *a)
{
	struct span user = a->check->user, authzid = a->check->authzid;
	const char *typed, *other = NULL, *name;

	split_master(a, &user, &authzid);
	typed = attempt_name(a, user);
	if (typed && authzid.len > 0)
		other = attempt_name(a, authzid);
	if (!typed || (authzid.len > 0 && !other))
		return NULL;
	if (other && strcmp(other, typed) == 0)
		other = NULL;
	a->wants_masters = other != NULL;
	a->question.values.user = typed;
	if (other && !auth_config_has_masters(a->config)) {
		attempt_refuse(a, "invalid credentials (asks to act for another user)");
		a->result.verdict = CHECK_AUTHZ;
		return NULL;
	}
	name = attempt_find_password(a);
	return name && other ? become_other(a, name, other) : name;
}

/* Stage "salt": whatever is stored, there is a salt to send. */
static void
prepare_proof(struct attempt *a)
{
	const char *name = attempt_name(a, a->check->user), *trouble = "";
	struct proving p;

	if (!name || !a->proof->prepare)
		return;
	a->question.values.user = name;
	a->question.kind = DATABASE_PASS;
	p = proving_of(a, NULL, "");
	for (size_t i = 0; i < a->config->passdb_count && !p.stored; i++) {
		const struct database *db = &a->config->passdb[i];
		struct row row = { .count = 0 };
		enum lookup_result found;

		if (!is_for(a, db))
			continue;
		found = database_look_up(db, &a->question, &row, &trouble);
		if (found == LOOKUP_UNAVAILABLE)
			attempt_trouble(a, db, trouble);
		if (found != LOOKUP_FOUND)
			continue;
		p.stored = row_value(&row, "password");
		p.default_scheme = db->default_scheme;
	}
	if (a->is_unavailable && !p.stored)
		return;
	a->is_unavailable = false;
	a->proof->prepare(&p);
	a->result.verdict = CHECK_CONTINUE;
	a->result.data = p.data_out;
}

static void
finish(struct attempt *a, const char *name)
{
	if (name && span_is(a->check->wants_user, "yes"))
		attempt_find_user(a, name);
	if (a->is_unavailable && a->result.verdict != CHECK_REFUSED) {
		a->result.verdict = CHECK_UNAVAILABLE;
	} else if (name) {
		a->result.verdict = CHECK_OK;
		a->result.user = span_of(name);
	}
}

static const struct {
	const char *(*log_in)(struct attempt *a);
	void (*prepare)(struct attempt *a); /* what comes before; NULL: nothing does */
} ways[] = {
	[WAY_NAME] = { attempt_log_in, prepare_proof },
	[WAY_TOKEN] = { attempt_by_token, NULL },
	[WAY_TICKET] = { attempt_by_ticket, attempt_prepare_ticket },
};

struct check_result
check_run(const struct auth_config *config, const struct check *c, struct arena *mem,
          struct check_after *after_out)
{
	struct attempt a = { .config = config, .check = c, .mem = mem, .question = { .mem = mem },
	                     .proof = proof_find(c->mechanism),
	                     .result = { .verdict = CHECK_UNAVAILABLE, .user = c->user } };
	const char *name;

	after_out->db = NULL;
	if (is_stale(config))
		return (struct check_result){ .verdict = CHECK_STALE };
	if (!a.proof)
		return a.result;
	a.question.values.service = arena_string(mem, c->service.at ? c->service : span_of(""));
	a.question.values.remote_ip =
		arena_string(mem, c->remote_ip.at ? c->remote_ip : span_of(""));
	a.question.values.local_ip = arena_string(mem, c->local_ip.at ? c->local_ip : span_of(""));
	if (c->stage.len > 0) {
		if (ways[a.proof->way].prepare)
			ways[a.proof->way].prepare(&a);
		return a.result;
	}
	name = ways[a.proof->way].log_in(&a);
	finish(&a, name);
	if (a.result.verdict == CHECK_OK)
		*after_out = a.after;
	return a.result;
}

void
check_finish(const struct check_after *after, struct arena *mem)
{
	if (after->db && after->db->driver->logged_in)
		after->db->driver->logged_in(after->db->state, &after->question, &after->row,
		                             after->typed, mem);
}
