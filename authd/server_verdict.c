/*
 * server_verdict.c - what becomes of a verdict: log, answer, penalty, cache
 *
 * Each attempt is one line of the log at the moment of its verdict, also when
 * the client is gone by then.  A refusal is told after auth_failure_delay;
 * what is not the client's fault is told at once and costs nobody anything.
 */
#include "authd/server_request.h"

#include "authd/sessions.h"
#include "authd/trouble.h"
#include "authd/user_name.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"

enum { LOG_WORD = 15 };

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
void
request_log(const struct request *r, struct span driver, struct span user, struct span text)
{
	struct arena mem = ARENA_EMPTY;
	const char *name = user_name_for_log(user, &mem);
	char word[LOG_WORD + 1];

	if (!r->server->settings.is_verbose)
		return;
	log_info("%s(%s%s%s%s%s%s): %.*s", word_for_log(driver, word), name[0] ? name : "?",
	         r->remote_ip[0] ? "," : "", r->remote_ip, r->session[0] ? ",<" : "", r->session,
	         r->session[0] ? ">" : "", (int)text.len, text.at);
	arena_free(&mem);
}

/* The line is made; it is told when the delay is over. */
void
request_tell_refusal(struct request *r)
{
	int64_t delay = (int64_t)r->server->settings.delay_ms;

	if (!r->connection || delay == 0) {
		struct buf line = r->reply;

		r->reply = (struct buf)BUF_EMPTY;
		request_answer(r, &line);
		return;
	}
	r->state = REQUEST_DELAYED;
	request_set_timer(r, delay);
}

void
request_refuse(struct request *r, struct span user, enum protocol_failure why, struct span reason)
{
	request_leave_penalty(r, PENALTY_WRONG);
	protocol_put_fail(&r->reply, r->id, user, why, reason);
	r->is_refused = true;
	if (r->connection && r->mechanism->refused && r->mechanism->refused(&r->dialogue)) {
		request_set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
		request_ask(r);
		return;
	}
	request_tell_refusal(r);
}

void
request_unavailable(struct request *r, const char *trouble)
{
	struct buf line = BUF_EMPTY;

	r->server->verdicts[CHECK_UNAVAILABLE]++;
	trouble_tell(r->server->trouble, span_of(trouble));
	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
	request_answer(r, &line);
}

/* A limit of sessions, and which sessions of the user may end in favour of another. */
struct session_limit {
	const char               *sentence;
	uint64_t                  most;
	const char               *service; /* NULL: of any */
	const struct net_address *remote;  /* NULL: from anywhere */
};

/* Which limit of sessions this login would go beyond; false for none. */
static bool
find_limit(const struct request *r, struct span user, struct session_limit *out)
{
	const struct server_settings *set = &r->server->settings;
	const struct sessions *all = r->server->sessions;

	if (set->user_ip_limit > 0 &&
	    sessions_count(all, user, r->service, &r->remote) >= set->user_ip_limit)
		*out = (struct session_limit){ "Maximum number of connections from user+IP "
			                       "exceeded (mail_max_userip_connections)",
			                       set->user_ip_limit, r->service, &r->remote };
	else if (set->user_limit > 0 && sessions_count_user(all, user) >= set->user_limit)
		*out = (struct session_limit){ "Maximum number of connections from user "
			                       "exceeded (mail_max_user_connections)",
			                       set->user_limit, NULL, NULL };
	else if (set->ip_limit > 0 && !request_is_exempt(r) &&
	         sessions_count_address(all, &r->remote) >= set->ip_limit)
		*out = (struct session_limit){ "Maximum number of connections from IP "
			                       "exceeded (mail_max_ip_connections)",
			                       set->ip_limit, NULL, &r->remote };
	else
		return false;
	return true;
}

/*
 * mail_limit_closes_oldest: the user's own oldest session makes room, never another user's.  False
 * where he has none, or where as many as the limit have been told to end and have not yet: who
 * does not go cannot be made more by coming again.
 */
static bool
make_room(struct request *r, struct span user, const struct session_limit *limit)
{
	struct server *s = r->server;
	struct session *oldest;

	if (!s->settings.closes_oldest)
		return false;
	oldest = sessions_oldest(s->sessions, user, limit->service, limit->remote, limit->most);
	if (!oldest)
		return false;
	log_info("user %s: the oldest session <%s> (process %d) is ended for a new one: %s",
	         oldest->user, oldest->id, (int)oldest->pid, limit->sentence);
	sessions_end(s->sessions, oldest);
	server_ask_end(s, oldest);
	return true;
}

/* The sentence of a refusal; NULL where there is room, or has been made. */
static const char *
judge_limits(struct request *r, struct span user)
{
	struct session_limit limit;

	while (find_limit(r, user, &limit))
		if (!make_room(r, user, &limit))
			return limit.sentence;
	return NULL;
}

static void
turn_down(struct request *r, const struct check_result *result, const char *limit)
{
	struct buf line = BUF_EMPTY;

	r->server->limited++;
	request_log(r, result->driver.at ? result->driver : span_of("auth"), result->user,
	            span_of(limit));
	protocol_put_fail(&line, r->id, result->user, FAILURE_REFUSED, span_of(limit));
	request_answer(r, &line);
}

/*
 * The password is right.  On the login socket the connection now is the session's place in the
 * list.
 */
void
request_accept(struct request *r, const struct check_result *result)
{
	struct protocol_user user = { result->uid,  result->gid,    result->home, result->mail,
		                      result->master, result->field, result->field_count };
	struct server *s = r->server;
	struct connection *c = r->connection;
	struct buf line = BUF_EMPTY;
	bool is_login = c && c->kind == LISTENER_LOGIN;
	const char *limit = is_login ? judge_limits(r, result->user) : NULL;

	if (limit) {
		turn_down(r, result, limit);
		return;
	}
	if (result->master.at)
		log_info("master user %.*s logs in as %.*s%s%s", (int)result->master.len,
		         result->master.at, (int)result->user.len, result->user.at,
		         r->remote_ip[0] ? ", rip=" : "", r->remote_ip);
	if (is_login) {
		request_leave_others(r);
		c->session = sessions_add(s->sessions, result->user, r->service, r->session,
		                          &r->remote, c->pid, c->fd);
	}
	protocol_put_ok(&line, r->id, result->user, is_login ? &user : NULL);
	request_answer(r, &line);
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
	request_log(r, driver, user, line);
	request_refuse(r, user, FAILURE_WRONG, SPAN_NONE);
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
	request_leave_penalty(r, PENALTY_RIGHT);
	if (!r->mechanism->go_on || !result->data.at) {
		request_accept(r, result);
		return;
	}
	buf_span(&r->verdict, message);
	request_set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
	request_take_next(r, r->mechanism->go_on(&r->dialogue, result->data));
}

static void
on_continue(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	if (!r->connection) {
		request_free(r);
		return;
	}
	request_set_timer(r, LIMIT_AUTH_DIALOGUE_SECONDS * 1000);
	request_take_next(r, r->mechanism->go_on ? r->mechanism->go_on(&r->dialogue, result->data) :
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
	request_log(r, result->driver, result->user, result->line);
	request_refuse(r, SPAN_NONE, FAILURE_AUTHZ, SPAN_NONE);
}

static void
on_refused(struct request *r, const struct check_result *result, struct span message)
{
	(void)message;
	r->server->verdicts[CHECK_REFUSED]++;
	request_log(r, result->driver, result->user, result->line);
	request_refuse(r, result->user, FAILURE_REFUSED, result->reason);
}

/* auth_cache_stale_ttl: what was right a while ago, when nobody can say whether it still is. */
bool
request_serve_stale(struct request *r)
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
	if (request_serve_stale(r))
		return;
	r->server->verdicts[CHECK_UNAVAILABLE]++;
	protocol_put_fail(&line, r->id, SPAN_NONE, FAILURE_TEMPORARY, SPAN_NONE);
	request_answer(r, &line);
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

/* --- what is kept of answers ----------------------------------------------------------------- */

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
bool
request_answer_from_cache(struct request *r)
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

