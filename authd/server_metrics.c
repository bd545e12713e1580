/*
 * server_metrics.c - the counters over HTTP/1.1, for Prometheus
 *
 * One request a connection: a GET of /metrics gets the text, anything else an error
 * that says so.  A client has a few seconds and one block; who takes longer is closed.
 */
#include "authd/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"

enum { REQUEST_BYTES = 8 * 1024, PATIENCE_SECONDS = 5 };

struct scrape {
	struct server *server;
	int            fd;
	struct event  *event;
	struct buf     in, out;
	size_t         sent;
};

static void
end(struct scrape *c)
{
	c->server->scrape_count--;
	event_free(c->event);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void
put_answer(struct scrape *c)
{
	struct buf text = BUF_EMPTY;
	struct span line = SPAN_NONE, rest = buf_view(&c->in);
	bool is_get, is_ours;

	span_split(&rest, '\r', &line);
	is_get = span_starts(line, "GET ");
	is_ours = is_get &&
	          (span_starts(line, "GET /metrics ") || span_starts(line, "GET /metrics?"));
	if (is_ours)
		metrics_put(c->server, &text);
	else
		buf_str(&text,
		        is_get ? "The counters are at /metrics.\n" : "GET is all there is.\n");
	buf_printf(&c->out,
	           "HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n"
	           "Connection: close\r\n\r\n",
	           is_ours ? "200 OK" : is_get ? "404 Not Found" : "405 Method Not Allowed",
	           is_ours ? "application/openmetrics-text; version=1.0.0" : "text/plain",
	           text.len);
	buf_span(&c->out, buf_view(&text));
	buf_free(&text);
}

static void on_event(evutil_socket_t fd, short what, void *context);

static void
wait_for(struct scrape *c, short what)
{
	struct timeval patience = { PATIENCE_SECONDS, 0 };

	event_assign(c->event, c->server->base, c->fd, what, on_event, c);
	event_add(c->event, &patience);
}

static void
write_some(struct scrape *c)
{
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
	                 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		c->sent += (size_t)n;
	if (c->sent == c->out.len || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		shutdown(c->fd, SHUT_WR);
		end(c);
	} else {
		wait_for(c, EV_WRITE);
	}
}

static void
read_some(struct scrape *c)
{
	ssize_t n;

	buf_reserve(&c->in, 2048);
	n = recv(c->fd, c->in.data + c->in.len, 2048, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		wait_for(c, EV_READ);
		return;
	}
	if (n > 0)
		c->in.len += (size_t)n;
	if (n <= 0 || c->in.len > REQUEST_BYTES) {
		end(c);
	} else if (memmem(c->in.data, c->in.len, "\r\n\r\n", 4)) {
		put_answer(c);
		write_some(c);
	} else {
		wait_for(c, EV_READ);
	}
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
	struct scrape *c = context;

	(void)fd;
	if (what & EV_TIMEOUT)
		end(c);
	else if (what & EV_WRITE)
		write_some(c);
	else
		read_some(c);
}

void
metrics_accept(struct server *s, int fd)
{
	struct scrape *c;

	if (s->scrape_count >= LIMIT_METRICS_CLIENTS) {
		close(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		die("out of memory: a client of the counters");
	*c = (struct scrape){ .server = s, .fd = fd };
	c->event = event_new(s->base, fd, EV_READ, on_event, c);
	if (!c->event)
		die("out of memory: the events of a client of the counters");
	s->scrape_count++;
	wait_for(c, EV_READ);
}
