/* mechanisms.h - SASL mechanisms as pure state machines */
#ifndef LINNET_MECHANISMS_H
#define LINNET_MECHANISMS_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/span.h"

enum mechanism_next {
	MECHANISM_ASK,    /* send challenge, wait for the response */
	MECHANISM_CHECK,  /* let a worker look at user, secret and the rest */
	MECHANISM_DONE,   /* the verdict that a worker gave before holds now */
	MECHANISM_FAIL,   /* not what the mechanism wants: as a wrong password */
	MECHANISM_AUTHZ   /* wants to be somebody else */
};

/* What is known of the connection before the first step; the texts outlive the dialogue. */
struct dialogue_facts {
	const char *nonce;     /* printable, without commas, and given to nobody before */
	const char *host;      /* our name in challenges */
	const char *challenge; /* APOP: of the greeting; NULL for none */
	const char *cert_user; /* of a verified client certificate; NULL: there is none */
	struct span tls_exporter, tls_unique;
	bool        has_plus;  /* a -PLUS mechanism is offered on this connection */
	bool may_act_for_others; /* there may be master users: an authzid is not refused here */
};

/* One client's dialogue: filled by the steps, wiped and freed by dialogue_free(). */
struct dialogue {
	struct dialogue_facts facts;
	unsigned    step;      /* of the mechanism, from 0 */
	struct buf  challenge; /* MECHANISM_ASK: to be sent in base64 */
	/* for the worker, as struct check has them */
	struct buf  user, secret, authzid, context;
	const char *stage;     /* "" at the end, else what a worker is to prepare: "salt" ... */
	struct buf  kept;      /* the mechanism's own */
};

/*
 * response is what the client sent, decoded: SPAN_NONE in the first step where
 * there was no initial response.  A step reads no network, file or clock, and
 * keeps no more than bounded copies.
 * go_on() gets what a worker found out (struct check_result's data): between two steps, or
 * behind a right proof, where MECHANISM_ASK sends it and the next step ends with
 * MECHANISM_DONE.  refused() is asked when the verdict is a failure: true where the client
 * gets a challenge first (RFC 7628), whose response is of no interest.  Both may be NULL.
 */
struct mechanism {
	const char *name;
	const char *flags; /* as the MECH line tells them: "plaintext" */
	enum mechanism_next (*step)(struct dialogue *d, struct span response);
	enum mechanism_next (*go_on)(struct dialogue *d, struct span data);
	bool (*refused)(struct dialogue *d);
	bool        is_password; /* secret is the password itself: what may be cached */
};

/* NULL for a mechanism that is not turned on by the words allowed, or that nobody knows. */
const struct mechanism *mechanism_find(struct span name, const char *allowed);

/* The i-th mechanism of those allowed, in the order of the table; NULL behind the last. */
const struct mechanism *mechanism_each(size_t i, const char *allowed);

/* The first word of allowed that no row has; SPAN_NONE when all are known. */
struct span mechanism_unknown(const char *allowed);

void dialogue_free(struct dialogue *d);

/* A bounded copy that is never moved: no secret is left behind.  False when s is longer. */
bool dialogue_keep(struct buf *to, struct span s, size_t most);

/* The steps, file by file. */
enum mechanism_next plain_step(struct dialogue *d, struct span response);
enum mechanism_next login_step(struct dialogue *d, struct span response);
enum mechanism_next external_step(struct dialogue *d, struct span response);
enum mechanism_next cram_step(struct dialogue *d, struct span response);
enum mechanism_next apop_step(struct dialogue *d, struct span response);
enum mechanism_next scram_step(struct dialogue *d, struct span response);
enum mechanism_next scram_plus_step(struct dialogue *d, struct span response);
enum mechanism_next scram_go_on(struct dialogue *d, struct span data);
enum mechanism_next oauthbearer_step(struct dialogue *d, struct span response);
enum mechanism_next xoauth2_step(struct dialogue *d, struct span response);
enum mechanism_next gssapi_step(struct dialogue *d, struct span response);
enum mechanism_next gssapi_go_on(struct dialogue *d, struct span data);
bool oauthbearer_refused(struct dialogue *d);
bool xoauth2_refused(struct dialogue *d);

#endif
