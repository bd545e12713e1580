/* greeter_message.h - what monitor and greeter say to each other */
#ifndef LINNET_GREETER_MESSAGE_H
#define LINNET_GREETER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/span.h"
#include "common/start/greeter.h"
#include "common/start/proxy.h"

/*
 * One message is one packet of a SOCK_SEQPACKET socketpair.  The greeter has
 * read a stranger's bytes: what comes from it is input like any other, and a
 * packet that is not exactly one of these ends the connection.
 */
enum greeter_kind {
	GREETER_AUTH = 1,  /* name: mechanism; user: for the log; data: initial response */
	GREETER_CONT,      /* user: for the log; data: response to the challenge */
	GREETER_CANCEL,    /* the exchange was given up */
	GREETER_STARTTLS,
	GREETER_GIVE_BACK, /* behind VERDICT_OK.  name: tag; data: bytes read too much */
	GREETER_LOG,       /* name: text; data: detail */
	GREETER_END,       /* name: why */
	GREETER_PROXY,     /* data: a struct proxy_header; answered with new facts */
	GREETER_KINDS
};

enum {
	GREETER_NAME_MOST = 256,
	GREETER_DATA_MOST = LIMIT_GREETER_SASL_LINE + 1024, /* a full input buffer */
	GREETER_LOG_MOST = 1024
};

struct greeter_message {
	uint32_t kind;
	uint32_t has_data; /* 0: no initial response, which is not an empty one */
	uint32_t name_len, user_len, data_len;
	/* name, user, data */
	char     bytes[GREETER_NAME_MOST + LIMIT_USER_NAME + GREETER_DATA_MOST];
};
enum { GREETER_MESSAGE_HEAD = offsetof(struct greeter_message, bytes) };

/*
 * Is the packet of n bytes one of the above, with lengths that add up to it and
 * stay below those of its kind?
 */
bool greeter_message_is_whole(const struct greeter_message *m, size_t n);

struct span greeter_message_name(const struct greeter_message *m);
struct span greeter_message_user(const struct greeter_message *m);
struct span greeter_message_data(const struct greeter_message *m); /* SPAN_NONE without has_data */

/* Fill one; false when a part is too long.  Returns the packet's size in *size_out. */
bool greeter_message_make(struct greeter_message *m, enum greeter_kind kind, struct span name,
                          struct span user, struct span data, size_t *size_out);

/* The monitor's answer to AUTH and CONT. */
struct greeter_reply {
	uint32_t verdict; /* enum greeter_verdict */
	uint32_t is_last; /* the connection has used up its attempts */
	uint32_t text_len;
	char     text[LIMIT_GREETER_SASL_LINE];
};
enum { GREETER_REPLY_HEAD = offsetof(struct greeter_reply, text) };

/*
 * The fixed block that the greeter lives in, made by the monitor before the
 * fork (greeter_process.c) and used by greeter.c alone.
 */
struct greeter {
	struct greeter_facts   facts;
	int                    client, channel;
	bool                   expects_proxy;
	size_t                 at, end;  /* of in: what has been read and not yet taken */
	size_t                 kept;     /* of block */
	size_t                 written;  /* of out */
	char                   mechanism[32];
	unsigned               responses; /* to this mechanism's challenges so far */
	struct span            tag;
	char                   in[LIMIT_GREETER_SASL_LINE + 512];
	char                   block[LIMIT_GREETER_COMMAND];
	char                   out[4096];
	char                   scratch[(LIMIT_USER_NAME + LIMIT_PASSWORD + 4) * 2];
	struct greeter_message message;
	struct greeter_reply   reply;
};

#endif
