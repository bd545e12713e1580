/* filter.h - what may stand between the streams and the descriptor */
#ifndef LINNET_IO_FILTER_H
#define LINNET_IO_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/span.h"

/*
 * self is the filter's own; a stream without a filter has NULL functions.
 *
 * read(): as read(2) from fd through the filter; -1 with EAGAIN when more must come before there is
 * anything, with EPROTO when what came cannot be.  holds(): there may be more without reading fd.
 */
struct in_filter {
	void   *self;
	ssize_t (*read)(void *self, int fd, char *to, size_t room);
	bool    (*holds)(const void *self);
	void    (*sleep)(void *self); /* give back memory, as far as nothing is lost */
};

/*
 * write(): takes from the front of *rest, moves it, and returns what is to be sent for it, valid
 * until the next call; nothing when all is taken.  With flush the other side can then read all that
 * was written.
 */
struct out_filter {
	void       *self;
	struct span (*write)(void *self, struct span *rest, bool flush);
	void        (*sleep)(void *self);
};

#endif
