/* greeter_sasl.h - the exchange of AUTHENTICATE and AUTH, which is the same on both wires */
#ifndef LINNET_GREETER_SASL_H
#define LINNET_GREETER_SASL_H

#include <stdbool.h>

#include "common/start/greeter.h"

/* How an exchange ended; the caller has the words for it. */
enum greeter_sasl {
	SASL_ANSWERED,   /* *answer_out, never VERDICT_CONTINUE */
	SASL_UNKNOWN,    /* no such mechanism, or not in auth_mechanisms */
	SASL_ABORTED,    /* the client sent "*" */
	SASL_NOT_BASE64,
	SASL_PRIVATE,    /* the mechanism shows the password, and there is no TLS */
	SASL_TOO_LONG    /* a line beyond LIMIT_GREETER_SASL_LINE: the connection is over */
};

/*
 * Run one exchange.  response is the initial one: SPAN_NONE when there was
 * none, "=" for an empty one (RFC 4959, RFC 5034).  Challenges are written as "+ " base64 CRLF.
 */
enum greeter_sasl greeter_sasl(struct greeter *g, struct span tag, struct span mechanism,
                               struct span response, struct greeter_answer *answer_out);

#endif
