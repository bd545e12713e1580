/*
 * server_request.c - one AUTH from its first line to its answer
 *
 *	DIALOGUE -> (HELD ->) QUEUED -> AT_WORKER -> answered, or DELAYED -> answered
 *
 * Mechanisms that ask twice go round from AT_WORKER to DIALOGUE.
 * Each attempt is one line of the log at the moment of its verdict, also when
 * the client is gone by then.  A refusal is told after auth_failure_delay;
 * what is not the client's fault is told at once and costs nobody anything.
 */
#include "authd/server.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "authd/queue.h"
#include "authd/sessions.h"
#include "authd/trouble.h"
#include "authd/user_name.h"
#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"

enum { LOG_WORD = 15 };

static void take_next(struct request *r, enum mechanism_next next);

static void
set_timer(struct request *r, int64_t ms)
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

static void
leave_penalty(struct request *r, enum penalty_outcome outcome)
{
	struct penalty_rules rules = rules_of(r->server);

	if (r->ticket.is_entered)
		penalty_leave(r->server->penalty, &rules, &r->ticket, outcome, proof_of(r),
		              clock_ms());
}

static void
free_request(struct request *r)
{
	leave_connection(r);
	leave_penalty(r, PENALTY_NOTHING);
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

static void
answer(struct request *r, struct buf *line)
{
	if (r->connection)
		connection_send(r->connection, line);
	buf_free(line);
	free_request(r);
}

/*
 * A driver or mechanism as fail2ban's filter takes it: fifteen small letters and hyphens at
 * most, so "SCRAM-SHA-256" is scram-sha and "oauth2" oauth.
 */
static const char *
word_for_log(struct span name, char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < name.len && n < LOG_WORD; i++) {
		char c = ascii_lower(name.at[i]);

		if ((c >= 'a' && c <= 'z') || c == '-')
			word[n++] = c;
	}
	while (n > 0 && word[n - 1] == '-')
		n--;
	word[n] = '\0';
	return word;
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
	char word[LOG_WORD + 1];

	if (!r->server->settings.is_verbose)
		return;
	log_info("%s(%s%s%s%s%s%s): %.*s", word_for_log(driver, word), name[0] ? name : "?", r->remote_ip[0] ? "," : "",
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

/* The line is made; it is told when the delay is over. */
static void
tell_refusal(struct request *r)
{
	int64_t delay = (int64_t)r->server->settings.delay_ms;

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
ask(struct request *r)
{
	struct buf line = BUF_EMPTY;

	r->state = REQUEST_DIALOGUE;
	protocol_put_cont(&line, r->id, buf_view(&r->dialogue.challenge));
	if (r->connection)
		connection_send(r->connection, &line);
	buf_free(&line);
}

static void
refuse(struct request *r, struct span user, enum protocol_failure why, struct span reason)
{
	leave_penalty(r, PENALTY_WRONG);
	protocol_put_fail(&r->reply, r->id, user, why, reason);
	r->is_refused = true;
	if (r->connection && r->mechanism->refused && r->mechanism->refused(&r->dialogue)) {
		set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
		ask(r);
		return;
	}
	tell_refusal(r);
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

	r->server->verdicts[CHECK_UNAVAILABLE]++;
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

/* Which limit of sessions this login would go beyond, as a sentence; NULL for none. */
static const char *
find_limit(const struct request *r, struct span user)
{
	const struct server_settings *set = &r->server->settings;
	const struct sessions *all = r->server->sessions;

	if (set->user_ip_limit > 0 &&
	    sessions_count(all, user, r->service, &r->remote) >= set->user_ip_limit)
		return "Maximum number of connections from user+IP exceeded "
		       "(mail_max_userip_connections)";
	if (set->user_limit > 0 && sessions_count_user(all, user) >= set->user_limit)
		return "Maximum number of connections from user exceeded "
		       "(mail_max_user_connections)";
	if (set->ip_limit > 0 && !is_exempt(r) &&
	    sessions_count_address(all, &r->remote) >= set->ip_limit)
		return "Maximum number of connections from IP exceeded (mail_max_ip_connections)";
	return NULL;
}

static void
turn_down(struct request *r, const struct check_result *result, const char *limit)
{
	struct buf line = BUF_EMPTY;

	r->server->limited++;
	log_verdict(r, result->driver.at ? result->driver : span_of("auth"), result->user,
	            span_of(limit));
	protocol_put_fail(&line, r->id, result->user, FAILURE_REFUSED, span_of(limit));
	answer(r, &line);
}

/*
 * The password is right.  On the login socket the connection now is the session's place in the
 * list.
 */
static void
accept_user(struct request *r, const struct check_result *result)
{
	struct protocol_user user = { result->uid,  result->gid,    result->home, result->mail,
		                      result->master, result->field, result->field_count };
	struct server *s = r->server;
	struct connection *c = r->connection;
	struct buf line = BUF_EMPTY;
	bool is_login = c && c->kind == LISTENER_LOGIN;
	const char *limit = is_login ? find_limit(r, result->user) : NULL;

	if (limit) {
		turn_down(r, result, limit);
		return;
	}
	if (result->master.at)
		log_info("master user %.*s logs in as %.*s%s%s", (int)result->master.len,
		         result->master.at, (int)result->user.len, result->user.at,
		         r->remote_ip[0] ? ", rip=" : "", r->remote_ip);
	if (is_login) {
		leave_others(r);
		c->session = sessions_add(s->sessions, result->user, r->service, r->session,
		                          &r->remote, c->pid);
	}
	protocol_put_ok(&line, r->id, result->user, is_login ? &user : NULL);
	answer(r, &line);
}

/* auth_ssl_username_from_cert: who it is for stands in the certificate. */
static bool
is_another_certs(const struct request *r, const struct check_result *result)
{
	return r->server->settings.cert_names_user && r->connection &&
	       r->connection->kind == LISTENER_LOGIN &&
	       !(r->cert_user && span_is_nocase(result->user, r->cert_user));
}

static void
fail(struct request *r, struct span driver, struct span user, struct span line)
{
	r->server->verdicts[CHECK_FAILED]++;
	log_verdict(r, driver, user, line);
	refuse(r, user, FAILURE_WRONG, SPAN_NONE);
}

/* Where the mechanism has more to say, the verdict waits for the client's last word. */
static void
on_ok(struct request *r, const struct check_result *result, struct span message)
{
	if (is_another_certs(r, result)) {
		fail(r, span_of(r->mechanism->name), result->user,
		     span_of("invalid credentials (the certificate is another user's)"));
		return;
	}
	r->server->verdicts[CHECK_OK]++;
	leave_penalty(r, PENALTY_RIGHT);
	if (!r->mechanism->go_on || !result->data.at) {
		accept_user(r, result);
		return;
	}
	buf_span(&r->verdict, message);
	set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
	take_next(r, r->mechanism->go_on(&r->dialogue, result->data));
}

static void
on_continue(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	if (!r->connection) {
		free_request(r);
		return;
	}
	set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
	take_next(r, r->mechanism->go_on ? r->mechanism->go_on(&r->dialogue, result->data) :
	                                   MECHANISM_FAIL);
}

static void
on_failed(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	fail(r, result->driver, result->user, result->line);
}

static void
on_authz(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	r->server->verdicts[CHECK_AUTHZ]++;
	log_verdict(r, result->driver, result->user, result->line);
	refuse(r, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
}

static void
on_refused(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	r->server->verdicts[CHECK_REFUSED]++;
	log_verdict(r, result->driver, result->user, result->line);
	refuse(r, result->user, FAILURE_REFUSED, result->reason);
}

/* auth_cache_stale_ttl: what was right a while ago, when nobody can say whether it still is. */
static bool
serve_stale(struct request *r)
{
	const struct server_settings *set = &r->server->settings;
	struct check_result result;
	struct span kept;
	struct buf message = BUF_EMPTY;
	int64_t age;
	bool is_right;

	if (!r->has_cache_key || set->cache_stale_ms == 0)
		return false;
	kept = cache_find(r->server->cache, r->cache_key, clock_ms(), &age);
	if (!kept.at || age > (int64_t)(set->cache_ms + set->cache_stale_ms))
		return false;
	buf_span(&message, kept);
	is_right = check_result_unpack(message.data, message.len, &result) &&
	           result.verdict == CHECK_OK;
	if (is_right) {
		log_warning("user %.*s is let in by an answer %d seconds old: no database "
		            "answers (auth_cache_stale_ttl)",
		            (int)result.user.len, result.user.at, (int)(age / 1000));
		on_ok(r, &result, kept);
	}
	buf_free(&message);
	return is_right;
}

static void
on_unavailable(struct request *r, const struct check_result *result, struct span message)
{
	struct buf line = BUF_EMPTY;

	(void)result;
	(void)message;
	if (serve_stale(r))
		return;
	r->server->verdicts[CHECK_UNAVAILABLE]++;
	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
	answer(r, &line);
}

static void (*const on_verdict[])(struct request *r, const struct check_result *result,
                                  struct span message) = {
	[CHECK_OK] = on_ok,           [CHECK_CONTINUE] = on_continue,
	[CHECK_FAILED] = on_failed,   [CHECK_AUTHZ] = on_authz,
	[CHECK_REFUSED] = on_refused, [CHECK_UNAVAILABLE] = on_unavailable,
	[CHECK_STALE] = on_unavailable,
};

void
request_verdict(struct request *r, const struct check_result *result, struct span message)
{
	event_del(r->timer);
	if (result->trouble.at)
		trouble_tell(r->server->trouble, result->trouble);
	on_verdict[result->verdict](r, result, message);
}

/* --- what is kept of answers -------------------------------------------------------------------- */

static bool
is_cached_kind(const struct request *r)
{
	return r->server->settings.cache_bytes > 0 && r->mechanism->is_password;
}

static void
make_cache_key(struct request *r)
{
	struct check c = request_check(r);
	struct buf question = BUF_EMPTY;

	buf_reserve(&question, LIMIT_PASSWORD + LIMIT_LINE / 16);
	check_pack(&c, &question);
	cache_key(r->server->cache, buf_view(&question), r->cache_key);
	r->has_cache_key = true;
	buf_wipe_free(&question);
}

/* Seconds that such an answer holds. */
static int64_t
time_to_live(const struct request *r, enum check_verdict verdict)
{
	const struct server_settings *set = &r->server->settings;

	return verdict == CHECK_OK     ? (int64_t)set->cache_ms :
	       verdict == CHECK_FAILED ? (int64_t)set->cache_negative_ms :
	                                 0;
}

/* A kept answer takes a worker's place. */
static bool
answer_from_cache(struct request *r)
{
	struct check_result result;
	struct buf message = BUF_EMPTY;
	struct span kept = SPAN_NONE;
	int64_t age = 0;
	bool is_hit;

	if (!is_cached_kind(r))
		return false;
	make_cache_key(r);
	kept = cache_find(r->server->cache, r->cache_key, clock_ms(), &age);
	if (kept.at)
		buf_span(&message, kept);
	is_hit = kept.at && check_result_unpack(message.data, message.len, &result) &&
	         age < time_to_live(r, result.verdict);
	cache_count(r->server->cache, is_hit);
	if (is_hit)
		request_verdict(r, &result, kept);
	buf_free(&message);
	return is_hit;
}

void
request_keep_answer(struct request *r, const struct check_result *result, struct span message)
{
	int64_t now = clock_ms();

	if (r->has_cache_key && time_to_live(r, result->verdict) > 0 && !result->trouble.at)
		cache_keep(r->server->cache, r->cache_key, result->user, message, now);
}

/* --- to the workers ----------------------------------------------------------------------------- */

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
	set_timer(r, LIMIT_AUTH_SECONDS * 1000);
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

	if (is_attempt && !is_exempt(r) && !r->ticket.is_entered)
		wait = penalty_enter(s->penalty, &rules, &r->remote, buf_view(&r->dialogue.user),
		                     clock_ms(), &r->ticket);
	if (wait > 0) {
		s->held += r->state != REQUEST_HELD;
		r->state = REQUEST_HELD;
		set_timer(r, wait);
		return;
	}
	if (is_attempt && answer_from_cache(r))
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
		answer_bad(r, "The dialogue took too long");
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
		if (!serve_stale(r))
			request_unavailable(r, "a worker had no verdict within 10 seconds and is "
			                       "replaced; is the database slow?");
		return;
	case REQUEST_DELAYED:
		r->reply = (struct buf)BUF_EMPTY;
		answer(r, &line);
		return;
	}
}

/* --- the dialogue ------------------------------------------------------------------------------- */

/* The client's last word has come: what was found before it holds. */
static void
conclude(struct request *r)
{
	struct check_result result;
	struct buf message = r->verdict;

	if (r->is_refused) {
		tell_refusal(r);
		return;
	}
	r->verdict = (struct buf)BUF_EMPTY;
	if (message.len > 0 && check_result_unpack(message.data, message.len, &result))
		accept_user(r, &result);
	else
		answer_bad(r, "The dialogue is out of order");
	buf_free(&message);
}

static void
take_next(struct request *r, enum mechanism_next next)
{
	struct span name = span_of(r->mechanism->name);

	if (r->is_refused && next != MECHANISM_ASK)
		next = MECHANISM_DONE;
	switch (next) {
	case MECHANISM_ASK:
		ask(r);
		return;
	case MECHANISM_CHECK:
		check(r);
		return;
	case MECHANISM_DONE:
		conclude(r);
		return;
	case MECHANISM_FAIL:
		r->server->verdicts[CHECK_FAILED]++;
		log_verdict(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (not what the mechanism wants)"));
		refuse(r, SPAN_NONE, FAILURE_WRONG, SPAN_NONE);
		return;
	case MECHANISM_AUTHZ:
		r->server->verdicts[CHECK_AUTHZ]++;
		log_verdict(r, name, buf_view(&r->dialogue.user),
		            span_of("invalid credentials (asks to act for another user)"));
		refuse(r, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
		return;
	}
}

static void
step(struct request *r, struct span response)
{
	take_next(r, r->mechanism->step(&r->dialogue, response));
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
