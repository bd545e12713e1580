/* greeter_process.h - starting and ending the greeter */
#ifndef LINNET_GREETER_PROCESS_H
#define LINNET_GREETER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/start/greeter.h"

struct greeter_process {
	pid_t pid;     /* 0: none */
	int   channel; /* packets of greeter_message.h */
};

/*
 * Fork a greeter for client as uid and gid, under strict seccomp.  False with
 * errno when the system refused.  A greeter that cannot lock itself ends at once.
 */
bool greeter_process_start(struct greeter_process *p, int client, const struct greeter_facts *facts,
                           bool expects_proxy, uid_t uid, gid_t gid,
                           void (*greet)(struct greeter *g));

/* Kill it if it is still there, wait for it, close the channel. */
void greeter_process_end(struct greeter_process *p);

#endif
