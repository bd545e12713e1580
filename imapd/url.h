/* url.h - IMAP URLs of one message or a part of it, relative to this server (RFC 5092) */
#ifndef LINNET_IMAPD_URL_H
#define LINNET_IMAPD_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/span.h"

struct url {
	struct span mailbox;     /* UTF-8, decoded; SPAN_NONE: the selected one */
	uint32_t    uidvalidity; /* 0: any */
	uint32_t    uid;
	struct span section;     /* decoded section-spec; empty: the whole message */
	bool        is_partial;
	uint64_t    skip, most;  /* most UINT64_MAX: to the end */
};

/*
 * Take apart "/mailbox;UIDVALIDITY=n/;UID=n/;SECTION=s/;PARTIAL=n.m", or the same without
 * "/mailbox", or the mailbox without its "/".  False: it is none of these, or names another server.
 */
bool url_parse(struct span text, struct arena *mem, struct url *url_out);

#endif
