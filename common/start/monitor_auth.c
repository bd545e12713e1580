/*
 * monitor_auth.c - logging in: from the greeter's packets to authd and back
 *
 * The greeter knows no more than the verdict and its text.  Everything that is
 * given to authd about the connection comes from the monitor.
 */
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/start/monitor_inside.h"

enum { AUTH_WAIT_MS = 15 * 1000 };

bool
monitor_has_mechanism(const struct monitor *m, const char *name)
{
	struct span rest = span_of(m->p->settings->auth_mechanisms), each;

	while (span_split(&rest, ' ', &each))
		if (span_is_nocase(each, name))
			return true;
	return false;
}

static const enum greeter_verdict verdicts[] = {
	[AUTH_OK] = VERDICT_OK,
	[AUTH_CONTINUE] = VERDICT_CONTINUE,
	[AUTH_FAILED] = VERDICT_FAILED,
	[AUTH_REFUSED] = VERDICT_REFUSED,
	[AUTH_UNAVAILABLE] = VERDICT_UNAVAILABLE,
	[AUTH_BAD] = VERDICT_BAD,
};

static int64_t
auth_deadline(const struct monitor *m)
{
	int64_t soon = clock_ms() + AUTH_WAIT_MS;

	return soon < m->deadline ? soon : m->deadline;
}

static struct auth_answer
ask(struct monitor *m, const struct auth_request *request)
{
	const char *why = "", *path = arena_printf(&m->mem, "%s/login", m->p->settings->base_dir);

	if (!m->authd)
		m->authd = auth_client_open(path, auth_deadline(m), &m->mem, &why);
	if (!m->authd) {
		log_error("authd cannot be reached at %s (base_dir): %s", path, why);
		return (struct auth_answer){ .verdict = AUTH_UNAVAILABLE };
	}
	return auth_client_ask(m->authd, request, auth_deadline(m), &m->mem);
}

/* Refusals wait, so that guessing is slow; a greeter that ends meanwhile ends the wait. */
static void
pause_after_failure(struct monitor *m)
{
	int64_t until = clock_ms() + (int64_t)m->p->settings->auth_failure_delay * 1000;

	monitor_wait(m->greeter.channel, until < m->deadline ? until : m->deadline);
}

static void
pass_on(struct monitor *m)
{
	const struct auth_answer *a = &m->answer;
	struct span text = a->verdict == AUTH_CONTINUE ? a->challenge : span_of(a->reason);

	if (a->verdict == AUTH_UNAVAILABLE)
		m->authd = auth_client_close(m->authd);
	if (a->verdict == AUTH_FAILED || a->verdict == AUTH_REFUSED || a->verdict == AUTH_BAD) {
		m->facts.failures++;
		pause_after_failure(m);
	}
	if (text.len > sizeof(m->reply.text))
		text = SPAN_NONE;
	m->reply.verdict = (uint32_t)verdicts[a->verdict];
	m->reply.is_last = m->facts.failures >= LIMIT_GREETER_FAILURES;
	m->reply.text_len = (uint32_t)text.len;
	if (text.len > 0)
		memcpy(m->reply.text, text.at, text.len);
	/* one packet: a greeter that is gone shows at the next read */
	send(m->greeter.channel, &m->reply, GREETER_REPLY_HEAD + text.len, MSG_NOSIGNAL);
}

static struct auth_answer
refuse_mechanism(struct monitor *m)
{
	m->facts.mechanism[0] = '\0';
	return (struct auth_answer){ .verdict = AUTH_REFUSED,
		                     .reason = "Unsupported authentication mechanism." };
}

enum monitor_outcome
monitor_on_auth(struct monitor *m, const struct greeter_message *in)
{
	struct span mechanism = greeter_message_name(in);
	struct auth_request request = {
		.service = m->p->service->name,
		.mechanism = m->facts.mechanism,
		.response = greeter_message_data(in),
		.remote = m->facts.remote,
		.local = m->facts.local,
		.session_id = m->session_id,
		.is_secured = m->facts.is_secured,
		.is_tls = m->facts.is_tls,
	};

	/* 31 bytes at most; looked up before it is used */
	memset(m->facts.mechanism, 0, sizeof(m->facts.mechanism));
	memcpy(m->facts.mechanism, mechanism.at, mechanism.len);
	login_log_set_user(&m->facts, greeter_message_user(in));
	if (monitor_has_mechanism(m, m->facts.mechanism))
		m->answer = ask(m, &request);
	else
		m->answer = refuse_mechanism(m);
	pass_on(m);
	return MONITOR_GOING_ON;
}

enum monitor_outcome
monitor_on_cont(struct monitor *m, const struct greeter_message *in)
{
	if (in->user_len > 0)
		login_log_set_user(&m->facts, greeter_message_user(in));
	m->answer = auth_client_respond(m->authd, greeter_message_data(in), auth_deadline(m),
	                                &m->mem);
	pass_on(m);
	return MONITOR_GOING_ON;
}

/* What authd still keeps of the exchange goes with the connection to it. */
enum monitor_outcome
monitor_on_cancel(struct monitor *m, const struct greeter_message *in)
{
	(void)in;
	m->authd = auth_client_close(m->authd);
	m->answer.verdict = AUTH_BAD;
	m->facts.failures++;
	return MONITOR_GOING_ON;
}

bool
monitor_may_ask(const struct monitor *m)
{
	return m->is_plaintext_allowed && !m->expects_proxy && m->answer.verdict != AUTH_OK &&
	       m->facts.failures < LIMIT_GREETER_FAILURES;
}

bool
monitor_may_go_on(const struct monitor *m)
{
	return m->answer.verdict == AUTH_CONTINUE && m->authd;
}
