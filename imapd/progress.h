/* progress.h - long commands: telling how far they are, and noticing that nobody waits for them */
#ifndef LINNET_PROGRESS_H
#define LINNET_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct session;

struct progress {
	struct session *s;
	uint64_t done, goal;      /* steps */
	unsigned unlooked;        /* steps since the clock was looked at */
	int64_t  tell_at, look_at;
	bool     is_firm; /* the session must not end in between: the client is only told */
};

void progress_begin(struct progress *p, struct session *s, uint64_t goal);

/*
 * One step more of about so many microseconds.  Now and then looks whether the client is still
 * there, which ends the session if not; after LIMIT_PROGRESS_FIRST_SECONDS, and every
 * LIMIT_PROGRESS_SECONDS from then on, tells the client with INPROGRESS (RFC 9585).
 */
void progress_step(struct progress *p, unsigned microseconds);

#endif
