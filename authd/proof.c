/* proof.c - what a mechanism's client has sent, against what is stored: one row a mechanism */
#include "authd/proof.h"

#include "authd/password_secret.h"
#include "authd/scram.h"

static enum password_verdict
verify_password(struct proving *p)
{
	return password_verify(p->check->secret, p->stored, p->default_scheme, &p->why_out);
}

static void
waste_on_password(const struct proving *p)
{
	password_waste_time(p->check->secret, p->default_scheme);
}

/* RFC 2195: the secret is HMAC-MD5(password, challenge) in hexadecimal. */
static enum password_verdict
verify_cram(struct proving *p)
{
	return password_verify_cram(p->check->secret, p->check->challenge, p->stored,
	                            p->default_scheme, &p->why_out);
}

/* RFC 1939 s.7: the secret is MD5(challenge password) in hexadecimal. */
static enum password_verdict
verify_apop(struct proving *p)
{
	return password_verify_apop(p->check->secret, p->check->challenge, p->stored,
	                            p->default_scheme, &p->why_out);
}

/* The challenge is RFC 5802's AuthMessage, the secret the client's proof. */
static enum password_verdict
verify_scram(struct proving *p)
{
	return scram_verify(scram_hash_of(p->check->mechanism), p);
}

static enum password_verdict
prepare_scram(struct proving *p)
{
	return scram_salt(scram_hash_of(p->check->mechanism), p);
}

/* Somebody else has vouched for the user: there is nothing to compare. */
static enum password_verdict
verify_nothing(struct proving *p)
{
	(void)p;
	return PASSWORD_RIGHT;
}

static const struct proof proofs[] = {
	{ "PLAIN", false, WAY_NAME, verify_password, NULL, waste_on_password },
	{ "LOGIN", false, WAY_NAME, verify_password, NULL, waste_on_password },
	{ "CRAM-MD5", false, WAY_NAME, verify_cram, NULL, NULL },
	{ "APOP", false, WAY_NAME, verify_apop, NULL, NULL },
	{ "SCRAM-SHA-1", false, WAY_NAME, verify_scram, prepare_scram, NULL },
	{ "SCRAM-SHA-1-PLUS", false, WAY_NAME, verify_scram, prepare_scram, NULL },
	{ "SCRAM-SHA-256", false, WAY_NAME, verify_scram, prepare_scram, NULL },
	{ "SCRAM-SHA-256-PLUS", false, WAY_NAME, verify_scram, prepare_scram, NULL },
	{ "EXTERNAL", true, WAY_NAME, verify_nothing, NULL, NULL },
	{ "GSSAPI", true, WAY_TICKET, verify_nothing, NULL, NULL },
	{ "OAUTHBEARER", true, WAY_TOKEN, verify_nothing, NULL, NULL },
	{ "XOAUTH2", true, WAY_TOKEN, verify_nothing, NULL, NULL },
};

const struct proof *
proof_find(struct span mechanism)
{
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++)
		if (span_is_nocase(mechanism, proofs[i].mechanism))
			return &proofs[i];
	return NULL;
}
