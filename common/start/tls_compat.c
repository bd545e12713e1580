/* tls_compat.c - what differs between OpenSSL 1.0.2, 1.1 and 3 */
#include "common/start/tls_compat.h"

#if OPENSSL_VERSION_NUMBER < 0x10100000L

void
tls_library_start(void)
{
	SSL_library_init();
	SSL_load_error_strings();
}

SSL_CTX *
tls_context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(SSLv23_server_method());

	if (ctx)
		SSL_CTX_set_ecdh_auto(ctx, 1);
	return ctx;
}

#else

void
tls_library_start(void)
{
	/* the library starts itself */
}

/* The floor that openssl.cnf sets is lifted: ssl_min_protocol is ours, and stricter unless somebody wants otherwise. */
SSL_CTX *
tls_context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx)
		SSL_CTX_set_min_proto_version(ctx, 0);
	return ctx;
}

#endif

#if OPENSSL_VERSION_NUMBER < 0x10101000L

void
tls_context_tickets(SSL_CTX *ctx, unsigned count)
{
	(void)ctx;
	(void)count;
}

#else

void
tls_context_tickets(SSL_CTX *ctx, unsigned count)
{
	SSL_CTX_set_num_tickets(ctx, count);
}

#endif
