/* mechanism_cram.c - CRAM-MD5 (RFC 2195) and APOP (RFC 1939 s.7): a challenge and its digest */
#include "authd/mechanisms.h"
#include "common/base/limits.h"

enum { DIGITS = 32 };

/* The last blank parts them: a name may have some. */
static bool
split_last(struct span s, struct span *name_out, struct span *digest_out)
{
	if (s.len < DIGITS + 2 || s.at[s.len - DIGITS - 1] != ' ')
		return false;
	*name_out = span_make(s.at, s.len - DIGITS - 1);
	*digest_out = span_skip(s, s.len - DIGITS);
	return true;
}

/* challenge = "<" unique "@" host ">";  response = user SP digest        RFC 2195 s.2 */
enum mechanism_next
cram_step(struct dialogue *d, struct span response)
{
	struct span name, digest;

	if (d->step == 0) {
		if (response.at && response.len > 0) /* the server speaks first */
			return MECHANISM_FAIL;
		buf_reset(&d->challenge);
		buf_printf(&d->challenge, "<%s@%s>", d->facts.nonce, d->facts.host);
		dialogue_keep(&d->context, buf_view(&d->challenge), d->challenge.len);
		d->step = 1;
		return MECHANISM_ASK;
	}
	if (!response.at || span_find(response, '\0') || !split_last(response, &name, &digest) ||
	    !dialogue_keep(&d->user, name, LIMIT_USER_NAME) ||
	    !dialogue_keep(&d->secret, digest, DIGITS))
		return MECHANISM_FAIL;
	return MECHANISM_CHECK;
}

/*
 * response = user NUL digest, as the greeter made it of the command.  The challenge is
 * the monitor's, never the client's or the greeter's word.
 */
enum mechanism_next
apop_step(struct dialogue *d, struct span response)
{
	struct span name;

	if (!d->facts.challenge || !response.at || !span_split(&response, '\0', &name) ||
	    name.len == 0 || response.len != DIGITS || span_find(response, '\0'))
		return MECHANISM_FAIL;
	if (!dialogue_keep(&d->user, name, LIMIT_USER_NAME) ||
	    !dialogue_keep(&d->secret, response, DIGITS) ||
	    !dialogue_keep(&d->context, span_of(d->facts.challenge), LIMIT_LINE))
		return MECHANISM_FAIL;
	return MECHANISM_CHECK;
}
