/*
 * server_connection.c - one client of authd: lines in, replies out
 *
 * Bytes are read into one block that all connections share, so that ten
 * thousand idle sessions cost no buffers; a connection keeps only the beginning of a line that
 * has not ended yet, at most LIMIT_AUTH_LINE bytes.  A client that breaks the
 * protocol, or takes no replies, loses its connection and nothing else.
 */
#include "authd/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authd/sessions.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/wipe.h"

enum { READ_BYTES = 4096, MOST_UNSENT = 128 * 1024 };

static void
fail_connection(struct connection *c, const char *why)
{
	log_warning("%s socket, process %d of uid %u: %s; closing its connection",
	            c->kind == LISTENER_LOGIN ? "login" : "auth-client", (int)c->pid,
	            (unsigned)c->uid, why);
	c->is_dead = true;
}

static void
flush(struct connection *c)
{
	while (c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && c->out.len < MOST_UNSENT) {
			event_add(c->writing, NULL);
			return;
		}
		if (n <= 0) { /* reading then sees the end, and frees it there */
			shutdown(c->fd, SHUT_RDWR);
			break;
		}
		memmove(c->out.data, c->out.data + n, c->out.len - (size_t)n);
		c->out.len -= (size_t)n;
	}
	buf_free(&c->out);
}

static void
on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	flush(context);
}

void
connection_send(struct connection *c, struct buf *line)
{
	buf_span(&c->out, buf_view(line));
	buf_reset(line);
	flush(c);
}

/* VERSION comes first; a major version that is not ours is nothing we could talk to. */
static bool
handle_version(struct connection *c, const struct protocol_command *command)
{
	if (command->number != 1)
		fail_connection(c, "its protocol has another major version");
	c->has_version = true;
	return !c->is_dead;
}

static bool
handle_cpid(struct connection *c, const struct protocol_command *command)
{
	(void)c;
	(void)command;
	return true;
}

static bool
handle_cancel(struct connection *c, const struct protocol_command *command)
{
	request_cancel(c, command->number);
	return true;
}

static bool (*const handlers[])(struct connection *c, const struct protocol_command *command) = {
	[PROTOCOL_VERSION] = handle_version, [PROTOCOL_CPID] = handle_cpid,
	[PROTOCOL_AUTH] = request_begin,     [PROTOCOL_CONT] = request_go_on,
	[PROTOCOL_CANCEL] = handle_cancel,   [PROTOCOL_WHO] = admin_who,
	[PROTOCOL_FLUSH] = admin_flush,      [PROTOCOL_STATS] = admin_stats,
};

static void
handle_line(struct connection *c, char *line, size_t len)
{
	struct protocol_command command;
	const char *why = protocol_parse(line, len, &command);

	if (!why && !c->has_version && command.kind != PROTOCOL_VERSION)
		why = "a command before VERSION";
	if (!why && c->session)
		why = "a command after the login";
	if (!why && !handlers[command.kind](c, &command))
		why = "a command that does not fit";
	if (why && !c->is_dead)
		fail_connection(c, why);
}

/* Whole lines of data; returns how many bytes they took. */
static size_t
handle_lines(struct connection *c, char *data, size_t len)
{
	size_t used = 0;

	while (!c->is_dead) {
		struct span rest = span_make(data + used, len - used);
		const char *end = span_find(rest, '\n');

		if (!end)
			break;
		handle_line(c, data + used, (size_t)(end - rest.at));
		used += (size_t)(end - rest.at) + 1;
	}
	return used;
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	static char block[LIMIT_AUTH_LINE + READ_BYTES];
	struct connection *c = context;
	size_t len = c->in.len, used;
	ssize_t n;

	(void)what;
	n = recv(fd, block + len, READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_close(c);
		return;
	}
	if (len > 0)
		memcpy(block, c->in.data, len);
	buf_wipe_free(&c->in);
	len += (size_t)n;
	used = handle_lines(c, block, len);
	if (len - used >= LIMIT_AUTH_LINE && !c->is_dead)
		fail_connection(c, "a line that is too long");
	if (len > used && !c->is_dead)
		buf_add(&c->in, block + used, len - used);
	wipe(block, len);
	if (c->is_dead)
		connection_close(c);
}

static size_t
count_of_uid(const struct server *s, uid_t uid)
{
	const struct connection *c;
	size_t count = 0;

	TAILQ_FOREACH(c, &s->connections, in_server)
		if (c->kind == LISTENER_CLIENT && c->uid == uid)
			count++;
	return count;
}

/* Why this peer gets no connection, or NULL. */
static const char *
judge_peer(const struct server *s, const struct connection *c)
{
	if (c->kind == LISTENER_LOGIN)
		return c->uid == 0 || c->uid == s->settings.owner
		               ? NULL
		               : "only root may use the login socket";
	if (s->client_count >= LIMIT_AUTH_CLIENTS)
		return "too many connections to the auth-client socket";
	if (c->uid != 0 && count_of_uid(s, c->uid) >= LIMIT_AUTH_CLIENTS_UID)
		return "too many connections of this user to the auth-client socket";
	return NULL;
}

static struct connection *
make_connection(struct server *s, enum listener_kind kind, int fd, const struct ucred *peer)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		die("out of memory: a connection");
	*c = (struct connection){
		.server = s, .kind = kind, .fd = fd, .uid = peer->uid, .pid = peer->pid
	};
	c->number = ++s->next_number;
	TAILQ_INIT(&c->requests);
	TAILQ_INSERT_TAIL(&s->connections, c, in_server);
	s->client_count += kind == LISTENER_CLIENT;
	c->reading = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writing = event_new(s->base, fd, EV_WRITE, on_writable, c);
	if (!c->reading || !c->writing || event_add(c->reading, NULL) != 0)
		die("out of memory: the events of a connection");
	return c;
}

void
connection_accept(struct server *s, enum listener_kind kind, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	struct connection *c, candidate = { .kind = kind };
	struct buf greeting = BUF_EMPTY;
	const char *why;

	if (kind == LISTENER_METRICS) {
		metrics_accept(s, fd);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		peer.uid = (uid_t)-1;
	candidate.uid = peer.uid;
	candidate.pid = peer.pid;
	why = judge_peer(s, &candidate);
	if (why) {
		fail_connection(&candidate, why);
		close(fd);
		return;
	}
	c = make_connection(s, kind, fd, &peer);
	protocol_put_greeting(&greeting, s->settings.mechanisms, kind == LISTENER_LOGIN, c->number,
	                      s->cookie);
	connection_send(c, &greeting);
	buf_free(&greeting);
}

void
connection_close(struct connection *c)
{
	struct server *s = c->server;
	struct request *r;

	while ((r = TAILQ_FIRST(&c->requests)))
		request_orphan(r);
	if (c->session)
		sessions_remove(s->sessions, c->session);
	event_free(c->reading);
	event_free(c->writing);
	close(c->fd);
	buf_wipe_free(&c->in);
	buf_free(&c->out);
	TAILQ_REMOVE(&s->connections, c, in_server);
	s->client_count -= c->kind == LISTENER_CLIENT;
	free(c);
}
