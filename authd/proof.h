/* proof.h - what a mechanism's client has sent, against what is stored: one row a mechanism */
#ifndef LINNET_PROOF_H
#define LINNET_PROOF_H

#include "authd/check.h"
#include "authd/password.h"

/* What is looked at, and where what comes of it goes. */
struct proving {
	const struct check *check;
	const char         *user;       /* normalised: a salt for one who has none comes from it */
	const char         *stored;     /* NULL: the user is not there, or has no password */
	const char         *default_scheme;
	const unsigned char *salt_key;  /* SALT_KEY bytes: the same in all workers */
	struct arena       *mem;
	struct span         data_out;   /* for the client, where there is any */
	const char         *why_out;    /* PASSWORD_UNUSABLE: constant text */
};
enum { SALT_KEY = 32 };

/* From where it is known whose attempt it is. */
enum proof_way {
	WAY_NAME,  /* the client says so */
	WAY_TOKEN, /* the secret is a token: asked of passdbs that know tokens */
	WAY_TICKET /* Kerberos */
};

struct proof {
	const char *mechanism;
	/* no stored password is looked at: certificate, ticket, token say who it is */
	bool needs_no_password;
	enum proof_way way;
	enum password_verdict (*verify)(struct proving *p);
	/* stage "salt": what the client needs before it can prove anything; NULL: has none */
	enum password_verdict (*prepare)(struct proving *p);
	/* as much work as verify(), for a user who is not there; NULL: secret is no password */
	void (*waste_time)(const struct proving *p);
};

/* NULL for a mechanism that nobody knows. */
const struct proof *proof_find(struct span mechanism);

#endif
