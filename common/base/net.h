/* net.h - addresses and networks */
#ifndef LINNET_NET_H
#define LINNET_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * An address in one form: IPv4 is kept as ::ffff:a.b.c.d.  All zero with known ==
 * false: no address (a UNIX socket).
 */
struct net_address {
	uint8_t  byte[16];
	uint16_t port; /* host order */
	bool     known;
};
enum { NET_TEXT_ROOM = 46 }; /* INET6_ADDRSTRLEN */

bool net_address_from(const struct sockaddr *from, struct net_address *out);
bool net_address_parse(const char *text, struct net_address *out); /* "10.0.0.1", "::1", "[::1]" */

/*
 * "10.0.0.1" for IPv4 also when it came mapped; "" when not known.  Returns text,
 * of NET_TEXT_ROOM bytes.
 */
const char *net_address_text(const struct net_address *a, char *text);

bool net_address_is_loopback(const struct net_address *a);
bool net_address_equal(const struct net_address *a, const struct net_address *b); /* ports aside */

/*
 * Is a in one of the networks, separated by blanks or commas ("10.0.0.0/8 ::1
 * 192.168.1.7")?  A word that is no network matches nothing.
 */
bool net_is_in(const struct net_address *a, const char *networks);

/*
 * The first word of networks that is no network, copied into word (NET_TEXT_ROOM
 * + 8 bytes); false when all are.
 */
bool net_find_bad(const char *networks, char *word, size_t room);

#endif
