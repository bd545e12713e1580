/* tls_compat.h - what differs between OpenSSL 1.0.2, 1.1 and 3 */
#ifndef LINNET_TLS_COMPAT_H
#define LINNET_TLS_COMPAT_H

#include <openssl/ssl.h>

#ifndef SSL_OP_NO_TLSv1_3
#define SSL_OP_NO_TLSv1_3 0
#endif
#ifndef SSL_OP_NO_RENEGOTIATION
#define SSL_OP_NO_RENEGOTIATION 0 /* before 1.1.0h the pump's message count ends it */
#endif

void tls_library_start(void);

/* A server's context for every version this library knows, elliptic curves chosen by it. */
SSL_CTX *tls_context_new(void);

/* A client's, that believes anything: for tls_warm() alone. */
SSL_CTX *tls_client_context_new(void);

/*
 * What tls-unique (RFC 5929 s.3) of this connection is: its bytes in unique, their number as the
 * result; 0 where it would bind to nothing (TLS 1.3, or no extended master secret, RFC 7627).
 */
size_t tls_unique(SSL *ssl, unsigned char *unique, size_t room);

/*
 * In front of each fork: the child's random numbers shall not be those of the child before, whose
 * pid it may have.
 */
void tls_library_before_fork(void);

/* Tickets after each TLS 1.3 handshake, where the library lets one choose. */
void tls_context_tickets(SSL_CTX *ctx, unsigned count);

#endif
