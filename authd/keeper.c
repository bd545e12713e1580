/*
 * keeper.c - the process of authd that stays root
 *
 * It reads the configuration, makes the sockets, and starts the server (as a
 * program of its own, which hears the clients) and the workers (forks, which
 * have the configuration and ask the databases).  Both give root up at once.
 * The keeper itself reads nothing of a client, and of the server only READY,
 * PONG, KILL and END.
 *
 * A worker that ends is replaced; a server that ends is replaced with all its
 * workers.  SIGHUP reads the configuration again: when it is good, the server gets
 * the new settings and new workers of the next generation, and lets the old ones go; when not,
 * everything stays as it was.
 */
#include "authd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authd/channel.h"
#include "authd/auth_config.h"
#include "authd/keeper_message.h"
#include "authd/listeners.h"
#include "authd/notify.h"
#include "authd/privileges.h"
#include "authd/worker.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/start/auth_line.h"

enum {
	EXIT_CONFIG = 78 /* EX_CONFIG of sysexits.h */,
	WORKERS_MOST = 2 * LIMIT_AUTH_WORKERS,
	FAST_DEATH_MS = 1000,
	STOP_MS = 2000
};

struct worker_entry {
	pid_t    pid; /* 0: free */
	uint64_t generation;
	int64_t  started;
};

struct keeper {
	const char          *conf_path;
	struct auth_config  *config;
	struct listeners     listeners;
	uint64_t             generation;
	int                  signals, channel; /* channel: to the server; -1: there is none */
	pid_t                server;
	int64_t              server_started, start_at; /* not before, after a fast death */
	int64_t              ping_at;
	bool                 is_stopping;
	struct worker_entry  worker[WORKERS_MOST];
};

/* What a child must not have: the keeper's signals, its descriptors. */
static void
become_child(struct keeper *k)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(k->signals);
}

static void
tell_server(struct keeper *k, const struct buf *message, int fd)
{
	if (k->channel >= 0 && !channel_send(k->channel, buf_view(message), fd)) {
		log_error("the server process of authd does not listen: %s; starting another",
		          strerror(errno));
		kill(k->server, SIGKILL);
	}
}

static void
tell_number(struct keeper *k, const char *command, uint64_t number, int fd)
{
	struct buf message = BUF_EMPTY;

	auth_put(&message, command);
	auth_put_number(&message, number);
	tell_server(k, &message, fd);
	buf_free(&message);
}

static void
put_setting(struct buf *out, const char *key, uint64_t n)
{
	buf_printf(out, "\t%s=%llu", key, (unsigned long long)n);
}

static void
tell_settings(struct keeper *k)
{
	const struct settings *s = &k->config->settings;
	struct buf message = BUF_EMPTY;

	auth_put(&message, "SETTINGS");
	auth_put_number(&message, k->generation);
	auth_put_value(&message, "mechanisms", span_of(s->auth_mechanisms));
	auth_put_value(&message, "trusted", span_of(s->login_trusted_networks));
	auth_put_value(&message, "user", span_of(s->default_login_user));
	auth_put_value(&message, "log", span_of(s->log_path));
	put_setting(&message, "delay", s->auth_failure_delay * 1000);
	put_setting(&message, "penalty", s->auth_penalty_max * 1000);
	put_setting(&message, "limit", s->mail_max_userip_connections);
	put_setting(&message, "user_limit", s->mail_max_user_connections);
	put_setting(&message, "ip_limit", s->mail_max_ip_connections);
	put_setting(&message, "closes_oldest", s->mail_limit_closes_oldest);
	put_setting(&message, "cache", s->auth_cache_size);
	put_setting(&message, "cache_ms", s->auth_cache_ttl * 1000);
	put_setting(&message, "cache_negative_ms", s->auth_cache_negative_ttl * 1000);
	put_setting(&message, "cache_stale_ms", s->auth_cache_stale_ttl * 1000);
	put_setting(&message, "masters", auth_config_has_masters(k->config));
	put_setting(&message, "cert_names_user", s->auth_ssl_username_from_cert);
	put_setting(&message, "verbose", s->auth_verbose);
	put_setting(&message, "debug", s->auth_debug);
	put_setting(&message, "owner", geteuid());
	tell_server(k, &message, log_descriptor());
	buf_free(&message);
}

/* exec, so that the configuration is not in the memory of the process that hears strangers. */
static void
become_server(struct keeper *k, int end)
{
	become_child(k);
	if (end == SERVER_CHANNEL)
		fcntl(end, F_SETFD, 0);
	else if (dup2(end, SERVER_CHANNEL) < 0)
		die("the server process of authd: %s", strerror(errno));
	execl("/proc/self/exe", "authd", "--server", (char *)NULL);
	die("the server process of authd cannot be started: %s", strerror(errno));
}

static void
start_server(struct keeper *k)
{
	int ends[2];
	pid_t pid;

	if (!channel_pair(ends))
		die("no channel for the server process of authd: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become_server(k, ends[1]);
	if (pid < 0)
		die("the server process of authd cannot be started: %s", strerror(errno));
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	k->channel = ends[0];
	k->server = pid;
	k->server_started = k->ping_at = clock_ms();
	k->generation++;
	tell_settings(k);
	for (size_t i = 0; i < k->listeners.count; i++)
		tell_number(k, "LISTEN", (uint64_t)k->listeners.listener[i].kind,
		            k->listeners.listener[i].fd);
}

static void
become_worker(struct keeper *k, int end)
{
	become_child(k);
	close(k->channel);
	for (size_t i = 0; i < k->listeners.count; i++)
		close(k->listeners.listener[i].fd);
	worker_run(k->config, end);
}

static bool
start_worker(struct keeper *k, struct worker_entry *entry)
{
	struct buf message = BUF_EMPTY;
	int ends[2];
	pid_t pid;

	if (!channel_pair(ends))
		return false;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		become_worker(k, ends[1]);
	}
	close(ends[1]);
	if (pid > 0) {
		*entry = (struct worker_entry){ pid, k->generation, clock_ms() };
		auth_put(&message, "WORKER");
		auth_put_number(&message, k->generation);
		auth_put_number(&message, (uint64_t)pid);
		tell_server(k, &message, ends[0]);
		buf_free(&message);
	}
	close(ends[0]);
	return pid > 0;
}

/* Two at least: one slow query must not keep all others waiting. */
static size_t
wanted_workers(const struct keeper *k)
{
	uint64_t n = k->config->settings.auth_worker_max_count;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (n == 0)
		n = cores < 2 ? 2 : (uint64_t)cores;
	return n > LIMIT_AUTH_WORKERS ? LIMIT_AUTH_WORKERS : (size_t)n;
}

static struct worker_entry *
find_worker(struct keeper *k, pid_t pid)
{
	for (size_t i = 0; i < WORKERS_MOST; i++)
		if (k->worker[i].pid == pid)
			return &k->worker[i];
	return NULL;
}

static void
start_missing(struct keeper *k)
{
	size_t have = 0;

	if (clock_ms() < k->start_at || k->is_stopping)
		return;
	if (k->channel < 0)
		start_server(k);
	for (size_t i = 0; i < WORKERS_MOST; i++)
		have += k->worker[i].pid != 0 && k->worker[i].generation == k->generation;
	for (; have < wanted_workers(k); have++) {
		struct worker_entry *free_entry = find_worker(k, 0);

		if (!free_entry || !start_worker(k, free_entry)) {
			log_error("no more workers can be started: %s",
			          free_entry ? strerror(errno) : "too many");
			k->start_at = clock_ms() + FAST_DEATH_MS;
			return;
		}
	}
}

static const char *
how_it_ended(int status, char *text, size_t room)
{
	if (WIFSIGNALED(status))
		snprintf(text, room, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(text, room, "exit status %d", WEXITSTATUS(status));
	return text;
}

static void
bury_server(struct keeper *k, int status)
{
	char how[48];

	close(k->channel);
	k->channel = -1;
	k->server = 0;
	if (k->is_stopping)
		return;
	log_error("the server process of authd has ended (%s); starting another",
	          how_it_ended(status, how, sizeof(how)));
	if (clock_ms() < k->server_started + FAST_DEATH_MS)
		k->start_at = clock_ms() + FAST_DEATH_MS;
}

static void
bury_worker(struct keeper *k, struct worker_entry *w, int status)
{
	bool is_expected =
		WIFEXITED(status) && (WEXITSTATUS(status) == WORKER_STALE ||
	                              (WEXITSTATUS(status) == 0 && w->generation != k->generation));
	char how[48];

	if (!is_expected && !k->is_stopping && k->channel >= 0) {
		log_warning("worker %d has ended (%s); starting another", (int)w->pid,
		            how_it_ended(status, how, sizeof(how)));
		if (clock_ms() < w->started + FAST_DEATH_MS)
			k->start_at = clock_ms() + FAST_DEATH_MS;
	}
	w->pid = 0;
}

static void
bury_children(struct keeper *k)
{
	struct worker_entry *w;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k->server)
			bury_server(k, status);
		else if ((w = find_worker(k, pid)))
			bury_worker(k, w, status);
	}
}

/* Again also where the path is the same: logrotate has moved the file. */
static void
open_log(const struct settings *s)
{
	int before = log_descriptor();

	log_open("auth", s->log_path);
	log_set_debug(s->auth_debug);
	if (before > STDERR_FILENO && before != log_descriptor())
		close(before);
}

static void
reload(struct keeper *k)
{
	struct auth_config *fresh;

	notify_reloading();
	log_reopen(); /* logrotate has moved the file, whatever the configuration is like */
	fresh = auth_config_load(k->conf_path);
	k->generation++; /* new workers in any case: those of before hold the old log */
	if (!fresh) {
		tell_settings(k);
		log_error("%s: not taken over: the settings of before stay in force", k->conf_path);
		notify_ready("running with the settings of before: the new configuration is wrong");
		return;
	}
	open_log(&fresh->settings);
	auth_config_free(k->config);
	k->config = fresh;
	tell_settings(k);
	log_info("configuration read again: %s", k->conf_path);
}

static void
stop(struct keeper *k)
{
	int64_t deadline = clock_ms() + STOP_MS;

	notify_stopping();
	k->is_stopping = true;
	if (k->server > 0)
		kill(k->server, SIGTERM);
	for (size_t i = 0; i < WORKERS_MOST; i++)
		if (k->worker[i].pid > 0)
			kill(k->worker[i].pid, SIGTERM);
	while (waitpid(-1, NULL, WNOHANG) >= 0 && clock_until(deadline) > 0)
		poll(NULL, 0, 10);
	for (size_t i = 0; i < WORKERS_MOST; i++)
		if (k->worker[i].pid > 0 && kill(k->worker[i].pid, 0) == 0)
			kill(k->worker[i].pid, SIGKILL);
	listeners_close(&k->listeners);
}

static void
on_signal(struct keeper *k)
{
	struct signalfd_siginfo what;

	if (read(k->signals, &what, sizeof(what)) != sizeof(what))
		return;
	if (what.ssi_signo == SIGCHLD)
		bury_children(k);
	else if (what.ssi_signo == SIGHUP)
		reload(k);
	else
		stop(k);
}

static void
kill_worker(struct keeper *k, uint64_t pid)
{
	const struct worker_entry *w =
		pid > 0 && pid <= INT32_MAX ? find_worker(k, (pid_t)pid) : NULL;

	if (w)
		kill(w->pid, SIGKILL);
}

/* Is fd a connection to our login socket?  The server is not believed for it. */
static bool
is_login_connection(const struct keeper *k, int fd)
{
	struct sockaddr_un own = { 0 }, listening = { 0 };
	socklen_t own_len = sizeof(own), len;

	if (getsockname(fd, (struct sockaddr *)&own, &own_len) != 0)
		return false;
	for (size_t i = 0; i < k->listeners.count; i++) {
		len = sizeof(listening);
		if (k->listeners.listener[i].kind == LISTENER_LOGIN &&
		    getsockname(k->listeners.listener[i].fd, (struct sockaddr *)&listening,
		                &len) == 0 &&
		    len == own_len && len > offsetof(struct sockaddr_un, sun_path) &&
		    memcmp(&own, &listening, len) == 0)
			return true;
	}
	return false;
}

/* As linnetctl kick does.  Who it is, is not the server's word but the kernel's. */
static void
end_session(const struct keeper *k, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0 || !is_login_connection(k, fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.pid <= 1 ||
	    (peer.uid != 0 && peer.uid != geteuid())) {
		log_error("the server process of authd asks for the end of what is no session");
		return;
	}
	if (kill(peer.pid, SIGTERM) != 0 && errno != ESRCH)
		log_error("session %d cannot be ended (mail_limit_closes_oldest): %s; does "
		          "linnet-authd.service leave authd CAP_KILL?",
		          (int)peer.pid, strerror(errno));
}

static void
on_server(struct keeper *k)
{
	char message[256];
	struct auth_line line;
	uint64_t number;
	int fd;
	ssize_t n = channel_receive(k->channel, message, sizeof(message), &fd);

	if (n <= 0 || !auth_line_parse(message, (size_t)n, &line) || line.count != 2 ||
	    !number_parse(line.field[1], UINT32_MAX, &number)) {
		if (n != 0 && errno != EAGAIN)
			log_error("the server process of authd says something that is no message");
		if (n == 0 || errno != EAGAIN)
			kill(k->server, SIGKILL); /* SIGCHLD does the rest */
		if (fd >= 0)
			close(fd);
		return;
	}
	if (span_is(line.field[0], "READY"))
		notify_ready("ready");
	else if (span_is(line.field[0], "PONG"))
		notify_alive();
	else if (span_is(line.field[0], "KILL"))
		kill_worker(k, number);
	else if (span_is(line.field[0], "END"))
		end_session(k, fd);
	if (fd >= 0)
		close(fd);
}

static void
ping(struct keeper *k, int64_t interval)
{
	if (interval == 0 || clock_ms() < k->ping_at || k->channel < 0)
		return;
	k->ping_at = clock_ms() + interval;
	tell_number(k, "PING", 0, -1);
}

static void
run(struct keeper *k)
{
	int64_t interval = notify_interval();

	while (!k->is_stopping) {
		struct pollfd p[2] = { { k->signals, POLLIN, 0 }, { k->channel, POLLIN, 0 } };
		int wait = interval > 0 ? clock_until(k->ping_at) : -1;

		if (clock_ms() < k->start_at)
			wait = clock_until(k->start_at);
		if (poll(p, k->channel >= 0 ? 2 : 1, wait) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (k->channel >= 0 && p[1].revents)
			on_server(k);
		if (p[0].revents)
			on_signal(k);
		ping(k, interval);
		start_missing(k);
	}
}

static int
take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
keeper_run(const char *conf_path)
{
	static struct keeper keeper;
	struct keeper *k = &keeper;

	k->conf_path = conf_path;
	k->channel = -1;
	log_open("auth", NULL);
	k->config = auth_config_load(conf_path);
	if (!k->config)
		return EXIT_CONFIG;
	open_log(&k->config->settings);
	privileges_warn(k->config->settings.default_login_user);
	if (!listeners_open(&k->listeners, k->config->settings.base_dir,
	                    k->config->settings.auth_metrics_listen))
		return EXIT_DIED;
	k->signals = take_signals();
	if (k->signals < 0)
		die("signalfd: %s", strerror(errno));
	start_missing(k);
	run(k);
	return 0;
}
