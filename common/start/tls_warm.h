/* tls_warm.h - handshakes with ourselves, before the first client's */
#ifndef LINNET_TLS_WARM_H
#define LINNET_TLS_WARM_H

#include <openssl/ssl.h>

/*
 * Let the library find and set up now, once, what it would look for at the
 * first handshake of each forked process: OpenSSL 3 fetches every algorithm by
 * name, which costs more than the handshake.  Failures do not matter.
 */
void tls_warm(SSL_CTX *server);

#endif
