/* tls_context.c - certificate, key and protocol versions, as the settings say */
#include "common/start/tls_context.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "common/base/span.h"
#include "common/start/tls_client_cert.h"
#include "common/start/tls_compat.h"
#include "common/start/tls_file.h"

/* Oldest first: ssl_min_protocol turns off all rows above its own. */
static const struct {
	const char   *name;
	unsigned long off;
} versions[] = {
	{ "SSLv2", SSL_OP_NO_SSLv2 },     { "SSLv3", SSL_OP_NO_SSLv3 },
	{ "TLSv1", SSL_OP_NO_TLSv1 },     { "TLSv1.1", SSL_OP_NO_TLSv1_1 },
	{ "TLSv1.2", SSL_OP_NO_TLSv1_2 }, { "TLSv1.3", SSL_OP_NO_TLSv1_3 },
};
enum { VERSIONS = sizeof(versions) / sizeof(versions[0]) };

static const char *
library_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	return reason ? reason : "unknown reason";
}

static bool
older_than(const char *name, unsigned long *off_out)
{
	for (size_t i = 0; i < VERSIONS; i++) {
		if (strcmp(versions[i].name, name) == 0)
			return true;
		*off_out |= versions[i].off;
	}
	return false;
}

/* Dovecot 2.2's list: "!X" is off; once a name stands without "!", only such are on. */
static bool
by_list(const char *list, unsigned long *off_out)
{
	struct span rest = span_of(list), word;
	unsigned long on = 0, off = 0, every = 0;
	bool known = true;

	while (span_split(&rest, ' ', &word)) {
		bool negated = span_starts(word, "!"), found = word.len == 0;
		struct span name = span_skip(word, negated ? 1 : 0);

		for (size_t i = 0; i < VERSIONS; i++)
			if (name.len > 0 && span_is(name, versions[i].name)) {
				found = true;
				*(negated ? &off : &on) |= versions[i].off;
			}
		known = known && found;
	}
	for (size_t i = 0; i < VERSIONS; i++)
		every |= versions[i].off;
	*off_out |= off | (on ? every & ~on : 0);
	return known;
}

static bool
set_versions(SSL_CTX *ctx, const struct settings *s, char *why, size_t room)
{
	unsigned long off = SSL_OP_NO_SSLv2 | SSL_OP_NO_SSLv3;
	unsigned long fixed =
		SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_ECDH_USE;

	if (!older_than(s->ssl_min_protocol, &off)) {
		snprintf(why, room, "ssl_min_protocol = %s: no such version", s->ssl_min_protocol);
		return false;
	}
	if (!by_list(s->ssl_protocols, &off)) {
		snprintf(why, room, "ssl_protocols = %s: no such version", s->ssl_protocols);
		return false;
	}
	if (s->ssl_prefer_server_ciphers)
		fixed |= SSL_OP_CIPHER_SERVER_PREFERENCE;
	SSL_CTX_set_options(ctx, off | fixed);
	if (s->ssl_cipher_list[0] && !SSL_CTX_set_cipher_list(ctx, s->ssl_cipher_list)) {
		snprintf(why, room, "ssl_cipher_list = %s: %s", s->ssl_cipher_list,
		         library_reason());
		return false;
	}
	return true;
}

/* Nobody is at a terminal. */
static int
no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return 0;
}

static bool
load_pair(SSL_CTX *ctx, const struct settings *s, char *why, size_t room)
{
	const char *cert = tls_file_path(s->ssl_cert), *key = tls_file_path(s->ssl_key);

	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (!cert || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		snprintf(why, room, "ssl_cert = <%s: %s", cert ? cert : "",
		         cert ? library_reason() : "names no file");
		return false;
	}
	if (!key || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		snprintf(why, room, "ssl_key = <%s: %s", key ? key : "",
		         key ? library_reason() : "names no file");
		return false;
	}
	if (SSL_CTX_check_private_key(ctx) == 1)
		return true;
	snprintf(why, room, "ssl_key = <%s does not belong to ssl_cert = <%s", key, cert);
	return false;
}

/* Ours, or an alert; a client that offers nothing is never asked. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
            unsigned in_len, void *service)
{
	struct span offered = span_make((const char *)in, in_len);

	(void)ssl;
	while (offered.len > 0) {
		size_t n = (unsigned char)offered.at[0];
		struct span name = span_make(offered.at + 1, n < offered.len ? n : offered.len - 1);

		if (span_is(name, service)) {
			*out = (const unsigned char *)name.at;
			*out_len = (unsigned char)name.len;
			return SSL_TLSEXT_ERR_OK;
		}
		offered = span_skip(offered, n + 1);
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *
tls_context_make(const struct settings *s, const char *service, bool shares_tickets, char *why,
                 size_t room)
{
	SSL_CTX *ctx;

	tls_library_start();
	ERR_clear_error();
	ctx = tls_context_new();
	if (!ctx) {
		snprintf(why, room, "OpenSSL: %s", library_reason());
		return NULL;
	}
	if (!set_versions(ctx, s, why, room) || !load_pair(ctx, s, why, room) ||
	    !tls_client_cert_ask(ctx, s, why, room)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)service,
	                               (unsigned)strlen(service));
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, (void *)(uintptr_t)service);
	if (!shares_tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	tls_context_tickets(ctx, shares_tickets ? 1 : 0);
	return ctx;
}
