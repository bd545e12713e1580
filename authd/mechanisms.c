/* mechanisms.c - SASL mechanisms: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login) */
#include "authd/mechanisms.h"

#include "common/base/limits.h"

static bool
keep(struct buf *to, struct span s, size_t most)
{
	if (s.len > most)
		return false;
	buf_reset(to);
	buf_reserve(to, most); /* never grows again: no copy is left behind */
	buf_span(to, s);
	return true;
}

/*
 * message = [authzid] UTF8NUL authcid UTF8NUL passwd        RFC 4616 s.2
 * Whoever names an authzid must be it: this server lets nobody act for another.
 */
static enum mechanism_next
step_plain(struct dialogue *d, struct span response)
{
	struct span authzid, authcid, password;

	d->challenge = "";
	if (!response.at)
		return d->step++ == 0 ? MECHANISM_ASK : MECHANISM_FAIL;
	if (!span_split(&response, '\0', &authzid) || !span_split(&response, '\0', &authcid))
		return MECHANISM_FAIL;
	password = response;
	if (!password.at || span_find(password, '\0') || authcid.len == 0 || password.len == 0)
		return MECHANISM_FAIL;
	if (!keep(&d->user, authcid, LIMIT_USER_NAME) ||
	    !keep(&d->password, password, LIMIT_PASSWORD))
		return MECHANISM_FAIL;
	if (authzid.len > 0 && !span_equal(authzid, authcid))
		return MECHANISM_AUTHZ;
	return MECHANISM_CHECK;
}

/* The user name, asked for or as initial response, then the password. */
static enum mechanism_next
step_login(struct dialogue *d, struct span response)
{
	if (!response.at && d->step == 0) {
		d->challenge = "Username:";
		d->step = 1;
		return MECHANISM_ASK;
	}
	if (!response.at || response.len == 0 || span_find(response, '\0'))
		return MECHANISM_FAIL;
	if (d->step == 2)
		return keep(&d->password, response, LIMIT_PASSWORD) ? MECHANISM_CHECK
		                                                    : MECHANISM_FAIL;
	if (!keep(&d->user, response, LIMIT_USER_NAME))
		return MECHANISM_FAIL;
	d->challenge = "Password:";
	d->step = 2;
	return MECHANISM_ASK;
}

static const struct mechanism mechanisms[] = {
	{ "PLAIN", "plaintext", step_plain },
	{ "LOGIN", "plaintext", step_login },
};
enum { MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

static bool
is_allowed(const char *name, const char *allowed)
{
	struct span rest = span_of(allowed), word;

	while (span_split(&rest, ' ', &word))
		if (span_is_nocase(word, name))
			return true;
	return false;
}

const struct mechanism *
mechanism_find(struct span name, const char *allowed)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (span_is_nocase(name, mechanisms[i].name) &&
		    is_allowed(mechanisms[i].name, allowed))
			return &mechanisms[i];
	return NULL;
}

const struct mechanism *
mechanism_each(size_t i, const char *allowed)
{
	for (size_t k = 0; k < MECHANISMS; k++)
		if (is_allowed(mechanisms[k].name, allowed) && i-- == 0)
			return &mechanisms[k];
	return NULL;
}

struct span
mechanism_unknown(const char *allowed)
{
	struct span rest = span_of(allowed), word;

	while (span_split(&rest, ' ', &word)) {
		size_t i = 0;

		while (i < MECHANISMS && !span_is_nocase(word, mechanisms[i].name))
			i++;
		if (i == MECHANISMS && word.len > 0)
			return word;
	}
	return SPAN_NONE;
}

void
dialogue_free(struct dialogue *d)
{
	buf_wipe_free(&d->user);
	buf_wipe_free(&d->password);
}
