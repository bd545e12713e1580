/* sasl_names.h - the SASL mechanisms by name, and what each needs of a connection */
#ifndef LINNET_SASL_NAMES_H
#define LINNET_SASL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/*
 * What a mechanism is like.  SHOWN: who listens has the password or the token, so it
 * needs what disable_plaintext_auth asks for.  CERT: a client certificate that was
 * verified.  BINDING: TLS with a value to bind to.  FIRST: the client speaks first,
 * and an empty challenge asks it to.  COMMAND: a command of its own (APOP), not in
 * AUTHENTICATE and AUTH.
 */
enum sasl_trait {
	SASL_SHOWN = 1,
	SASL_CERT = 2,
	SASL_BINDING = 4,
	SASL_FIRST = 8,
	SASL_COMMAND = 16
};

struct sasl_name {
	const char *name;   /* as on the wire: "SCRAM-SHA-256-PLUS" */
	const char *word;   /* of auth_mechanisms that turns it on: "scram-sha-256" */
	unsigned    traits;
};

/* The i-th, the strongest first, which is the order they are offered in; NULL behind the last. */
const struct sasl_name *sasl_name_each(size_t i);

/* Number of the mechanism of that name; SASL_NAMES_MOST for none. */
enum { SASL_NAMES_MOST = 16 };
size_t sasl_name_find(struct span name);

/*
 * Bit i for each mechanism that the words of auth_mechanisms turn on and whose traits are
 * all among those that the connection has (SASL_FIRST and SASL_COMMAND never matter).
 */
uint32_t sasl_names_usable(const char *words, unsigned has);

#endif
