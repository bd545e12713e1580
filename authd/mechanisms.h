/* mechanisms.h - SASL mechanisms as pure state machines */
#ifndef LINNET_MECHANISMS_H
#define LINNET_MECHANISMS_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/span.h"

enum mechanism_next {
	MECHANISM_ASK,    /* send challenge, wait for the response */
	MECHANISM_CHECK,  /* user and password are there: let a worker look */
	MECHANISM_FAIL,   /* not what the mechanism wants: as a wrong password */
	MECHANISM_AUTHZ   /* wants to be somebody else */
};

/* One client's dialogue: filled by the steps, wiped and freed by dialogue_free(). */
struct dialogue {
	unsigned    step;      /* of the mechanism, from 0 */
	const char *challenge; /* MECHANISM_ASK: to be sent in base64; constant text */
	struct buf  user, password;
};

/*
 * response is what the client sent, decoded: SPAN_NONE in the first step where
 * there was no initial response.  A step reads no network, file or clock, and
 * keeps no more than its bounded copy of user and password.
 */
struct mechanism {
	const char *name;
	const char *flags; /* as the MECH line tells them: "plaintext" */
	enum mechanism_next (*step)(struct dialogue *d, struct span response);
};

/* NULL for a mechanism that is not in the blank-separated list allowed, or that nobody knows. */
const struct mechanism *mechanism_find(struct span name, const char *allowed);

/* The i-th mechanism of those allowed, in the order of the table; NULL behind the last. */
const struct mechanism *mechanism_each(size_t i, const char *allowed);

/* The first word of allowed that no row has; SPAN_NONE when all are known. */
struct span mechanism_unknown(const char *allowed);

void dialogue_free(struct dialogue *d);

#endif
