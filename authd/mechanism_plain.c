/* mechanism_plain.c - PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), EXTERNAL (RFC 4422) */
#include "authd/mechanisms.h"
#include "common/base/limits.h"

/*
 * message = [authzid] UTF8NUL authcid UTF8NUL passwd        RFC 4616 s.2
 * Whoever names another authzid must be a master user.
 */
enum mechanism_next
plain_step(struct dialogue *d, struct span response)
{
	struct span authzid, authcid, password;

	buf_reset(&d->challenge);
	if (!response.at)
		return d->step++ == 0 ? MECHANISM_ASK : MECHANISM_FAIL;
	if (!span_split(&response, '\0', &authzid) || !span_split(&response, '\0', &authcid))
		return MECHANISM_FAIL;
	password = response;
	if (!password.at || span_find(password, '\0') || authcid.len == 0 || password.len == 0)
		return MECHANISM_FAIL;
	if (!dialogue_keep(&d->user, authcid, LIMIT_USER_NAME) ||
	    !dialogue_keep(&d->secret, password, LIMIT_PASSWORD))
		return MECHANISM_FAIL;
	if (authzid.len == 0 || span_equal(authzid, authcid))
		return MECHANISM_CHECK;
	if (!d->facts.may_act_for_others)
		return MECHANISM_AUTHZ;
	return dialogue_keep(&d->authzid, authzid, LIMIT_USER_NAME) ? MECHANISM_CHECK :
	                                                              MECHANISM_FAIL;
}

static enum mechanism_next
ask(struct dialogue *d, const char *challenge, unsigned step)
{
	buf_reset(&d->challenge);
	buf_str(&d->challenge, challenge);
	d->step = step;
	return MECHANISM_ASK;
}

/* The user name, asked for or as initial response, then the password. */
enum mechanism_next
login_step(struct dialogue *d, struct span response)
{
	if (!response.at && d->step == 0)
		return ask(d, "Username:", 1);
	if (!response.at || response.len == 0 || span_find(response, '\0'))
		return MECHANISM_FAIL;
	if (d->step == 2)
		return dialogue_keep(&d->secret, response, LIMIT_PASSWORD) ? MECHANISM_CHECK :
		                                                             MECHANISM_FAIL;
	if (!dialogue_keep(&d->user, response, LIMIT_USER_NAME))
		return MECHANISM_FAIL;
	return ask(d, "Password:", 2);
}

/*
 * message = [authzid]        RFC 4422 app. A
 * The name is the certificate's; what the client asks to be is no way around it (A27).
 */
enum mechanism_next
external_step(struct dialogue *d, struct span response)
{
	const char *name = d->facts.cert_user;

	if (!name || !name[0])
		return MECHANISM_FAIL;
	if (!response.at)
		return d->step++ == 0 ? ask(d, "", 1) : MECHANISM_FAIL;
	if (span_find(response, '\0') || !dialogue_keep(&d->user, span_of(name), LIMIT_USER_NAME) ||
	    !dialogue_keep(&d->secret, span_of(""), 1))
		return MECHANISM_FAIL;
	if (response.len == 0 || span_is_nocase(response, name))
		return MECHANISM_CHECK;
	if (!d->facts.may_act_for_others)
		return MECHANISM_AUTHZ;
	return dialogue_keep(&d->authzid, response, LIMIT_USER_NAME) ? MECHANISM_CHECK :
	                                                               MECHANISM_FAIL;
}
