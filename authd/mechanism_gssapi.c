/*
 * mechanism_gssapi.c - GSSAPI (RFC 4752): tokens to and fro, and a context that workers pass on
 *
 * data of a worker is the length of what goes to the client as five digits, that, and the
 * context, which is kept for the next step and is of no use without its ticket.
 */
#include "authd/mechanisms.h"
#include "common/base/limits.h"
#include "common/base/number.h"

enum { DIGITS = 5 };

static const char *const stages[] = { "accept", "offer", "choose" };

enum mechanism_next
gssapi_step(struct dialogue *d, struct span response)
{
	if (!response.at && d->step == 0 && !d->stage) {
		buf_reset(&d->challenge);
		d->stage = stages[0];
		return MECHANISM_ASK;
	}
	if (!response.at || d->step >= sizeof(stages) / sizeof(stages[0]) ||
	    (d->step == 1 && response.len > 0))
		return MECHANISM_FAIL;
	d->stage = d->step == 2 ? "" : stages[d->step];
	dialogue_keep(&d->user, span_of(""), 1);
	dialogue_keep(&d->context, buf_view(&d->kept), LIMIT_AUTH_LINE);
	d->step++;
	return dialogue_keep(&d->secret, response, LIMIT_AUTH_LINE) ? MECHANISM_CHECK :
	                                                              MECHANISM_FAIL;
}

enum mechanism_next
gssapi_go_on(struct dialogue *d, struct span data)
{
	uint64_t len;

	if (data.len < DIGITS || !number_parse(span_make(data.at, DIGITS), LIMIT_LINE, &len) ||
	    len > data.len - DIGITS)
		return MECHANISM_FAIL;
	buf_reset(&d->challenge);
	buf_add(&d->challenge, data.at + DIGITS, (size_t)len);
	dialogue_keep(&d->kept, span_skip(data, DIGITS + (size_t)len), LIMIT_AUTH_LINE);
	return MECHANISM_ASK;
}
