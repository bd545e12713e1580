/* descriptors.h - what a process was started with, and only that */
#ifndef LINNET_DESCRIPTORS_H
#define LINNET_DESCRIPTORS_H

#include <stdbool.h>

#include "common/base/net.h"

/*
 * Descriptors 0-2 that are closed become /dev/null, so that no later file is
 * taken for one of them.
 */
void descriptors_fill_standard(void);

/* Close all from first on: none is to leak into a session. */
void descriptors_close_from(int first);

/*
 * How many sockets a service manager passed, from descriptor 3 on (sd_listen_fds(3)):
 * LISTEN_FDS, when LISTEN_PID is us.  0: none.  Read before the environment is cleared.
 */
int descriptors_listen_fds(void);
enum { DESCRIPTORS_LISTEN_START = 3, DESCRIPTORS_LISTEN_MOST = 64 };

enum descriptor_kind {
	DESCRIPTOR_OTHER,
	DESCRIPTOR_CONNECTED,
	DESCRIPTOR_LISTENING,
	DESCRIPTOR_PIPE
};
enum descriptor_kind descriptors_kind(int fd);

/* The connection's two ends; not known for a UNIX socket. */
void descriptors_addresses(int fd, struct net_address *remote_out, struct net_address *local_out);

/*
 * Move a connection that came on descriptor 0 (and 1, and 2 from xinetd) to one
 * above 2, with /dev/null in its old places.  Returns the new descriptor.
 */
int descriptors_lift_client(int fd);

/*
 * What a mail connection wants of TCP: no delay, dead peers found within five
 * minutes (L07); blocking.
 */
void descriptors_tune(int fd);

#endif
