/* proxy.h - the PROXY protocol's header, versions 1 and 2, of HAProxy and its like */
#ifndef LINNET_PROXY_H
#define LINNET_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/* The longest header that is read: version 2 with its TLVs; one that claims more is refused. */
enum { PROXY_MOST = 536 };

/*
 * Plain numbers only: it crosses from a process that nobody trusts.  Addresses in
 * net.h's mapped form, ports in host order.
 */
struct proxy_header {
	uint8_t  has_addresses; /* 0: LOCAL or UNKNOWN, the connection's own addresses stand */
	uint8_t  remote[16], local[16];
	uint16_t remote_port, local_port;
};

enum proxy_result { PROXY_MORE, PROXY_WHOLE, PROXY_BAD };

/*
 * Look at the beginning of a connection.  PROXY_MORE: so far it may be a
 * header.  PROXY_WHOLE: *header_out, and *used_out bytes belong to it.
 * Pure, without libc's resolver or inet_pton: the greeter uses it.
 */
enum proxy_result proxy_parse(struct span bytes, struct proxy_header *header_out, size_t *used_out);

#endif
