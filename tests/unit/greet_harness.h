/* greet_harness.h - the pre-login dialogue in this process, with read, write and exit replaced */
#ifndef LINNET_GREET_HARNESS_H
#define LINNET_GREET_HARNESS_H

#include "common/start/greeter_message.h"

/*
 * Link with GREET_WRAPS (start.inc): reads and writes of the greeter's two
 * descriptors come here, and its exit returns from greet_play().
 */
struct greet_play {
	/* in */
	void               (*greet)(struct greeter *g);
	struct greeter_facts facts;
	bool                 expects_proxy;
	struct span          input;
	size_t               chunk;       /* bytes a read gives; 0 for all */
	/* of each AUTH and CONT, in turn; the last one again and again */
	const uint8_t       *verdict;
	size_t               verdict_count;

	/* out */
	char   output[64 * 1024];
	size_t output_len;
	bool   is_full;                   /* more was written than fits */
	struct greeter_message last;      /* the last packet to the monitor, NUL behind its bytes */
	unsigned asked, packets;
	char   auth_name[64];             /* mechanism, user and data of the last AUTH */
	char   auth_user[LIMIT_USER_NAME + 1];
	char   auth_data[GREETER_DATA_MOST + 1];
	bool   auth_has_data;
	bool   broke_rules;               /* a packet that the monitor would refuse */
};

void greet_play(struct greet_play *p);

#endif
