/*
 * in.c - reading from the client
 *
 * The buffer is taken when the first byte is wanted, grows to the longest line
 * asked for, and is given back while a session idles.  Every wait happens in
 * wait_readable(): the flush of the tied stream, the idle limit, EINTR and
 * SIGTERM are therefore in one place.
 */
#include "common/io/in.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/io/out.h"

enum { FIRST_ROOM = 4096, WAIT_MOST = 8 };

void
in_open(struct in *in, int fd, struct out *tied, gone_function gone)
{
	memset(in, 0, sizeof(*in));
	in->fd = fd;
	in->tied = tied;
	in->gone = gone;
	sigprocmask(SIG_SETMASK, NULL, &in->while_waiting);
	sigdelset(&in->while_waiting, SIGTERM);
}

void
in_close(struct in *in)
{
	free(in->data);
	in->data = NULL;
	in->at = in->end = in->room = 0;
}

/* Room for at least n bytes in all, counted from at. */
static void
make_room(struct in *in, size_t n)
{
	size_t room = in->room ? in->room : FIRST_ROOM;

	if (in->at > 0) {
		memmove(in->data, in->data + in->at, in->end - in->at);
		in->end -= in->at;
		in->at = 0;
	}
	while (room < n)
		room *= 2;
	if (room == in->room)
		return;
	in->data = realloc(in->data, room);
	if (!in->data)
		die("out of memory: an input buffer of %zu bytes", room);
	in->room = room;
}

void
in_push_back(struct in *in, struct span bytes)
{
	size_t held = in->end - in->at;

	if (bytes.len == 0)
		return;
	make_room(in, held + bytes.len);
	memmove(in->data + bytes.len, in->data, held);
	memcpy(in->data, bytes.at, bytes.len);
	in->end = held + bytes.len;
	in->total += bytes.len;
}

static bool
is_terminated(const struct in *in)
{
	return in->signal_flag && *in->signal_flag;
}

/* ppoll() until one of set is readable or deadline_ms has passed; -1 with EINTR on a signal. */
static int
wait_once(const struct in *in, struct pollfd *set, nfds_t count, int64_t deadline_ms)
{
	int left = clock_until(deadline_ms);
	struct timespec most = { left / 1000, left % 1000 * 1000000L };

	return ppoll(set, count, deadline_ms == INT64_MAX ? NULL : &most, &in->while_waiting);
}

/* Wait until fd or one of the others is readable; 0 when timeout_ms is over.  Sets revents. */
static int
wait_readable(struct in *in, struct pollfd *set, nfds_t count, int timeout_ms, int64_t idle_since)
{
	int64_t give_up = timeout_ms < 0 ? INT64_MAX : clock_ms() + timeout_ms;
	int64_t idle_end = in->idle_seconds ? idle_since + (int64_t)in->idle_seconds * 1000 :
	                                      INT64_MAX;
	int64_t soonest = give_up < idle_end ? give_up : idle_end;

	if (in->tied)
		out_flush(in->tied);
	for (;;) {
		int n;

		if (is_terminated(in))
			in->gone(GONE_TERMINATED);
		n = wait_once(in, set, count, soonest);
		if (n > 0)
			return n;
		if (n < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (clock_ms() >= idle_end)
			in->gone(GONE_IDLE);
		if (clock_ms() >= give_up)
			return 0;
	}
}

static bool
filter_holds(const struct in *in)
{
	return in->filter.holds && in->filter.holds(in->filter.self);
}

static ssize_t
read_some(struct in *in, char *to, size_t room)
{
	return in->filter.read ? in->filter.read(in->filter.self, in->fd, to, room) :
	                         read(in->fd, to, room);
}

/* Read once more behind what is there; room must be left. */
static void
fill(struct in *in)
{
	for (;;) {
		struct pollfd one = { in->fd, POLLIN, 0 };
		ssize_t n;

		if (!filter_holds(in))
			wait_readable(in, &one, 1, -1, clock_ms());
		n = read_some(in, in->data + in->end, in->room - in->end);
		if (n > 0) {
			in->end += (size_t)n;
			in->total += (uint64_t)n;
			return;
		}
		if (n == 0)
			in->gone(GONE_CLOSED);
		if (errno == EPROTO)
			in->gone(GONE_BROKEN);
		if (errno != EINTR && errno != EAGAIN)
			in->gone(GONE_RESET);
	}
}

/* How far into held a line end may stand: behind max bytes, or behind a CR that follows them. */
static size_t
latest_end(struct span held, size_t max)
{
	return held.len > max && held.at[max] == '\r' ? max + 1 : max;
}

enum in_line
in_line(struct in *in, size_t max, struct span *line_out)
{
	size_t seen = 0;

	if (!in->data)
		make_room(in, FIRST_ROOM);
	for (;;) {
		struct span held = span_make(in->data + in->at, in->end - in->at);
		const char *lf = span_find(span_skip(held, seen), '\n');
		size_t latest = latest_end(held, max);

		if (lf && (size_t)(lf - held.at) <= latest) {
			size_t len = (size_t)(lf - held.at);

			in->at += len + 1;
			if (len > 0 && held.at[len - 1] == '\r')
				len--;
			*line_out = span_make(held.at, len);
			return IN_LINE;
		}
		if (held.len > latest)
			return IN_LINE_TOO_LONG;
		seen = held.len;
		if (in->end == in->room)
			make_room(in, in->at > 0 ? held.len + 1 : in->room + 1);
		fill(in);
	}
}

void
in_skip_line(struct in *in)
{
	for (;;) {
		struct span some = in_some(in, SIZE_MAX);
		const char *lf = span_find(some, '\n');

		if (lf) {
			in->at -= some.len - (size_t)(lf - some.at) - 1;
			return;
		}
	}
}

struct span
in_some(struct in *in, size_t max)
{
	struct span some;

	if (in->at == in->end) {
		make_room(in, FIRST_ROOM);
		fill(in);
	}
	some = span_make(in->data + in->at, in->end - in->at);
	if (some.len > max)
		some.len = max;
	in->at += some.len;
	return some;
}

void
in_bytes(struct in *in, void *to, size_t n)
{
	char *next = to;

	while (n > 0) {
		struct span some = in_some(in, n);

		memcpy(next, some.at, some.len);
		next += some.len;
		n -= some.len;
	}
}

void
in_skip(struct in *in, uint64_t n)
{
	while (n > 0)
		n -= in_some(in, n > SIZE_MAX ? SIZE_MAX : (size_t)n).len;
}

bool
in_has(struct in *in)
{
	struct pollfd one = { in->fd, POLLIN, 0 };

	return in->at < in->end || filter_holds(in) || poll(&one, 1, 0) > 0;
}

void
in_look(struct in *in)
{
	struct pollfd one = { in->fd, 0, 0 };

	wait_once(in, &one, 1, 0);
	if (is_terminated(in))
		in->gone(GONE_TERMINATED);
	if (one.revents & (POLLERR | POLLHUP))
		in->gone(GONE_RESET);
}

bool
in_wait(struct in *in, const int *other, size_t other_count, int timeout_ms, int64_t idle_since)
{
	struct pollfd set[1 + WAIT_MOST];
	nfds_t count = 0;

	if (in->at < in->end || filter_holds(in))
		return true;
	if (other_count > WAIT_MOST)
		bug("in_wait: %zu descriptors", other_count);
	set[count++] = (struct pollfd){ in->fd, POLLIN, 0 };
	for (size_t i = 0; i < other_count; i++)
		set[count++] = (struct pollfd){ other[i], POLLIN, 0 };
	return wait_readable(in, set, count, timeout_ms, idle_since) > 0 && set[0].revents != 0;
}

void
in_release(struct in *in)
{
	if (in->at < in->end)
		return;
	in_close(in);
	if (in->filter.sleep)
		in->filter.sleep(in->filter.self);
}
