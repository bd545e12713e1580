/* listener.h - many connections from listening sockets */
#ifndef LINNET_LISTENER_H
#define LINNET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/start/monitor.h"

struct listening {
	int  fd;
	bool is_tls;
};

/*
 * Accept and fork until SIGTERM; sessions live on.  SIGHUP, or a changed
 * certificate file, makes a new TLS keeper; one that cannot read its files
 * leaves the old one at work.  idle_seconds: end after that long without a
 * connection (xinetd waits for the end before it listens itself), 0 for never.
 * Returns the exit status.
 */
int listener_run(struct prepared *p, const struct listening *on, size_t count,
                 uint64_t idle_seconds, bool is_wrapped);

#endif
