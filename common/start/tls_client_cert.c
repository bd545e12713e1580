/* tls_client_cert.c - the client's certificate: asking for it, and the name in it */
#include "common/start/tls_client_cert.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/start/tls_file.h"

enum { CHAIN_MOST = 8 };

bool
tls_client_cert_ask(SSL_CTX *ctx, const struct settings *s, char *why, size_t room)
{
	const char *path = tls_file_path(s->ssl_ca);
	STACK_OF(X509_NAME) *names;

	if (!s->ssl_verify_client_cert)
		return true;
	names = path ? SSL_load_client_CA_file(path) : NULL;
	if (!names || SSL_CTX_load_verify_locations(ctx, path, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		snprintf(why, room, "ssl_ca = <%s: no certificates can be read there",
		         path ? path : "");
		return false;
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, NULL);
	SSL_CTX_set_verify_depth(ctx, CHAIN_MOST);
	return true;
}

/* The one entry of that kind; two could be two people. */
static X509_NAME_ENTRY *
only_entry(X509_NAME *subject, const char *field)
{
	int nid = OBJ_txt2nid(field);
	int at = nid == NID_undef ? -1 : X509_NAME_get_index_by_NID(subject, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
		return NULL;
	return X509_NAME_get_entry(subject, at);
}

static bool
is_plain_text(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

static void
copy_entry(X509_NAME_ENTRY *entry, char *user, size_t room)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));

	if (len > 0 && (size_t)len < room && is_plain_text(text, (size_t)len)) {
		memcpy(user, text, (size_t)len);
		user[len] = '\0';
	}
	if (len >= 0)
		OPENSSL_free(text);
}

bool
tls_client_cert_user(SSL *ssl, const char *field, char *user, size_t room)
{
	X509 *cert = SSL_get_peer_certificate(ssl);
	bool is_valid = cert && SSL_get_verify_result(ssl) == X509_V_OK;
	X509_NAME_ENTRY *entry =
		is_valid ? only_entry(X509_get_subject_name(cert), field) : NULL;

	user[0] = '\0';
	if (entry)
		copy_entry(entry, user, room);
	X509_free(cert);
	ERR_clear_error();
	return is_valid;
}
