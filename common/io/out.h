/* out.h - writing to the client: buffered, flushed before a read would wait */
#ifndef LINNET_OUT_H
#define LINNET_OUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/span.h"
#include "common/io/in.h"

/*
 * A client that is gone or takes nothing for most_seconds ends the
 * session inside the stream through gone(why), which must not return: no
 * command tests a write.
 *
 * signal_flag (may be NULL) is in.h's: SIGTERM is let in while a write waits,
 * and ends it with GONE_TERMINATED.
 */
struct out {
	int      fd;
	char    *data;
	size_t   len, room;
	uint64_t total; /* bytes handed in, for the log line at the end */
	uint64_t most_seconds; /* a write waits; LIMIT_WRITE_SECONDS at first */
	gone_function gone;
	struct out_filter filter;
	bool     is_unflushed; /* the filter may hold back what it was given */
	const volatile int *signal_flag;
	/* signals blocked during a wait: those of out_open() without SIGTERM */
	sigset_t while_waiting;
	bool     is_cut; /* something was sent in part: no more words would be understood */
};

/* Makes a socket or pipe non-blocking: in.c and out.c wait in poll() only. */
void out_open(struct out *o, int fd, gone_function gone);
void out_close(struct out *o); /* frees the buffer without flushing; fd stays with the caller */

/*
 * A stream that only gathers: its text is data[0] ... data[len - 1], and begins anew with
 * out_reset().  It is given back with out_close().
 */
void out_open_memory(struct out *o);
static inline void
out_reset(struct out *o)
{
	o->len = 0;
}

void out_more(struct out *o, const void *bytes, size_t n); /* what the buffer has no room for */

static inline void
out_add(struct out *o, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	if (n > o->room - o->len) {
		out_more(o, bytes, n);
		return;
	}
	memcpy(o->data + o->len, bytes, n);
	o->len += n;
	o->total += n;
}

static inline void
out_byte(struct out *o, char c)
{
	out_add(o, &c, 1);
}

static inline void
out_str(struct out *o, const char *string)
{
	out_add(o, string, strlen(string));
}

static inline void
out_span(struct out *o, struct span s)
{
	out_add(o, s.at, s.len);
}

void out_number(struct out *o, uint64_t n);
void out_printf(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

void out_flush(struct out *o);

/*
 * Send what the client takes at once, and never end the session: where work that must not be left
 * half done goes on.  What is compressed waits.
 */
void out_offer(struct out *o);

/* Flush and give the buffer back, while a session idles. */
void out_release(struct out *o);

/*
 * One attempt to send what is buffered, without waiting and without gone(): for a last BYE.
 * Where the session ended within a write it sends nothing.
 */
void out_flush_last(struct out *o);

#endif
