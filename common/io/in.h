/* in.h - reading from the client: buffered, blocking, with a deadline */
#ifndef LINNET_IN_H
#define LINNET_IN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"
#include "common/io/filter.h"

struct out;

enum gone {
	GONE_CLOSED,
	GONE_RESET,
	GONE_IDLE,
	GONE_TERMINATED,
	GONE_SLOW,  /* takes nothing: told by out */
	GONE_BROKEN /* sends what the filter cannot read */
};

/* What ends the session: logs, and does not return. */
typedef void (*gone_function)(enum gone why) __attribute__((noreturn));

/*
 * A client that is gone does not return: the stream calls gone(why), which
 * must not return either.  Before a read would wait, the tied out stream is
 * flushed, so that nobody else thinks of it.
 *
 * signal_flag (may be NULL): once it is not zero the wait ends with
 * GONE_TERMINATED; a SIGTERM handler sets it and does nothing else.  SIGTERM is
 * let in only while waiting: where the process keeps it blocked otherwise,
 * none is missed, and none interrupts a change in the middle.
 */
struct in {
	int    fd;
	char  *data;
	size_t at, end, room;
	struct out *tied;
	uint64_t idle_seconds;      /* longest wait for the next byte; 0: for ever */
	uint64_t total;             /* bytes that came, for the log line at the end */
	gone_function gone;
	struct in_filter filter;
	const volatile int *signal_flag;
	/* signals blocked during a wait: those of in_open() without SIGTERM */
	sigset_t while_waiting;
};

void in_open(struct in *in, int fd, struct out *tied, gone_function gone);
void in_close(struct in *in); /* frees the buffer; fd stays with the caller */

/*
 * Put bytes in front of what comes next: what the greeter had read too much.
 * They count as read here.
 */
void in_push_back(struct in *in, struct span bytes);

enum in_line { IN_LINE, IN_LINE_TOO_LONG };

/*
 * The next line of at most max bytes without its line end (CRLF or bare LF);
 * line_out is valid until the next call on this stream and may hold NUL.
 * IN_LINE_TOO_LONG: max bytes came without a line end; they are still there
 * (in_skip_line drops them), the caller usually ends the session.
 */
enum in_line in_line(struct in *in, size_t max, struct span *line_out);

/* Read over everything up to and including the next LF, however long, in constant memory. */
void in_skip_line(struct in *in);

/* Exactly n bytes into to. */
void in_bytes(struct in *in, void *to, size_t n);

/*
 * What is there, at least 1 and at most max bytes, valid until the next call: for
 * literals that are streamed.
 */
struct span in_some(struct in *in, size_t max);

/* Read over n bytes. */
void in_skip(struct in *in, uint64_t n);

/* Is something here already, in the buffer or the socket?  Never waits. */
bool in_has(struct in *in);

/*
 * Within a long command: ends the session when the client is certainly gone, or SIGTERM came.
 * One that only sends no more (a half-closed connection) still gets its answers.  Never waits.
 */
void in_look(struct in *in);

/*
 * Wait until the client sent something or one of the other descriptors (-1 is
 * skipped) is readable, at most until timeout_ms (-1: for ever; the idle limit
 * applies besides, counted from idle_since of clock_ms()).  True when the
 * client sent something.  Flushes the tied stream first.
 */
bool in_wait(struct in *in, const int *other, size_t other_count, int timeout_ms,
             int64_t idle_since);

/* Give the buffer back while idle when nothing is in it. */
void in_release(struct in *in);

#endif
