/* channel.h - whole messages, and descriptors, between the processes of authd */
#ifndef LINNET_CHANNEL_H
#define LINNET_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/span.h"

enum { CHANNEL_MESSAGE = 64 * 1024 }; /* bytes of the longest one */

/* Both ends of a pair that keeps messages whole; closed on exec.  False with errno. */
bool channel_pair(int ends_out[2]);

/*
 * One message, with a descriptor where fd is not -1 (it stays with the caller).
 * False with errno; EAGAIN on a non-blocking end whose other side does not read.
 */
bool channel_send(int end, struct span message, int fd);

/*
 * The next message into data (room bytes): its length, 0 when the other side is
 * gone, -1 with errno.  *fd_out is a descriptor that came with it, or -1;
 * fd_out may be NULL, then one that comes is closed.  Never more than one is taken.
 */
ssize_t channel_receive(int end, char *data, size_t room, int *fd_out);

#endif
