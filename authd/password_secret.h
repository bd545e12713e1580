/* password_secret.h - stored passwords for mechanisms that never show the password */
#ifndef LINNET_PASSWORD_SECRET_H
#define LINNET_PASSWORD_SECRET_H

#include "authd/password.h"
#include "common/base/arena.h"

/*
 * CRAM-MD5 (RFC 2195): digest is what the client sent, 32 hexadecimal digits.  Takes what is
 * stored as {PLAIN} or {CRAM-MD5}; any other scheme is PASSWORD_NONE: the user cannot use this
 * mechanism, which is nobody's fault.  As password_verify() otherwise.
 */
enum password_verdict password_verify_cram(struct span digest, struct span challenge,
                                           const char *stored, const char *default_scheme,
                                           const char **why_out);

/* APOP (RFC 1939 s.7), with what is stored as {PLAIN}. */
enum password_verdict password_verify_apop(struct span digest, struct span challenge,
                                           const char *stored, const char *default_scheme,
                                           const char **why_out);

/*
 * {CRAM-MD5}: the two states of MD5 that HMAC begins with, outer then inner, 16 bytes each:
 * as Dovecot stores them.
 */
enum { CRAM_STATE = 32 };
void cram_state_make(struct span password, unsigned char state_out[CRAM_STATE]);

/* HMAC-MD5 of challenge from such a state. */
void cram_state_digest(const unsigned char state[CRAM_STATE], struct span challenge,
                       unsigned char digest_out[16]);

#endif
