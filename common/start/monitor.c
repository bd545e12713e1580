/*
 * monitor.c - one connection from its first byte to its session
 *
 * The monitor never reads the client's socket: that is the greeter's, which has
 * no rights, or the pump's.  What it hears are the packets of greeter_message.h,
 * and each is only taken where it may come (handlers[] below).  All waiting
 * happens in wait_readable(), under one absolute deadline.
 */
#include "common/start/monitor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/wipe.h"
#include "common/start/auth_client.h"
#include "common/start/descriptors.h"
#include "common/start/greeter_message.h"
#include "common/start/greeter_process.h"
#include "common/start/login_log.h"
#include "common/start/privileges.h"
#include "common/start/session_start.h"

enum { AUTH_WAIT_MS = 15 * 1000, SESSION_ID_ROOM = 17, LINGER_MS = 500, LINGER_READS = 64 };

enum outcome {
	GOING_ON,
	IS_LOGGED_IN, /* the greeter gave back what it had */
	WANTS_TLS,
	IS_OVER       /* and logged */
};

struct monitor {
	const struct prepared   *p;
	const struct connection *c;
	struct arena             mem;
	int                      plain;   /* the client in clear: its socket, or the pump's other end */
	struct greeter_process   greeter;
	struct auth_client      *authd;
	struct auth_answer       answer;  /* the latest */
	struct login_facts       facts;
	int64_t                  deadline;
	bool                     expects_proxy, is_plaintext_allowed, is_greeted;
	const char              *tls;     /* for struct login */
	struct greeter_message   in;
	struct greeter_reply     reply;
	char                     session_id[SESSION_ID_ROOM];
};

volatile int monitor_terminated;

static void
on_term(int signal_number)
{
	(void)signal_number;
	monitor_terminated = 1;
}

void
monitor_catch_term(void)
{
	struct sigaction action;
	sigset_t term;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_term;
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
}

void
monitor_say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ENOTSOCK &&
	    write(fd, text, strlen(text)) < 0)
		return;
}

enum waited { WAITED_READABLE, WAITED_LATE, WAITED_TERMINATED };

static enum waited
wait_readable(int fd, int64_t deadline)
{
	struct pollfd one = { fd, POLLIN, 0 };
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	for (;;) {
		int left = clock_until(deadline);
		struct timespec timeout = { left / 1000, left % 1000 * 1000000L };
		int n = ppoll(&one, 1, &timeout, &mask);

		if (n > 0)
			return WAITED_READABLE;
		if (monitor_terminated)
			return WAITED_TERMINATED;
		if (n < 0 && errno != EINTR)
			die("ppoll: %s", strerror(errno));
		if (n == 0 && clock_until(deadline) == 0)
			return WAITED_LATE;
	}
}

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
	m->is_plaintext_allowed = m->facts.is_secured || (strcmp(s->disable_plaintext_auth, "no") == 0 &&
	                                                   strcmp(s->ssl, "required") != 0);
}

static bool
has_word(const char *words, const char *word)
{
	struct span rest = span_of(words), each;

	while (span_split(&rest, ' ', &each))
		if (span_is_nocase(each, word))
			return true;
	return false;
}

static struct greeter_facts
facts_for_greeter(const struct monitor *m)
{
	const struct settings *s = m->p->settings;
	struct greeter_facts f;

	memset(&f, 0, sizeof(f));
	f.greets = !m->is_greeted;
	f.tls_is_on = m->facts.is_tls;
	f.tls_is_offered = !m->facts.is_tls && !m->c->is_wrapped && m->p->pump.is_ready;
	f.plaintext_is_allowed = m->is_plaintext_allowed;
	f.has_plain = has_word(s->auth_mechanisms, "plain");
	f.has_login = has_word(s->auth_mechanisms, "login");
	f.logs_id = s->imap_id_log[0] != '\0';
	strncpy(f.greeting, s->login_greeting, sizeof(f.greeting) - 1);
	return f;
}

/*
 * Closing with bytes unread would send a reset, which can overtake our last
 * line.  They are thrown away in the kernel, never copied to us (MSG_TRUNC of
 * tcp(7)), for a moment and up to a limit.
 */
static void
drop_unread(int fd)
{
	int64_t until = clock_ms() + LINGER_MS;
	int waiting = 0;

	if (ioctl(fd, FIONREAD, &waiting) != 0 || waiting == 0)
		return;
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < LINGER_READS && clock_until(until) > 0; i++) {
		struct pollfd one = { fd, POLLIN, 0 };

		if (poll(&one, 1, clock_until(until)) <= 0 || recv(fd, NULL, INT32_MAX, MSG_TRUNC | MSG_DONTWAIT) <= 0)
			return;
	}
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
	drop_unread(m->plain);
	_exit(0);
}

/* --- authentication ----------------------------------------------------------------------------- */

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

	wait_readable(m->greeter.channel, until < m->deadline ? until : m->deadline);
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
	return (struct auth_answer){ .verdict = AUTH_REFUSED, .reason = "Unsupported authentication mechanism." };
}

static enum outcome
on_auth(struct monitor *m, const struct greeter_message *in)
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

	memset(m->facts.mechanism, 0, sizeof(m->facts.mechanism));
	memcpy(m->facts.mechanism, mechanism.at, mechanism.len); /* 31 at most; looked up before it is used */
	login_log_set_user(&m->facts, greeter_message_user(in));
	if (has_word(m->p->settings->auth_mechanisms, m->facts.mechanism))
		m->answer = ask(m, &request);
	else
		m->answer = refuse_mechanism(m);
	pass_on(m);
	return GOING_ON;
}

static enum outcome
on_cont(struct monitor *m, const struct greeter_message *in)
{
	if (in->user_len > 0)
		login_log_set_user(&m->facts, greeter_message_user(in));
	m->answer = auth_client_respond(m->authd, greeter_message_data(in), auth_deadline(m), &m->mem);
	pass_on(m);
	return GOING_ON;
}

/* What authd still keeps of the exchange goes with the connection to it. */
static enum outcome
on_cancel(struct monitor *m, const struct greeter_message *in)
{
	(void)in;
	m->authd = auth_client_close(m->authd);
	m->answer.verdict = AUTH_BAD;
	m->facts.failures++;
	return GOING_ON;
}

/* --- everything else ---------------------------------------------------------------------------- */

static enum outcome
on_starttls(struct monitor *m, const struct greeter_message *in)
{
	(void)m;
	(void)in;
	return WANTS_TLS;
}

static enum outcome
on_give_back(struct monitor *m, const struct greeter_message *in)
{
	(void)m;
	(void)in;
	return IS_LOGGED_IN;
}

/* Rows of what the greeter may ask to be logged as a refusal of plaintext. */
static enum outcome
on_log(struct monitor *m, const struct greeter_message *in)
{
	struct span text = greeter_message_name(in), detail = greeter_message_data(in);
	char remote[NET_TEXT_ROOM];

	if (span_is(text, GREETER_PLAINTEXT_REFUSED)) {
		m->facts.was_plaintext_refused = true;
		return GOING_ON;
	}
	log_info("%.*s%.*s, rip=%s, session=<%s>", (int)text.len, text.at, (int)detail.len, detail.at ? detail.at : "",
	         net_address_text(&m->facts.remote, remote), m->session_id);
	return GOING_ON;
}

static enum outcome
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

static enum outcome
on_proxy(struct monitor *m, const struct greeter_message *in)
{
	struct proxy_header header;
	struct greeter_facts facts;

	if (in->data_len != sizeof(header))
		return IS_OVER;
	memcpy(&header, greeter_message_data(in).at, sizeof(header));
	believe_proxy(m, &header);
	judge_security(m);
	facts = facts_for_greeter(m);
	send(m->greeter.channel, &facts, sizeof(facts), MSG_NOSIGNAL);
	return GOING_ON;
}

static bool
may_ask(const struct monitor *m)
{
	return m->is_plaintext_allowed && !m->expects_proxy && m->answer.verdict != AUTH_OK &&
	       m->facts.failures < LIMIT_GREETER_FAILURES;
}

static bool
may_go_on(const struct monitor *m)
{
	return m->answer.verdict == AUTH_CONTINUE && m->authd;
}

static bool
may_start_tls(const struct monitor *m)
{
	return !m->facts.is_tls && m->p->pump.is_ready && m->answer.verdict != AUTH_OK && !m->expects_proxy;
}

static bool
may_give_back(const struct monitor *m)
{
	return m->answer.verdict == AUTH_OK && m->answer.user && m->authd;
}

static bool
may_name_proxy(const struct monitor *m)
{
	return m->expects_proxy;
}

static bool
may_always(const struct monitor *m)
{
	(void)m;
	return true;
}

static const struct handler {
	bool         (*may)(const struct monitor *m);
	enum outcome (*run)(struct monitor *m, const struct greeter_message *in);
} handlers[GREETER_KINDS] = {
	[GREETER_AUTH]      = { may_ask, on_auth },
	[GREETER_CONT]      = { may_go_on, on_cont },
	[GREETER_CANCEL]    = { may_go_on, on_cancel },
	[GREETER_STARTTLS]  = { may_start_tls, on_starttls },
	[GREETER_GIVE_BACK] = { may_give_back, on_give_back },
	[GREETER_LOG]       = { may_always, on_log },
	[GREETER_END]       = { may_always, on_end },
	[GREETER_PROXY]     = { may_name_proxy, on_proxy },
};

/* --- the loop ----------------------------------------------------------------------------------- */

static enum outcome
hear_greeter(struct monitor *m)
{
	enum waited waited = wait_readable(m->greeter.channel, m->deadline);
	ssize_t n;

	if (waited == WAITED_LATE)
		finish(m, span_of("Inactivity"), NULL, m->p->service->late);
	if (waited == WAITED_TERMINATED)
		finish(m, span_of("Shutting down"), NULL, m->p->service->busy);
	n = recv(m->greeter.channel, &m->in, sizeof(m->in), MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return GOING_ON;
	if (n <= 0)
		finish(m, span_of("the greeter ended"), NULL, NULL);
	if (!greeter_message_is_whole(&m->in, (size_t)n) || !handlers[m->in.kind].may(m)) {
		log_error("the greeter sent packet %u of %zd bytes where it may not", n >= 4 ? m->in.kind : 0, n);
		finish(m, span_of("greeter broke the protocol"), NULL, NULL);
	}
	return handlers[m->in.kind].run(m, &m->in);
}

static enum outcome
run_greeter(struct monitor *m)
{
	struct greeter_facts facts = facts_for_greeter(m);
	enum outcome outcome = GOING_ON;

	if (!greeter_process_start(&m->greeter, m->plain, &facts, m->expects_proxy, m->p->login_uid, m->p->login_gid,
	                           m->p->service->greet)) {
		log_error("no greeter can be started: %s", strerror(errno));
		finish(m, SPAN_NONE, NULL, m->p->service->busy);
	}
	while (outcome == GOING_ON)
		outcome = hear_greeter(m);
	m->is_greeted = true;
	greeter_process_end(&m->greeter);
	return outcome;
}

static void
note_tls(struct monitor *m, const struct pump_report *r)
{
	m->facts.is_tls = true;
	m->tls = arena_printf(&m->mem, "%.15s with cipher %.63s (%u/%u bits)", r->protocol, r->cipher, r->bits, r->of_bits);
}

/* Put the pump between the client and us, and wait for its handshake. */
static void
start_tls(struct monitor *m)
{
	int control = -1;
	struct pump_report report;
	enum waited waited;
	ssize_t n;

	if (!pump_start(&m->p->pump, m->c->fd, m->expects_proxy, &m->plain, &control)) {
		pump_refuse(m->c->fd);
		finish(m, SPAN_NONE, "TLS cannot be started", NULL);
	}
	close(m->c->fd);
	waited = wait_readable(control, m->deadline);
	n = waited == WAITED_READABLE ? recv(control, &report, sizeof(report), MSG_DONTWAIT) : 0;
	close(control);
	if (waited == WAITED_LATE)
		finish(m, span_of("Inactivity"), "TLS handshaking", NULL);
	if (waited == WAITED_TERMINATED || n != (ssize_t)sizeof(report))
		finish(m, SPAN_NONE, "TLS handshaking: the pump ended", NULL);
	report.error[sizeof(report.error) - 1] = '\0';
	if (!report.is_done)
		finish(m, SPAN_NONE, arena_printf(&m->mem, "TLS handshaking: %s", report.error), NULL);
	if (m->expects_proxy)
		believe_proxy(m, &report.proxy);
	note_tls(m, &report);
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
		.session_id = m->session_id,
		.mechanism = m->facts.mechanism,
		.tls = m->tls,
		.remote = m->facts.remote,
		.local = m->facts.local,
		.is_secured = m->facts.is_secured,
		.tag = arena_string(&m->mem, greeter_message_name(&m->in)),
		.unread = arena_copy(&m->mem, greeter_message_data(&m->in)),
		.client = m->plain,
		.authd = auth_client_release(m->authd),
		.terminated = &monitor_terminated,
	};
	wipe(&m->in, sizeof(m->in));
	login_log_success(&m->facts, login.user, (int)getpid());
	if (m->c->logged_in)
		*m->c->logged_in = true;
	if (m->p->pump.keeper >= 0)
		close(m->p->pump.keeper);
	signal(SIGCHLD, SIG_IGN); /* a pump of our own ends when it will */
	session_start(m->p->service, &login, &owner);
}

void
monitor_run(const struct prepared *p, const struct connection *c)
{
	static struct monitor monitor;
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
	log_set_prefix(arena_printf(&m->mem, "%s-login: ", p->service->name));
	descriptors_tune(c->fd);
	judge_security(m);
	if (c->is_tls)
		start_tls(m);
	while (run_greeter(m) == WANTS_TLS)
		start_tls(m);
	become_session(m);
}
