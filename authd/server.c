/*
 * server.c - the process that talks to the clients: sockets, sessions, delays
 *
 * It is started by the keeper as a program of its own, so that nothing of
 * the configuration (the database's password) is in its memory.  All that it knows
 * comes over the channel: sockets, the few settings it needs, workers.  Once
 * it has the settings it is default_login_user.
 */
#include "authd/server.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authd/channel.h"
#include "authd/keeper_message.h"
#include "authd/privileges.h"
#include "authd/queue.h"
#include "authd/sessions.h"
#include "authd/trouble.h"
#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/start/auth_line.h"

enum { ACCEPT_AT_ONCE = 32, ACCEPT_PAUSE_MS = 200 };

static void
tell_keeper_of(struct server *s, const char *command, uint64_t number, int fd)
{
	struct buf message = BUF_EMPTY;

	auth_put(&message, command);
	auth_put_number(&message, number);
	if (!channel_send(s->channel, buf_view(&message), fd))
		_exit(0); /* no keeper, no service */
	buf_free(&message);
}

static void
tell_keeper(struct server *s, const char *command, uint64_t number)
{
	tell_keeper_of(s, command, number, -1);
}

void
server_ask_end(struct server *s, const struct session *session)
{
	tell_keeper_of(s, "END", (uint64_t)session->pid, session->fd);
}

void
server_ask_kill(struct server *s, pid_t worker)
{
	tell_keeper(s, "KILL", (uint64_t)worker);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *context)
{
	struct server *s = context;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < s->accepting_count; i++)
		event_add(s->accepting[i].event, NULL);
}

/* Out of descriptors: the backlog waits until some are free, instead of this loop spinning. */
static void
pause_accepting(struct server *s)
{
	struct timeval wait = { 0, ACCEPT_PAUSE_MS * 1000 };
	static const char text[] = "no descriptors left for new connections; raise LimitNOFILE=";

	trouble_tell(s->trouble, span_of(text));
	for (size_t i = 0; i < s->accepting_count; i++)
		event_del(s->accepting[i].event);
	event_add(s->accept_pause, &wait);
}

static void
on_connection(evutil_socket_t listener, short what, void *context)
{
	struct accepting *a = context;

	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			connection_accept(a->server, a->kind, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			pause_accepting(a->server);
		if (fd < 0)
			return;
	}
}

static const char *
keep_text(struct server_settings *set, const struct auth_line *line, const char *key)
{
	struct span value = auth_line_value(line, 2, key);

	return arena_string(&set->mem, value.at ? value : span_of(""));
}

static uint64_t
keep_number(const struct auth_line *line, const char *key)
{
	uint64_t n = 0;

	number_parse(auth_line_value(line, 2, key), INT64_MAX, &n);
	return n;
}

/*
 * The first time it opens the log and gives root up; later the keeper brings the log's new
 * descriptor.
 */
static void
take_settings(struct server *s, const struct auth_line *line, uint64_t generation, int log)
{
	struct server_settings *set = &s->settings;
	bool is_first = set->generation == 0;

	arena_reset(&set->mem);
	set->generation = generation;
	set->mechanisms = keep_text(set, line, "mechanisms");
	set->trusted = keep_text(set, line, "trusted");
	set->user = keep_text(set, line, "user");
	set->log_path = keep_text(set, line, "log");
	set->delay_ms = keep_number(line, "delay");
	set->penalty_ms = keep_number(line, "penalty");
	set->user_ip_limit = keep_number(line, "limit");
	set->user_limit = keep_number(line, "user_limit");
	set->ip_limit = keep_number(line, "ip_limit");
	set->closes_oldest = keep_number(line, "closes_oldest") != 0;
	set->cache_bytes = keep_number(line, "cache");
	set->cache_ms = keep_number(line, "cache_ms");
	set->cache_negative_ms = keep_number(line, "cache_negative_ms");
	set->cache_stale_ms = keep_number(line, "cache_stale_ms");
	set->has_masters = keep_number(line, "masters") != 0;
	set->cert_names_user = keep_number(line, "cert_names_user") != 0;
	set->is_verbose = keep_number(line, "verbose") != 0;
	set->is_debug = keep_number(line, "debug") != 0;
	set->owner = (uid_t)keep_number(line, "owner");
	if (is_first) {
		log_open("auth", set->log_path);
		privileges_drop(set->user);
	} else if (log >= 0 && log_descriptor() >= 0) {
		dup3(log, log_descriptor(), O_CLOEXEC);
	}
	log_set_debug(set->is_debug);
	if (log >= 0)
		close(log);
	pool_renew(s);
	/* another configuration, other answers: SIGHUP empties the cache too */
	cache_flush(s->cache, SPAN_NONE);
	cache_resize(s->cache, (size_t)set->cache_bytes);
	tell_keeper(s, "READY", generation);
}

static void
take_listener(struct server *s, const struct auth_line *line, uint64_t kind, int fd)
{
	struct accepting *a = &s->accepting[s->accepting_count];

	(void)line;
	if (fd < 0 || kind >= LISTENER_KINDS || s->accepting_count == LISTENERS)
		die("the keeper of authd sent a socket that does not fit");
	*a = (struct accepting){ s, (enum listener_kind)kind, NULL };
	a->event = event_new(s->base, fd, EV_READ | EV_PERSIST, on_connection, a);
	if (!a->event || event_add(a->event, NULL) != 0)
		die("out of memory: the events of a socket");
	s->accepting_count++;
}

static void
take_worker(struct server *s, const struct auth_line *line, uint64_t generation, int fd)
{
	uint64_t pid;

	if (fd < 0 || line->count < 3 || !number_parse(line->field[2], INT32_MAX, &pid))
		die("the keeper of authd sent a worker that does not fit");
	pool_add(s, fd, (pid_t)pid, generation);
}

static void
take_ping(struct server *s, const struct auth_line *line, uint64_t number, int fd)
{
	(void)line;
	(void)fd;
	tell_keeper(s, "PONG", number);
}

static const struct message_row {
	const char *name;
	void (*take)(struct server *s, const struct auth_line *line, uint64_t number, int fd);
} message_rows[] = {
	{ "SETTINGS", take_settings },
	{ "LISTEN", take_listener },
	{ "WORKER", take_worker },
	{ "PING", take_ping },
};

static void
on_keeper(evutil_socket_t channel, short what, void *context)
{
	static char message[CHANNEL_MESSAGE];
	struct server *s = context;
	struct auth_line line;
	uint64_t number;
	int fd;
	ssize_t n = channel_receive(channel, message, sizeof(message), &fd);

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		_exit(0);
	if (!auth_line_parse(message, (size_t)n, &line) || line.count < 2 ||
	    !number_parse(line.field[1], UINT32_MAX, &number))
		die("the keeper of authd sent something that is no message");
	for (size_t i = 0; i < sizeof(message_rows) / sizeof(message_rows[0]); i++)
		if (span_is(line.field[0], message_rows[i].name))
			message_rows[i].take(s, &line, number, fd);
}

static void
make_cookie(char *cookie)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		die("no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		cookie[2 * i] = digits[bytes[i] >> 4];
		cookie[2 * i + 1] = digits[bytes[i] & 15];
	}
	cookie[2 * sizeof(bytes)] = '\0';
}

static struct penalty *
make_penalty(void)
{
	unsigned char seed[PENALTY_SEED];

	if (RAND_bytes(seed, sizeof(seed)) != 1)
		die("no random bytes");
	return penalty_make(seed);
}

/* Each session holds a connection: as many descriptors as there may be. */
static void
raise_descriptors(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
		most.rlim_cur = most.rlim_max;
		setrlimit(RLIMIT_NOFILE, &most);
	}
}

void
server_run(int channel)
{
	static struct server server;
	struct server *s = &server;
	struct event *keeper;

	raise_descriptors();
	s->channel = channel;
	s->base = event_base_new();
	if (!s->base)
		die("libevent cannot be used here");
	TAILQ_INIT(&s->connections);
	TAILQ_INIT(&s->workers);
	s->queue = queue_make();
	s->sessions = sessions_make();
	s->cache = cache_make();
	s->penalty = make_penalty();
	gethostname(s->host, sizeof(s->host) - 1);
	s->trouble = trouble_make();
	make_cookie(s->cookie);
	evutil_make_socket_nonblocking(channel);
	s->accept_pause = event_new(s->base, -1, 0, on_pause_over, s);
	keeper = event_new(s->base, channel, EV_READ | EV_PERSIST, on_keeper, s);
	if (!keeper || !s->accept_pause || event_add(keeper, NULL) != 0)
		die("out of memory: the events of the server");
	event_base_dispatch(s->base);
	die("libevent has ended its loop");
}
