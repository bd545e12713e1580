/* tls_warm.c - handshakes with ourselves, before the first client's */
#include "common/start/tls_warm.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/start/tls_compat.h"

enum { FLIGHTS_MOST = 16 };

/* In turn until both are done; then a byte each way, which brings the client its ticket. */
static bool
talk(SSL *client, SSL *server)
{
	char byte = 'x';

	for (int i = 0; i < FLIGHTS_MOST; i++)
		if (SSL_do_handshake(client) == 1 && SSL_do_handshake(server) == 1)
			return SSL_write(server, &byte, 1) == 1 &&
			       SSL_read(client, &byte, 1) == 1 &&
			       SSL_write(client, &byte, 1) == 1 && SSL_read(server, &byte, 1) == 1;
		else
			SSL_do_handshake(server);
	return false;
}

/* One connection in memory; session_io: what to resume, and what may be resumed next. */
static void
connect_once(SSL_CTX *client_context, SSL_CTX *server_context, SSL_SESSION **session_io)
{
	SSL *client = SSL_new(client_context), *server = SSL_new(server_context);
	BIO *client_end = NULL, *server_end = NULL;

	if (client && server && BIO_new_bio_pair(&client_end, 0, &server_end, 0) == 1) {
		SSL_set_bio(client, client_end, client_end);
		SSL_set_bio(server, server_end, server_end);
		SSL_set_connect_state(client);
		SSL_set_accept_state(server);
		if (*session_io)
			SSL_set_session(client, *session_io);
		if (talk(client, server)) {
			SSL_SESSION_free(*session_io);
			*session_io = SSL_get1_session(client);
		}
		SSL_shutdown(client);
		SSL_shutdown(server);
	}
	SSL_free(client);
	SSL_free(server);
}

/*
 * A full handshake with the curve that the library prefers, one resumed from it, and a full one
 * with P-256.
 */
void
tls_warm(SSL_CTX *server)
{
	SSL_CTX *client = tls_client_context_new();
	SSL_SESSION *session = NULL;

	if (!client)
		return;
	connect_once(client, server, &session);
	connect_once(client, server, &session);
	SSL_SESSION_free(session);
	session = NULL;
	if (SSL_CTX_set1_curves_list(client, "P-256") == 1)
		connect_once(client, server, &session);
	SSL_SESSION_free(session);
	SSL_CTX_free(client);
	ERR_clear_error();
}
