/* tls_context.h - certificate, key and protocol versions, as the settings say */
#ifndef LINNET_TLS_CONTEXT_H
#define LINNET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "common/base/settings.h"

/*
 * Only ever called in a pump or a keeper: it reads the private key.  service
 * ("imap") is the ALPN name; a client that offers others only is refused (ALPACA, T09).
 * shares_tickets: this context lives on over many connections, so a ticket is worth something.
 * NULL with a sentence in why that names the setting and the file.
 */
SSL_CTX *tls_context_make(const struct settings *s, const char *service, bool shares_tickets,
                          char *why, size_t room);

#endif
