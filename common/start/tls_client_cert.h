/* tls_client_cert.h - the client's certificate: asking for it, and the name in it */
#ifndef LINNET_TLS_CLIENT_CERT_H
#define LINNET_TLS_CLIENT_CERT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "common/base/settings.h"

/*
 * With ssl_verify_client_cert: ask each client for a certificate of ssl_ca.  One that does not
 * verify ends the handshake; a client that has none goes on without (auth_ssl_require_client_cert
 * and EXTERNAL refuse it later).  False with a sentence in why that names the setting.
 */
bool tls_client_cert_ask(SSL_CTX *ctx, const struct settings *s, char *why, size_t room);

/*
 * True where the client has shown a certificate that was verified.  user then is the value of
 * field ("commonName", "x500UniqueIdentifier", "emailAddress", ...) when the subject has it
 * exactly once, as UTF-8 without control characters that fits; else "".
 */
bool tls_client_cert_user(SSL *ssl, const char *field, char *user, size_t room);

#endif
