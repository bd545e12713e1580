/* check_token.c - tokens and tickets: what the client sends says itself who it is of */
#include <string.h>

#include "authd/check_inside.h"
#include "authd/gssapi.h"

/* The first passdb of tokens that takes it; NULL: none did, which has been noted. */
static const char *
name_in_token(struct attempt *a)
{
	const char *name = NULL, *trouble = NULL,
		   *line = "invalid credentials (no passdb is for tokens)";

	for (size_t i = 0; i < a->config->passdb_count && !name; i++) {
		const struct database *db = &a->config->passdb[i];

		if (!db->driver->take_token || !attempt_is_served(a, db))
			continue;
		name = db->driver->take_token(db->state, a->check->secret, a->mem, &line, &trouble);
		if (trouble)
			attempt_trouble(a, db, trouble);
		attempt_fail(a, db, line ? line : "");
	}
	a->result.driver = a->result.driver.at ? a->result.driver : a->check->mechanism;
	if (name)
		return attempt_name(a, span_of(name));
	a->result.verdict = CHECK_FAILED;
	a->result.line = span_of(line);
	return NULL;
}

/* What the client said beside the token may be nothing, or the same user. */
static bool
claims_another(struct attempt *a, const char *name)
{
	const char *claimed;

	if (a->check->user.len == 0)
		return false;
	claimed = attempt_name(a, a->check->user);
	return !claimed || strcmp(claimed, name) != 0;
}

/* The passdbs that know no tokens then say whether he may. */
const char *
attempt_by_token(struct attempt *a)
{
	const char *name = name_in_token(a);

	if (!name)
		return NULL;
	a->result.user = span_of(name);
	a->question.values.user = name;
	if (claims_another(a, name)) {
		a->result.verdict = CHECK_FAILED;
		a->result.line = span_of("invalid credentials (the token is another user's)");
		return NULL;
	}
	a->result.line = SPAN_NONE;
	return auth_config_has_password_db(a->config) ? attempt_find_password(a) : name;
}

static void
fail_ticket(struct attempt *a, const char *why)
{
	attempt_refuse(a, arena_printf(a->mem, "invalid credentials (%s)", why));
}

/* Stages "accept" and "offer" of GSSAPI: what goes to the client, and the context. */
void
attempt_prepare_ticket(struct attempt *a)
{
	const struct check *c = a->check;
	struct gssapi_state next = { SPAN_NONE, SPAN_NONE };
	const char *why = span_is(c->stage, "accept") ?
	                          gssapi_accept(c->secret, a->question.values.service,
	                                        a->config->settings.auth_gssapi_hostname,
	                                        a->mem, &next) :
	                          gssapi_offer(c->challenge, a->mem, &next);
	struct buf data = BUF_EMPTY;

	if (why) {
		fail_ticket(a, why);
		return;
	}
	buf_printf(&data, "%05zu", next.token_out.len);
	buf_span(&data, next.token_out);
	buf_span(&data, next.context_out);
	a->result.verdict = CHECK_CONTINUE;
	a->result.data = arena_copy(a->mem, buf_view(&data));
	buf_wipe_free(&data);
}

/* The ticket says who it is of; the passdbs say whether he may. */
const char *
attempt_by_ticket(struct attempt *a)
{
	const struct check *asked = a->check;
	struct check known = *asked;
	const char *principal = "", *name,
		   *why = gssapi_choose(asked->challenge, asked->secret, a->mem, &principal,
	                                &known.authzid);

	if (why) {
		fail_ticket(a, why);
		return NULL;
	}
	known.user = span_of(principal);
	a->check = &known;
	a->result.user = known.user;
	name = attempt_log_in(a);
	a->check = asked;
	return name;
}
