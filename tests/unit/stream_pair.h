/* stream_pair.h - a client's end and our two streams over a socketpair, for the tests of io */
#ifndef LINNET_STREAM_PAIR_H
#define LINNET_STREAM_PAIR_H

#include "common/io/in.h"
#include "common/io/out.h"

struct pair {
	int        client; /* -1 once a test has closed it */
	struct in  in;     /* tied to out */
	struct out out;
};

/* cmocka's set-up and tear-down: *state is the pair. */
int pair_set_up(void **state);
int pair_tear_down(void **state);

void pair_hang_up(struct pair *p);

/* Why the stream gave up in run; the test fails when run comes back. */
enum gone pair_gone_by(void (*run)(struct pair *p), struct pair *p);

#endif
