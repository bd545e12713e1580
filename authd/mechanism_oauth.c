/*
 * mechanism_oauth.c - OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's form of it)
 *
 *	OAUTHBEARER  "n," ["a=" authzid] "," SOH *(key "=" value SOH) SOH
 *	XOAUTH2      "user=" name SOH "auth=Bearer " token SOH SOH
 *
 * Refused, the client first gets an error in JSON as a challenge, to which it answers with
 * something that nobody reads.
 */
#include "authd/mechanisms.h"
#include "common/base/limits.h"

enum { SOH = '\001' };

static const char bearer[] = "auth=Bearer ";

/* The values between SOH; the token of the one that is wanted, none when it is there twice. */
static bool
take_pairs(struct span rest, struct span *token_out)
{
	struct span pair;
	size_t tokens = 0;

	while (span_split(&rest, SOH, &pair)) {
		if (pair.len == 0) /* the last SOH: nothing may follow */
			return tokens == 1 && rest.at && rest.len == 0;
		if (!span_find(pair, '=') || span_find(pair, '\0'))
			return false;
		if (span_starts_nocase(pair, bearer)) {
			*token_out = span_skip(pair, sizeof(bearer) - 1);
			tokens++;
		}
	}
	return false;
}

static enum mechanism_next
check_token(struct dialogue *d, struct span user, struct span token)
{
	if (user.len > LIMIT_USER_NAME || token.len == 0 || token.len > LIMIT_OAUTH_TOKEN)
		return MECHANISM_FAIL;
	d->step = 2;
	dialogue_keep(&d->user, user, LIMIT_USER_NAME);
	return dialogue_keep(&d->secret, token, LIMIT_OAUTH_TOKEN) ? MECHANISM_CHECK :
	                                                             MECHANISM_FAIL;
}

/* What comes before the first message, and behind the last one. */
static bool
is_other_step(struct dialogue *d, struct span response, enum mechanism_next *next_out)
{
	*next_out = d->step == 3 ? MECHANISM_DONE : MECHANISM_FAIL;
	if (d->step >= 2)
		return true;
	if (response.at)
		return false;
	buf_reset(&d->challenge);
	*next_out = d->step++ == 0 ? MECHANISM_ASK : MECHANISM_FAIL;
	return true;
}

enum mechanism_next
oauthbearer_step(struct dialogue *d, struct span response)
{
	struct span flag, authzid, token = SPAN_NONE;
	enum mechanism_next next;

	if (is_other_step(d, response, &next))
		return next;
	if (!span_split(&response, ',', &flag) || !(span_is(flag, "n") || span_is(flag, "y")) ||
	    !span_split(&response, ',', &authzid) ||
	    (authzid.len > 0 && !span_starts(authzid, "a=")) || response.len == 0 ||
	    response.at[0] != SOH || !take_pairs(span_skip(response, 1), &token))
		return MECHANISM_FAIL;
	return check_token(d, span_skip(authzid, 2), token);
}

enum mechanism_next
xoauth2_step(struct dialogue *d, struct span response)
{
	struct span user, token = SPAN_NONE;
	enum mechanism_next next;

	if (is_other_step(d, response, &next))
		return next;
	if (!span_split(&response, SOH, &user) || !span_starts(user, "user=") || !response.at ||
	    !take_pairs(response, &token))
		return MECHANISM_FAIL;
	return check_token(d, span_skip(user, strlen("user=")), token);
}

static bool
refuse(struct dialogue *d, const char *status)
{
	if (d->step != 2)
		return false;
	buf_reset(&d->challenge);
	buf_printf(&d->challenge, "{\"status\":\"%s\",\"schemes\":\"bearer\",\"scope\":\"mail\"}",
	           status);
	d->step = 3;
	return true;
}

bool
oauthbearer_refused(struct dialogue *d)
{
	return refuse(d, "invalid_token");
}

bool
xoauth2_refused(struct dialogue *d)
{
	return refuse(d, "401");
}
