/* pump.h - the process between a TLS client and everybody else */
#ifndef LINNET_PUMP_H
#define LINNET_PUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/settings.h"
#include "common/start/proxy.h"

/*
 * A pump does the handshake and then carries bytes between the client's socket
 * and a socketpair whose other end (plain) the greeter and later the session hold.
 * It alone has the private key in its memory: a connected socket's monitor
 * starts the program tls-pump, which reads the key itself; a listener has a
 * keeper, the same program, which read the key once and forks one pump for each
 * request (keeper.h).  The monitor, which becomes the session, never had it.
 */
struct pump_maker {
	const struct settings *settings;
	const char            *service; /* "imap": also the ALPN name */
	uid_t                  uid;     /* default_login_user */
	gid_t                  gid;
	int keeper; /* its request socket; -1: the program is started for each */
	bool                   is_ready; /* certificate and key are there: TLS may be offered */
};

/*
 * What a pump tells once, in one packet on its control socket, when the handshake is done or has
 * failed.
 */
struct pump_report {
	uint8_t             is_done;
	uint8_t             has_exporter;
	uint8_t             exporter[32];  /* RFC 9266 tls-exporter, for SCRAM-PLUS */
	uint8_t             unique_len;    /* of unique; 0: none */
	uint8_t             unique[64];    /* RFC 5929 tls-unique, before TLS 1.3 */
	uint8_t             has_cert;      /* the client's was verified against ssl_ca */
	char                cert_user[256]; /* its ssl_cert_username_field; "" for none */
	uint16_t            bits, of_bits; /* of the cipher: "256/256" */
	char                protocol[16];  /* "TLSv1.3" */
	char                cipher[64];
	char                server_name[256]; /* SNI as sent, printable bytes only */
	char                error[160];    /* when it failed */
	struct proxy_header proxy;
};

/* Are ssl, ssl_cert and ssl_key set, and the files readable?  Logs what is not. */
bool pump_is_possible(const struct settings *settings);

/*
 * Start a pump for client, which stays with the caller.  expects_proxy: a PROXY
 * header stands in front of the handshake.  The caller owns both results; closing
 * control before the report ends the pump, closing plain always does.  False with errno.
 */
bool pump_start(const struct pump_maker *maker, int client, bool expects_proxy, int *plain_out,
                int *control_out);

/* An alert record that says "internal error", for a client that came for TLS we cannot give. */
void pump_refuse(int client);

#endif
