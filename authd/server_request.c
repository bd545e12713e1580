/*
 * server_request.c - one AUTH from its first line to its answer
 *
 *	DIALOGUE -> (HELD ->) QUEUED -> AT_WORKER -> answered, or DELAYED -> answered
 *
 * Each attempt is one line of the log at the moment of its verdict, also when
 * the client is gone by then.  A refusal is told after auth_failure_delay;
 * what is not the client's fault is told at once and costs nobody anything.
 */
#include "authd/server.h"

#include <stdlib.h>

#include "authd/penalty.h"
#include "authd/queue.h"
#include "authd/sessions.h"
#include "authd/trouble.h"
#include "authd/user_name.h"
#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"

static void
set_timer(struct request *r, int64_t ms)
{
	struct timeval wait = { ms / 1000, (ms % 1000) * 1000 };

	event_add(r->timer, &wait);
}

static void
leave_connection(struct request *r)
{
	if (!r->connection)
		return;
	TAILQ_REMOVE(&r->connection->requests, r, in_connection);
	r->connection->request_count--;
	r->connection = NULL;
}

static void
free_request(struct request *r)
{
	leave_connection(r);
	dialogue_free(&r->dialogue);
	event_free(r->timer);
	buf_free(&r->reply);
	free(r->service);
	free(r->session);
	free(r->remote_ip);
	free(r->local_ip);
	free(r);
}

static void
answer(struct request *r, struct buf *line)
{
	if (r->connection)
		connection_send(r->connection, line);
	buf_free(line);
	free_request(r);
}

/*
 * "sql(toto@mondomaine.local,192.0.2.1,<session>): Password mismatch": the form that fail2ban's
 * dovecot filter knows.
 */
static void
log_verdict(const struct request *r, struct span driver, struct span user, struct span text)
{
	struct arena mem = ARENA_EMPTY;
	const char *name = user_name_for_log(user, &mem);
	char lower[32];
	size_t n = 0;

	if (!r->server->settings.is_verbose)
		return;
	for (; n < driver.len && n + 1 < sizeof(lower); n++)
		lower[n] = ascii_lower(driver.at[n]);
	lower[n] = '\0';
	log_info("%s(%s%s%s%s%s%s): %.*s", lower, name[0] ? name : "?", r->remote_ip[0] ? "," : "",
	         r->remote_ip, r->session[0] ? ",<" : "", r->session, r->session[0] ? ">" : "",
	         (int)text.len, text.at);
	arena_free(&mem);
}

static bool
is_exempt(const struct request *r)
{
	return !r->remote.known || net_address_is_loopback(&r->remote) ||
	       net_is_in(&r->remote, r->server->settings.trusted);
}

static void
refuse(struct request *r, struct span user, enum protocol_failure why, struct span reason)
{
	int64_t delay = (int64_t)r->server->settings.delay_ms;

	protocol_put_fail(&r->reply, r->id, user, why, reason);
	if (!is_exempt(r))
		penalty_note(r->server->penalty, &r->remote, clock_ms() + delay);
	if (!r->connection || delay == 0) {
		struct buf line = r->reply;

		r->reply = (struct buf)BUF_EMPTY;
		answer(r, &line);
		return;
	}
	r->state = REQUEST_DELAYED;
	set_timer(r, delay);
}

static void
answer_bad(struct request *r, const char *reason)
{
	struct buf line = BUF_EMPTY;

	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_BAD, span_of(reason));
	answer(r, &line);
}

void
request_unavailable(struct request *r, const char *trouble)
{
	struct buf line = BUF_EMPTY;

	trouble_tell(r->server->trouble, span_of(trouble));
	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
	answer(r, &line);
}

static void
drop(struct request *r)
{
	if (r->state == REQUEST_AT_WORKER) {
		leave_connection(r); /* its verdict still is logged */
		return;
	}
	if (r->state == REQUEST_QUEUED)
		pool_withdraw(r);
	free_request(r);
}

/* A connection has one login: what else was asked on it is forgotten. */
static void
leave_others(struct request *r)
{
	struct request *other = TAILQ_FIRST(&r->connection->requests), *next;

	for (; other; other = next) {
		next = TAILQ_NEXT(other, in_connection);
		if (other != r)
			drop(other);
	}
}

static const char limit_text[] =
	"Maximum number of connections from user+IP exceeded (mail_max_userip_connections)";

/*
 * The password is right.  On the login socket the connection now is the session's place in the
 * list.
 */
static void
accept_user(struct request *r, const struct check_result *result)
{
	struct protocol_user user = { result->uid, result->gid, result->home, result->mail };
	struct server *s = r->server;
	struct connection *c = r->connection;
	struct buf line = BUF_EMPTY;
	size_t most = (size_t)s->settings.user_ip_limit;
	bool is_login = c && c->kind == LISTENER_LOGIN;

	if (is_login && most > 0 &&
	    sessions_count(s->sessions, result->user, r->service, &r->remote) >= most) {
		log_verdict(r, result->driver.at ? result->driver : span_of("auth"), result->user,
		            span_of(limit_text));
		protocol_put_fail(&line, r->id, result->user, FAILURE_REFUSED, span_of(limit_text));
		answer(r, &line);
		return;
	}
	if (is_login) {
		leave_others(r);
		c->session =
			sessions_add(s->sessions, result->user, r->service, &r->remote, c->pid);
	}
	protocol_put_ok(&line, r->id, result->user, is_login ? &user : NULL);
	answer(r, &line);
}

void
request_verdict(struct request *r, const struct check_result *result)
{
	struct buf line = BUF_EMPTY;

	event_del(r->timer);
	if (result->trouble.at)
		trouble_tell(r->server->trouble, result->trouble);
	switch (result->verdict) {
	case CHECK_OK:
		accept_user(r, result);
		return;
	case CHECK_FAILED:
		log_verdict(r, result->driver, result->user, result->line);
		refuse(r, result->user, FAILURE_WRONG, SPAN_NONE);
		return;
	case CHECK_REFUSED:
		log_verdict(r, result->driver, result->user, result->line);
		refuse(r, result->user, FAILURE_REFUSED, result->reason);
		return;
	default:
		protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
		answer(r, &line);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	struct request *r = context;
	struct buf line = r->reply;

	(void)fd;
	(void)what;
	switch (r->state) {
	case REQUEST_DIALOGUE:
		answer_bad(r, "The authentication took too long");
		return;
	case REQUEST_HELD:
		r->state = REQUEST_QUEUED;
		set_timer(r, LIMIT_AUTH_SECONDS * 1000);
		pool_submit(r);
		return;
	case REQUEST_QUEUED:
		pool_withdraw(r);
		request_unavailable(r, "requests wait in vain: every worker was busy for 10 "
		                       "seconds; is the database slow?");
		return;
	case REQUEST_AT_WORKER:
		pool_withdraw(r);
		request_unavailable(r, "a worker had no verdict within 10 seconds and is replaced; "
		                       "is the database slow?");
		return;
	case REQUEST_DELAYED:
		r->reply = (struct buf)BUF_EMPTY;
		answer(r, &line);
		return;
	}
}

/* User and password are there.  A network that has just failed is heard when its delay is over. */
static void
check(struct request *r)
{
	int64_t now = clock_ms(),
		until = is_exempt(r) ? 0 : penalty_until(r->server->penalty, &r->remote);

	if (until > now) {
		r->state = REQUEST_HELD;
		set_timer(r, until - now);
		return;
	}
	r->state = REQUEST_QUEUED;
	set_timer(r, LIMIT_AUTH_SECONDS * 1000);
	pool_submit(r);
}

static void
ask(struct request *r)
{
	struct buf line = BUF_EMPTY;

	protocol_put_cont(&line, r->id, r->dialogue.challenge);
	if (r->connection)
		connection_send(r->connection, &line);
	buf_free(&line);
}

static void
step(struct request *r, struct span response)
{
	struct span name = span_of(r->mechanism->name);

	switch (r->mechanism->step(&r->dialogue, response)) {
	case MECHANISM_ASK:
		ask(r);
		return;
	case MECHANISM_CHECK:
		check(r);
		return;
	case MECHANISM_FAIL:
		log_verdict(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (not what the mechanism wants)"));
		refuse(r, SPAN_NONE, FAILURE_WRONG, SPAN_NONE);
		return;
	case MECHANISM_AUTHZ:
		log_verdict(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (asks to act for another user)"));
		refuse(r, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
		return;
	}
}

/* Decodes where the line stands. */
static void
decode_and_step(struct request *r, struct span response)
{
	size_t len;

	if (!base64_decode(response, (char *)(size_t)response.at, &len)) {
		answer_bad(r, "Invalid base64 data in the response");
		return;
	}
	step(r, span_make(response.at, len));
}

static char *
text_of(struct span s)
{
	char *text = calloc(1, s.len + 1);

	if (!text)
		die("out of memory: a request");
	if (s.len > 0)
		memcpy(text, s.at, s.len);
	return text;
}

static struct request *
make_request(struct connection *c, const struct protocol_command *command,
             const struct mechanism *mechanism)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		die("out of memory: a request");
	*r = (struct request){
		.server = c->server, .connection = c, .id = command->number, .mechanism = mechanism
	};
	r->service = text_of(command->service);
	r->session = text_of(command->session);
	r->remote_ip = text_of(command->remote_ip);
	r->local_ip = text_of(command->local_ip);
	net_address_parse(r->remote_ip, &r->remote);
	r->lane = queue_lane(&r->remote, (uint32_t)c->uid);
	r->timer = event_new(c->server->base, -1, 0, on_timer, r);
	if (!r->timer)
		die("out of memory: the timer of a request");
	TAILQ_INSERT_TAIL(&c->requests, r, in_connection);
	c->request_count++;
	set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
	return r;
}

static struct request *
find_request(const struct connection *c, uint32_t id)
{
	struct request *r;

	TAILQ_FOREACH(r, &c->requests, in_connection)
		if (r->id == id)
			return r;
	return NULL;
}

/* An answer for an AUTH that does not become a request. */
static bool
turn_away(struct connection *c, uint32_t id, enum protocol_failure why, const char *reason)
{
	struct buf line = BUF_EMPTY;

	protocol_put_fail(&line, id, SPAN_NONE, why, span_of(reason));
	connection_send(c, &line);
	buf_free(&line);
	return true;
}

bool
request_begin(struct connection *c, const struct protocol_command *command)
{
	const struct mechanism *m =
		mechanism_find(command->mechanism, c->server->settings.mechanisms);
	struct request *r;

	if (find_request(c, command->number))
		return false;
	if (c->request_count >= LIMIT_AUTH_REQUESTS)
		return turn_away(c, command->number, FAILURE_TEMPORARY, NULL);
	if (!m)
		return turn_away(c, command->number, FAILURE_REFUSED,
		                 "Unsupported authentication mechanism.");
	r = make_request(c, command, m);
	if (!command->response.at)
		step(r, SPAN_NONE);
	else if (span_is(command->response, "=")) /* RFC 4959: an initial response that is empty */
		step(r, span_of(""));
	else
		decode_and_step(r, command->response);
	return true;
}

bool
request_go_on(struct connection *c, const struct protocol_command *command)
{
	struct request *r = find_request(c, command->number);

	if (!r || r->state != REQUEST_DIALOGUE)
		return false;
	decode_and_step(r, command->response);
	return true;
}

void
request_cancel(struct connection *c, uint32_t id)
{
	struct request *r = find_request(c, id);

	if (r)
		drop(r);
}

void
request_orphan(struct request *r)
{
	drop(r);
}
