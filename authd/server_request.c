/*
 * server_request.c - one AUTH from its first line to its answer
 *
 *	DIALOGUE -> (HELD ->) QUEUED -> AT_WORKER -> answered, or DELAYED -> answered
 *
 * Mechanisms that ask twice go round from AT_WORKER to DIALOGUE.  What becomes of a verdict
 * stands in server_verdict.c.
 */
#include "authd/server_request.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "authd/queue.h"
#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"

void
request_set_timer(struct request *r, int64_t ms)
{
	struct timeval wait = { ms / 1000, (ms % 1000) * 1000 };

	event_add(r->timer, &wait);
}

static struct penalty_rules
rules_of(const struct server *s)
{
	return (struct penalty_rules){ (int64_t)s->settings.delay_ms,
		                       (int64_t)s->settings.penalty_ms };
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

/* What the same password gives again, and another one does not: of no use to anybody else. */
static uint32_t
proof_of(const struct request *r)
{
	unsigned char key[CACHE_KEY];
	uint32_t proof;

	cache_key(r->server->cache, buf_view(&r->dialogue.secret), key);
	memcpy(&proof, key, sizeof(proof));
	return proof;
}

void
request_leave_penalty(struct request *r, enum penalty_outcome outcome)
{
	struct penalty_rules rules = rules_of(r->server);

	if (r->ticket.is_entered)
		penalty_leave(r->server->penalty, &rules, &r->ticket, outcome, proof_of(r),
		              clock_ms());
}

void
request_free(struct request *r)
{
	leave_connection(r);
	request_leave_penalty(r, PENALTY_NOTHING);
	dialogue_free(&r->dialogue);
	event_free(r->timer);
	buf_free(&r->reply);
	buf_free(&r->verdict);
	free(r->service);
	free(r->session);
	free(r->remote_ip);
	free(r->local_ip);
	free(r->challenge);
	free(r->cert_user);
	free(r);
}

void
request_answer(struct request *r, struct buf *line)
{
	if (r->connection)
		connection_send(r->connection, line);
	buf_free(line);
	request_free(r);
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
	request_free(r);
}

/* A connection has one login: what else was asked on it is forgotten. */
void
request_leave_others(struct request *r)
{
	struct request *other = TAILQ_FIRST(&r->connection->requests), *next;

	for (; other; other = next) {
		next = TAILQ_NEXT(other, in_connection);
		if (other != r)
			drop(other);
	}
}

bool
request_is_exempt(const struct request *r)
{
	return !r->remote.known || net_address_is_loopback(&r->remote) ||
	       net_is_in(&r->remote, r->server->settings.trusted);
}

void
request_ask(struct request *r)
{
	struct buf line = BUF_EMPTY;

	r->state = REQUEST_DIALOGUE;
	protocol_put_cont(&line, r->id, buf_view(&r->dialogue.challenge));
	if (r->connection)
		connection_send(r->connection, &line);
	buf_free(&line);
}

void
request_answer_bad(struct request *r, const char *reason)
{
	struct buf line = BUF_EMPTY;

	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_BAD, span_of(reason));
	request_answer(r, &line);
}

/* --- to the workers -------------------------------------------------------------------------- */

struct check
request_check(const struct request *r)
{
	const struct dialogue *d = &r->dialogue;
	bool is_login = r->connection && r->connection->kind == LISTENER_LOGIN;

	return (struct check){
		.user = d->user.data ? buf_view(&d->user) : span_of(""),
		.secret = d->secret.data ? buf_view(&d->secret) : span_of(""),
		.authzid = d->authzid.len > 0 ? buf_view(&d->authzid) : SPAN_NONE,
		.challenge = d->context.data ? buf_view(&d->context) : SPAN_NONE,
		.mechanism = span_of(r->mechanism->name),
		.service = span_of(r->service),
		.remote_ip = span_of(r->remote_ip),
		.local_ip = span_of(r->local_ip),
		.stage = span_of(d->stage ? d->stage : ""),
		.wants_user = span_of(is_login ? "yes" : "no"),
	};
}

static void
submit(struct request *r)
{
	r->state = REQUEST_QUEUED;
	request_set_timer(r, LIMIT_AUTH_SECONDS * 1000);
	pool_submit(r);
}

/*
 * All that a worker needs is there.  Where somebody guesses, the attempt is heard when its
 * pause is over; asking for a salt is no attempt yet.
 */
static void
check(struct request *r)
{
	struct server *s = r->server;
	struct penalty_rules rules = rules_of(s);
	bool is_attempt = !r->dialogue.stage || !r->dialogue.stage[0];
	int64_t wait = 0;

	if (is_attempt && !request_is_exempt(r) && !r->ticket.is_entered)
		wait = penalty_enter(s->penalty, &rules, &r->remote, buf_view(&r->dialogue.user),
		                     clock_ms(), &r->ticket);
	if (wait > 0) {
		s->held += r->state != REQUEST_HELD;
		r->state = REQUEST_HELD;
		request_set_timer(r, wait);
		return;
	}
	if (is_attempt && request_answer_from_cache(r))
		return;
	submit(r);
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
		request_answer_bad(r, "The dialogue took too long");
		return;
	case REQUEST_HELD:
		check(r);
		return;
	case REQUEST_QUEUED:
		pool_withdraw(r);
		request_unavailable(r, "requests wait in vain: every worker was busy for 10 "
		                       "seconds; is the database slow?");
		return;
	case REQUEST_AT_WORKER:
		pool_withdraw(r);
		if (!request_serve_stale(r))
			request_unavailable(r, "a worker had no verdict within 10 seconds and is "
			                       "replaced; is the database slow?");
		return;
	case REQUEST_DELAYED:
		r->reply = (struct buf)BUF_EMPTY;
		request_answer(r, &line);
		return;
	}
}

/* --- the dialogue ---------------------------------------------------------------------------- */

/* The client's last word has come: what was found before it holds. */
static void
conclude(struct request *r)
{
	struct check_result result;
	struct buf message = r->verdict;

	if (r->is_refused) {
		request_tell_refusal(r);
		return;
	}
	r->verdict = (struct buf)BUF_EMPTY;
	if (message.len > 0 && check_result_unpack(message.data, message.len, &result))
		request_accept(r, &result);
	else
		request_answer_bad(r, "The dialogue is out of order");
	buf_free(&message);
}

void
request_take_next(struct request *r, enum mechanism_next next)
{
	struct span name = span_of(r->mechanism->name);

	if (r->is_refused && next != MECHANISM_ASK)
		next = MECHANISM_DONE;
	switch (next) {
	case MECHANISM_ASK:
		request_ask(r);
		return;
	case MECHANISM_CHECK:
		check(r);
		return;
	case MECHANISM_DONE:
		conclude(r);
		return;
	case MECHANISM_FAIL:
		r->server->verdicts[CHECK_FAILED]++;
		request_log(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (not what the mechanism wants)"));
		request_refuse(r, SPAN_NONE, FAILURE_WRONG, SPAN_NONE);
		return;
	case MECHANISM_AUTHZ:
		r->server->verdicts[CHECK_AUTHZ]++;
		request_log(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (asks to act for another user)"));
		request_refuse(r, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
		return;
	}
}

static void
step(struct request *r, struct span response)
{
	request_take_next(r, r->mechanism->step(&r->dialogue, response));
}

/* Decodes where the line stands. */
static void
decode_and_step(struct request *r, struct span response)
{
	size_t len;

	if (!base64_decode(response, (char *)(size_t)response.at, &len)) {
		request_answer_bad(r, "Invalid base64 data in the response");
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

static struct span
take_binding(struct span base64, unsigned char *room, size_t most)
{
	char bytes[128];
	size_t len;

	if (!base64.at || base64.len > sizeof(bytes) || !base64_decode(base64, bytes, &len) ||
	    len == 0 || len > most)
		return SPAN_NONE;
	memcpy(room, bytes, len);
	return span_make((const char *)room, len);
}

/* What mechanisms may know beforehand; TLS and APOP's challenge are believed of a monitor only. */
static void
take_facts(struct request *r, const struct protocol_command *command)
{
	struct dialogue_facts *f = &r->dialogue.facts;
	unsigned char random[18];

	if (RAND_bytes(random, sizeof(random)) != 1)
		die("no random bytes");
	base64_encode(span_make((const char *)random, sizeof(random)), r->nonce);
	f->nonce = r->nonce;
	f->host = r->server->host;
	f->may_act_for_others = r->server->settings.has_masters;
	if (r->connection->kind != LISTENER_LOGIN)
		return;
	f->tls_exporter =
		take_binding(command->tls_exporter, r->tls_exporter, sizeof(r->tls_exporter));
	f->tls_unique = take_binding(command->tls_unique, r->tls_unique, sizeof(r->tls_unique));
	f->has_plus = f->tls_exporter.at || f->tls_unique.at;
	if (command->cert_user.at)
		f->cert_user = r->cert_user = text_of(command->cert_user);
	if (command->challenge.at)
		f->challenge = r->challenge = text_of(command->challenge);
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
	take_facts(r, command);
	TAILQ_INSERT_TAIL(&c->requests, r, in_connection);
	c->request_count++;
	request_set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
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
	if (command->response.len == 0) /* Exim writes "resp=" where its client sent none */
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
