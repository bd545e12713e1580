/*
 * monitor_auth.c - logging in: from the greeter's packets to authd and back
 *
 * The greeter knows no more than the verdict and its text.  Everything that is
 * given to authd about the connection comes from the monitor.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/start/monitor_inside.h"
#include "common/start/sasl_names.h"

enum { AUTH_WAIT_MS = 15 * 1000 };

/* What mechanisms find on this connection (sasl_names.h). */
static unsigned
traits_here(const struct monitor *m)
{
	const struct pump_report *r = &m->report;
	bool has_binding = r->has_exporter || r->unique_len > 0;

	return (m->is_plaintext_allowed ? SASL_SHOWN : 0u) |
	       (m->facts.is_tls && r->has_cert ? SASL_CERT : 0u) |
	       (m->facts.is_tls && has_binding ? SASL_BINDING : 0u);
}

uint32_t
monitor_mechanisms(const struct monitor *m)
{
	return sasl_names_usable(m->p->settings->auth_mechanisms, traits_here(m));
}

static bool
is_among(uint32_t mechanisms, const char *name)
{
	size_t number = sasl_name_find(span_of(name));

	return number < SASL_NAMES_MOST && (mechanisms >> number & 1);
}

/* One for each connection: what RFC 1939 wants of it, and nothing that could be foreseen. */
static void
make_apop(struct monitor *m)
{
	unsigned char random[12];
	char text[BASE64_ROOM(sizeof(random))], host[64] = "localhost";
	size_t n;

	if (m->apop[0] || !random_bytes(random, sizeof(random)))
		return;
	gethostname(host, sizeof(host) - 1);
	n = base64_encode(span_make((char *)random, sizeof(random)), text);
	snprintf(m->apop, sizeof(m->apop), "<%.*s@%s>", (int)n, text, host);
}

void
monitor_tell_mechanisms(struct monitor *m, struct greeter_facts *f)
{
	const char *words = m->p->settings->auth_mechanisms;

	f->mechanisms = monitor_mechanisms(m);
	f->mechanisms_with_tls = sasl_names_usable(words, SASL_SHOWN) & ~f->mechanisms;
	f->has_plain = is_among(f->mechanisms, "PLAIN");
	f->has_login = is_among(f->mechanisms, "LOGIN");
	if (!is_among(f->mechanisms, "APOP"))
		return;
	make_apop(m);
	memcpy(f->apop, m->apop, sizeof(f->apop));
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

	auth_client_stop = &monitor_terminated;
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

/* auth_ssl_require_client_cert: where there is none, nobody logs in. */
static bool
lacks_cert(const struct monitor *m)
{
	return m->p->settings->auth_ssl_require_client_cert && !m->report.has_cert;
}

static struct auth_answer
refuse_without_cert(void)
{
	return (struct auth_answer){ .verdict = AUTH_REFUSED,
		                     .reason = "A client certificate is required." };
}

/* What the pump found out of TLS. */
static void
put_proofs(const struct monitor *m, struct auth_request *request)
{
	const struct pump_report *r = &m->report;

	if (r->has_exporter)
		request->tls_exporter = span_make((const char *)r->exporter, sizeof(r->exporter));
	if (r->unique_len > 0 && r->unique_len <= sizeof(r->unique))
		request->tls_unique = span_make((const char *)r->unique, r->unique_len);
	if (r->has_cert)
		request->cert_user = r->cert_user;
	if (m->apop[0])
		request->challenge = m->apop;
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
	put_proofs(m, &request);
	if (!is_among(monitor_mechanisms(m), m->facts.mechanism))
		m->answer = refuse_mechanism(m);
	else if (lacks_cert(m))
		m->answer = refuse_without_cert();
	else
		m->answer = ask(m, &request);
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
	return !m->expects_proxy && m->answer.verdict != AUTH_OK &&
	       m->facts.failures < LIMIT_GREETER_FAILURES;
}

bool
monitor_may_go_on(const struct monitor *m)
{
	return m->answer.verdict == AUTH_CONTINUE && m->authd;
}
