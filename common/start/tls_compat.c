/* tls_compat.c - what differs between OpenSSL 1.0.2, 1.1 and 3 */
#include "common/start/tls_compat.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

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

SSL_CTX *
tls_client_context_new(void)
{
	return SSL_CTX_new(SSLv23_client_method());
}

#else

void
tls_library_start(void)
{
	/* the library starts itself */
}

/*
 * The floor that openssl.cnf sets is lifted: ssl_min_protocol is ours, and stricter unless somebody
 * wants otherwise.
 */
SSL_CTX *
tls_context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx)
		SSL_CTX_set_min_proto_version(ctx, 0);
	return ctx;
}

SSL_CTX *
tls_client_context_new(void)
{
	return SSL_CTX_new(TLS_client_method());
}

#endif

#if OPENSSL_VERSION_NUMBER < 0x10100000L

/* No word about extended master secrets: nothing that one may bind to. */
size_t
tls_unique(SSL *ssl, unsigned char *unique, size_t room)
{
	(void)ssl;
	(void)unique;
	(void)room;
	return 0;
}

#else

/* The first Finished message: the client's, or ours when a session was resumed. */
size_t
tls_unique(SSL *ssl, unsigned char *unique, size_t room)
{
	if (SSL_version(ssl) > TLS1_2_VERSION || SSL_get_extms_support(ssl) != 1)
		return 0;
	return SSL_session_reused(ssl) ? SSL_get_finished(ssl, unique, room) :
	                                 SSL_get_peer_finished(ssl, unique, room);
}

#endif

#if OPENSSL_VERSION_NUMBER < 0x10101000L

void
tls_context_tickets(SSL_CTX *ctx, unsigned count)
{
	(void)ctx;
	(void)count;
}

/*
 * The generator is copied by fork() and tells children apart by their pid only: its own state must
 * move on.
 */
void
tls_library_before_fork(void)
{
	unsigned char drawn[16];

	if (RAND_bytes(drawn, sizeof(drawn)) != 1)
		ERR_clear_error();
	OPENSSL_cleanse(drawn, sizeof(drawn));
}

#else

void
tls_context_tickets(SSL_CTX *ctx, unsigned count)
{
	SSL_CTX_set_num_tickets(ctx, count);
}

/* The generator notices a fork by itself. */
void
tls_library_before_fork(void)
{
}

#endif
