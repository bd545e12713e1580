/*
 * out.c - writing to the client
 *
 * The buffer has one size; what is larger goes past it in one writev() with
 * what was waiting, so a message body is never copied twice.
 */
#include "common/io/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/die.h"
#include "common/base/limits.h"

enum { ROOM = 16 * 1024 };

/* A terminal stays as it is: the flag would outlive us in the user's shell. */
static void
set_nonblocking(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && fstat(fd, &st) == 0 && (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode)))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
out_open(struct out *o, int fd, gone_function gone)
{
	memset(o, 0, sizeof(*o));
	o->fd = fd;
	o->gone = gone;
	o->most_seconds = LIMIT_WRITE_SECONDS;
	sigprocmask(SIG_SETMASK, NULL, &o->while_waiting);
	sigdelset(&o->while_waiting, SIGTERM);
	set_nonblocking(fd);
}

void
out_close(struct out *o)
{
	free(o->data);
	o->data = NULL;
	o->len = o->room = 0;
}

/* What is buffered may be half sent: a last BYE must not send it again. */
static void
leave(struct out *o, enum gone why)
{
	o->len = 0;
	o->is_cut = true;
	o->gone(why);
}

static void
wait_writable(struct out *o)
{
	struct timespec most = { (time_t)o->most_seconds, 0 };
	struct pollfd one = { o->fd, POLLOUT, 0 };
	int n = ppoll(&one, 1, &most, &o->while_waiting);

	if (n < 0 && errno != EINTR)
		die("poll: %s", strerror(errno));
	if (o->signal_flag && *o->signal_flag)
		leave(o, GONE_TERMINATED);
	if (n == 0)
		leave(o, GONE_SLOW);
}

/* Send the buffer and n more bytes, waiting in poll() only, so that the limit on waiting holds. */
static void
send_all(struct out *o, const char *more, size_t n)
{
	size_t sent = 0, all = o->len + n;

	while (sent < all) {
		size_t from_more = sent > o->len ? sent - o->len : 0;
		struct iovec part[2] = {
			{ sent < o->len ? o->data + sent : NULL,
			  sent < o->len ? o->len - sent : 0 },
			{ (void *)(uintptr_t)(more ? more + from_more : NULL), n - from_more },
		};
		int first = part[0].iov_len == 0;
		ssize_t w = writev(o->fd, part + first, 2 - first);

		if (w >= 0)
			sent += (size_t)w;
		else if (errno == EAGAIN)
			wait_writable(o);
		else if (errno != EINTR)
			leave(o, errno == EPIPE || errno == ECONNRESET ? GONE_RESET : GONE_CLOSED);
	}
	o->len = 0;
}

static void
send_filtered(struct out *o, struct span bytes, bool flush)
{
	struct span ready;

	do {
		ready = o->filter.write(o->filter.self, &bytes, flush);
		send_all(o, ready.at, ready.len);
	} while (ready.len > 0 || bytes.len > 0);
	o->is_unflushed = !flush;
}

/* The buffer and n more bytes on their way; with flush the client has all of them. */
static void
write_all(struct out *o, const char *more, size_t n, bool flush)
{
	struct span held = span_make(o->data, o->len);

	if (!o->filter.write) {
		send_all(o, more, n);
		return;
	}
	o->len = 0;
	if (held.len > 0)
		send_filtered(o, held, flush && n == 0);
	if (n > 0 || (flush && o->is_unflushed))
		send_filtered(o, span_make(more, n), flush);
}

void
out_open_memory(struct out *o)
{
	memset(o, 0, sizeof(*o));
	o->fd = -1;
}

static void
grow(struct out *o, size_t n)
{
	size_t room = o->room ? o->room : ROOM / 8;

	while (room - o->len < n)
		room *= 2;
	o->data = realloc(o->data, room);
	if (!o->data)
		die("out of memory: %zu bytes of an answer", room);
	o->room = room;
}

void
out_more(struct out *o, const void *bytes, size_t n)
{
	if (o->fd < 0)
		grow(o, n);
	if (n > o->room - o->len && n >= ROOM / 2) {
		o->total += n;
		write_all(o, bytes, n, false);
		return;
	}
	if (n > o->room - o->len && o->len > 0)
		write_all(o, NULL, 0, false);
	if (!o->data) {
		o->data = malloc(ROOM);
		if (!o->data)
			die("out of memory: an output buffer of %d bytes", ROOM);
		o->room = ROOM;
	}
	memcpy(o->data + o->len, bytes, n);
	o->len += n;
	o->total += n;
}

void
out_number(struct out *o, uint64_t n)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233"
		"34353637383940414243444546474849505152535455565758596061626364656667"
		"6869707172737475767778798081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof(digits);

	for (; n >= 100; n /= 100) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * (n % 100), 2);
	}
	if (n >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * n, 2);
	} else {
		digits[--at] = (char)('0' + n);
	}
	out_add(o, digits + at, sizeof(digits) - at);
}

void
out_printf(struct out *o, const char *format, ...)
{
	struct buf text = BUF_EMPTY;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	out_span(o, buf_view(&text));
	buf_free(&text);
}

void
out_flush(struct out *o)
{
	if (o->len > 0 || o->is_unflushed)
		write_all(o, NULL, 0, true);
}

void
out_offer(struct out *o)
{
	ssize_t w = o->filter.write || o->len == 0 ? 0 : write(o->fd, o->data, o->len);

	if (w <= 0)
		return; /* one that is gone is noticed by the next that waits */
	o->len -= (size_t)w;
	memmove(o->data, o->data + w, o->len);
}

void
out_release(struct out *o)
{
	out_flush(o);
	out_close(o);
	if (o->filter.sleep)
		o->filter.sleep(o->filter.self);
}

void
out_flush_last(struct out *o)
{
	struct pollfd one = { o->fd, POLLOUT, 0 };
	struct span last = span_make(o->data, o->len);

	if (o->filter.write && !o->is_cut)
		last = o->filter.write(o->filter.self, &last, true);
	if (last.len > 0 && !o->is_cut && poll(&one, 1, 0) == 1) {
		ssize_t w = write(o->fd, last.at, last.len);

		(void)w; /* the process ends: there is nobody left to tell */
	}
	o->len = 0;
}
