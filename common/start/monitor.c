/*
 * monitor.c - one connection from its first byte to its session
 *
 * The monitor never reads the client's socket: that is the greeter's, which has
 * no rights, or the pump's.  What it hears are the packets of greeter_message.h,
 * and each is only taken where it may come (handlers[] below).  All waiting
 * happens in monitor_wait(), under one absolute deadline.
 */
#include "common/start/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/wipe.h"
#include "common/start/descriptors.h"
#include "common/start/monitor_inside.h"
#include "common/start/privileges.h"
#include "common/start/session_start.h"

/* Sixteen characters that no other connection of this machine has: the time and the process. */
static void
make_session_id(char *id)
{
	struct timespec now;
	unsigned char raw[12];
	uint64_t word;

	clock_gettime(CLOCK_REALTIME, &now);
	word = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	memcpy(raw, &word, sizeof(word));
	word = (uint64_t)getpid();
	memcpy(raw + 8, &word, 4);
	id[base64_encode(span_make((char *)raw, sizeof(raw)), id)] = '\0';
}

/* TLS, this very machine, or a network that the administrator trusts. */
static void
judge_security(struct monitor *m)
{
	const struct settings *s = m->p->settings;
	const struct login_facts *f = &m->facts;
	bool is_here = !f->remote.known || net_address_is_loopback(&f->remote) ||
	               (net_address_equal(&f->remote, &f->local) && f->local.known);

	m->facts.is_secured = f->is_tls || m->c->is_wrapped || is_here ||
	                      net_is_in(&f->remote, s->login_trusted_networks);
	m->is_plaintext_allowed = m->facts.is_secured ||
	                          (strcmp(s->disable_plaintext_auth, "no") == 0 &&
	                           strcmp(s->ssl, "required") != 0);
}

static struct greeter_facts
facts_for_greeter(struct monitor *m)
{
	const struct settings *s = m->p->settings;
	struct greeter_facts f;

	memset(&f, 0, sizeof(f));
	f.greets = !m->is_greeted;
	f.tls_is_on = m->facts.is_tls;
	f.tls_is_offered = !m->facts.is_tls && !m->c->is_wrapped && m->p->pump.is_ready;
	f.plaintext_is_allowed = m->is_plaintext_allowed;
	monitor_tell_mechanisms(m, &f);
	f.logs_id = s->imap_id_log[0] != '\0';
	strncpy(f.greeting, s->login_greeting, sizeof(f.greeting) - 1);
	if (m->p->service->describe)
		m->p->service->describe(s, f.extra, sizeof(f.extra));
	return f;
}

/* The end without a login: one line, and the client's connection is closed with the process. */
static void __attribute__((noreturn))
finish(struct monitor *m, struct span why, const char *error, const char *last_words)
{
	greeter_process_end(&m->greeter);
	if (last_words)
		monitor_say(m->plain, last_words);
	login_log_end(&m->facts, why, error);
	auth_client_close(m->authd);
	monitor_drop_unread(m->plain);
	_exit(0);
}

static enum monitor_outcome
on_starttls(struct monitor *m, const struct greeter_message *in)
{
	(void)m;
	(void)in;
	return MONITOR_WANTS_TLS;
}

static enum monitor_outcome
on_give_back(struct monitor *m, const struct greeter_message *in)
{
	(void)m;
	(void)in;
	return MONITOR_IS_LOGGED_IN;
}

/* A line for the log, or the one text that is only remembered for the line at the end. */
static enum monitor_outcome
on_log(struct monitor *m, const struct greeter_message *in)
{
	struct span text = greeter_message_name(in), detail = greeter_message_data(in);
	char remote[NET_TEXT_ROOM];

	if (span_is(text, GREETER_PLAINTEXT_REFUSED)) {
		m->facts.was_plaintext_refused = true;
		return MONITOR_GOING_ON;
	}
	log_info("%.*s%.*s, rip=%s, session=<%s>", (int)text.len, text.at, (int)detail.len,
	         detail.at ? detail.at : "", net_address_text(&m->facts.remote, remote),
	         m->session_id);
	return MONITOR_GOING_ON;
}

static enum monitor_outcome
on_end(struct monitor *m, const struct greeter_message *in)
{
	finish(m, greeter_message_name(in), NULL, NULL);
}

static void
believe_proxy(struct monitor *m, const struct proxy_header *header)
{
	m->expects_proxy = false;
	if (!header->has_addresses)
		return;
	memcpy(m->facts.remote.byte, header->remote, sizeof(header->remote));
	memcpy(m->facts.local.byte, header->local, sizeof(header->local));
	m->facts.remote.port = header->remote_port;
	m->facts.local.port = header->local_port;
	m->facts.remote.known = m->facts.local.known = true;
}

static enum monitor_outcome
on_proxy(struct monitor *m, const struct greeter_message *in)
{
	struct proxy_header header;
	struct greeter_facts facts;

	memcpy(&header, greeter_message_data(in).at, sizeof(header));
	believe_proxy(m, &header);
	judge_security(m);
	facts = facts_for_greeter(m);
	send(m->greeter.channel, &facts, sizeof(facts), MSG_NOSIGNAL);
	return MONITOR_GOING_ON;
}

static bool
may_start_tls(const struct monitor *m)
{
	return !m->facts.is_tls && m->p->pump.is_ready && m->answer.verdict != AUTH_OK &&
	       !m->expects_proxy;
}

static bool
may_give_back(const struct monitor *m)
{
	return m->answer.verdict == AUTH_OK && m->answer.user && m->authd;
}

static bool
may_name_proxy(const struct monitor *m)
{
	return m->expects_proxy && m->in.data_len == sizeof(struct proxy_header);
}

static bool
may_always(const struct monitor *m)
{
	(void)m;
	return true;
}

static const struct handler {
	bool                 (*may)(const struct monitor *m);
	enum monitor_outcome (*run)(struct monitor *m, const struct greeter_message *in);
} handlers[GREETER_KINDS] = {
	[GREETER_AUTH]      = { monitor_may_ask, monitor_on_auth },
	[GREETER_CONT]      = { monitor_may_go_on, monitor_on_cont },
	[GREETER_CANCEL]    = { monitor_may_go_on, monitor_on_cancel },
	[GREETER_STARTTLS]  = { may_start_tls, on_starttls },
	[GREETER_GIVE_BACK] = { may_give_back, on_give_back },
	[GREETER_LOG]       = { may_always, on_log },
	[GREETER_END]       = { may_always, on_end },
	[GREETER_PROXY]     = { may_name_proxy, on_proxy },
};

static enum monitor_outcome
hear_greeter(struct monitor *m)
{
	enum monitor_waited waited = monitor_wait(m->greeter.channel, m->deadline);
	ssize_t n;

	if (waited == MONITOR_WAITED_LATE)
		finish(m, span_of("Inactivity"), NULL, m->p->service->late);
	if (waited == MONITOR_WAITED_TERMINATED)
		finish(m, span_of("Shutting down"), NULL, m->p->service->busy);
	n = recv(m->greeter.channel, &m->in, sizeof(m->in), MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return MONITOR_GOING_ON;
	if (n <= 0)
		finish(m, span_of("the greeter ended"), NULL, NULL);
	if ((size_t)n > m->in_most)
		m->in_most = (size_t)n;
	if (!greeter_message_is_whole(&m->in, (size_t)n) || !handlers[m->in.kind].may(m)) {
		log_error("the greeter sent packet %u of %zd bytes where it may not",
		          n >= 4 ? m->in.kind : 0, n);
		finish(m, span_of("greeter broke the protocol"), NULL, NULL);
	}
	return handlers[m->in.kind].run(m, &m->in);
}

static enum monitor_outcome
run_greeter(struct monitor *m)
{
	struct greeter_facts facts = facts_for_greeter(m);
	enum monitor_outcome outcome = MONITOR_GOING_ON;

	if (!greeter_process_start(&m->greeter, m->plain, &facts, m->expects_proxy, m->p->login_uid,
	                           m->p->login_gid, m->p->service->greet)) {
		log_error("no greeter can be started: %s", strerror(errno));
		finish(m, SPAN_NONE, NULL, m->p->service->busy);
	}
	while (outcome == MONITOR_GOING_ON)
		outcome = hear_greeter(m);
	m->is_greeted = true;
	greeter_process_end(&m->greeter);
	return outcome;
}

static void
note_tls(struct monitor *m, const struct pump_report *r)
{
	m->facts.is_tls = true;
	m->tls = arena_printf(&m->mem, "%.15s with cipher %.63s (%u/%u bits)", r->protocol,
	                      r->cipher, r->bits, r->of_bits);
}

/* Put the pump between the client and us, and wait for its handshake. */
static void
start_tls(struct monitor *m)
{
	int control = -1;
	struct pump_report *report = &m->report;
	enum monitor_waited waited;
	ssize_t n;

	if (!pump_start(&m->p->pump, m->c->fd, m->expects_proxy, &m->plain, &control)) {
		pump_refuse(m->c->fd);
		finish(m, SPAN_NONE, "TLS cannot be started", NULL);
	}
	close(m->c->fd);
	waited = monitor_wait(control, m->deadline);
	n = waited == MONITOR_WAITED_READABLE ?
	            recv(control, report, sizeof(*report), MSG_DONTWAIT) :
	            0;
	close(control);
	if (waited == MONITOR_WAITED_LATE)
		finish(m, span_of("Inactivity"), "TLS handshaking", NULL);
	if (waited == MONITOR_WAITED_TERMINATED || n != (ssize_t)sizeof(*report))
		finish(m, SPAN_NONE, "TLS handshaking: the pump ended", NULL);
	report->error[sizeof(report->error) - 1] = '\0';
	report->cert_user[sizeof(report->cert_user) - 1] = '\0';
	if (!report->is_done)
		finish(m, SPAN_NONE, arena_printf(&m->mem, "TLS handshaking: %s", report->error),
		       NULL);
	if (m->expects_proxy)
		believe_proxy(m, &report->proxy);
	note_tls(m, report);
	judge_security(m);
}

/* All that the session gets to know; the greeter is gone. */
static void __attribute__((noreturn))
become_session(struct monitor *m)
{
	static struct login login;
	struct session_owner owner = { m->answer.uid, m->answer.gid, m->answer.mail, false };

	login = (struct login){
		.settings = m->p->settings,
		.user = m->answer.user,
		.home = m->answer.home,
		.field = m->answer.field,
		.field_count = m->answer.field_count,
		.session_id = m->session_id,
		.mechanism = m->facts.mechanism,
		.mechanisms = monitor_mechanisms(m),
		.tls = m->tls,
		.remote = m->facts.remote,
		.local = m->facts.local,
		.is_secured = m->facts.is_secured,
		.is_plaintext_allowed = m->is_plaintext_allowed,
		.tag = arena_string(&m->mem, greeter_message_name(&m->in)),
		.unread = arena_copy(&m->mem, greeter_message_data(&m->in)),
		.client = m->plain,
		.authd = auth_client_release(m->authd),
		.terminated = &monitor_terminated,
	};
	wipe(&m->in, m->in_most);
	login_log_success(&m->facts, login.user, (int)getpid());
	if (m->c->logged_in)
		*m->c->logged_in = true;
	if (m->p->pump.keeper >= 0)
		close(m->p->pump.keeper);
	signal(SIGCHLD, SIG_IGN); /* a pump of our own ends when it will */
	session_start(m->p->service, &login, &owner);
}

/* Not in the arena: a connection that does not log in needs none. */
static void
set_log_prefix(const struct service *service)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "%s-login: ", service->name);
	log_set_prefix(prefix);
}

void
monitor_run(const struct prepared *p, const struct connection *c)
{
	/* what every connection writes is at its beginning: one page, copied once a fork */
	static struct monitor monitor __attribute__((aligned(4096)));
	struct monitor *m = &monitor;

	m->p = p;
	m->c = c;
	m->plain = c->fd;
	m->facts.since = clock_ms();
	m->deadline = m->facts.since + (int64_t)p->settings->login_timeout * 1000;
	m->facts.remote = c->remote;
	m->facts.local = c->local;
	m->facts.session_id = m->session_id;
	m->answer.verdict = AUTH_BAD;
	m->expects_proxy = net_is_in(&c->remote, p->settings->haproxy_trusted_networks);
	if (!privileges_keep_monitor())
		die("capset: %s", strerror(errno));
	make_session_id(m->session_id);
	set_log_prefix(p->service);
	descriptors_tune(c->fd);
	judge_security(m);
	if (c->is_tls)
		start_tls(m);
	while (run_greeter(m) == MONITOR_WANTS_TLS)
		start_tls(m);
	become_session(m);
}
