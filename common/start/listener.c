/*
 * listener.c - many connections from listening sockets: accept, count, fork
 *
 * The only code of imapd and pop3d that runs long.  It parses nothing, has no
 * key and no password, and knows of its children only whose address they
 * serve and, by one byte of shared memory each, whether somebody logged in:
 * strangers may use up their own share of the places before login, never the users'.
 */
#include "common/start/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/start/descriptors.h"
#include "common/start/keeper.h"
#include "common/start/privileges.h"
#include "common/start/seccomp.h"
#include "common/start/tls_file.h"

enum { PAUSE_MS = 100, ACCEPT_MOST = 16, LOOK_MS = 1000, COMPLAIN_MS = 60 * 1000, WHY_ROOM = 256 };

struct child {
	pid_t              pid; /* 0: the place is free */
	struct net_address remote;
};

/* What tells a file from its next version. */
struct stamp {
	dev_t           device;
	ino_t           inode;
	off_t           size;
	struct timespec changed;
};

struct listener {
	struct prepared        *p;
	const struct listening *on;
	size_t                  count;
	bool                    is_wrapped;
	size_t                  used;     /* places up to the highest one taken */
	int64_t                 paused_until, last_accept, last_look, last_complaint;
	struct keeper           keeper;
	struct stamp            cert, key;
};

static struct child children[LIMIT_LISTENER_CHILDREN];
static volatile bool *logged_in; /* shared with the children, one for each place */
static volatile sig_atomic_t child_ended, hang_up;

static void
on_child(int signal_number)
{
	(void)signal_number;
	child_ended = 1;
}

static void
on_hang_up(int signal_number)
{
	(void)signal_number;
	hang_up = 1;
}

static void
set_signal(int number, void (*handler)(int))
{
	struct sigaction action;
	sigset_t set;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	sigaction(number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(handler == SIG_DFL ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* One line a minute, whatever the flood. */
static void
complain(struct listener *l, const char *what)
{
	if (l->last_complaint && clock_ms() - l->last_complaint < COMPLAIN_MS)
		return;
	l->last_complaint = clock_ms();
	log_warning("%s", what);
}

/* --- TLS ------------------------------------------------------------------------------------- */

static void
take_stamp(const char *value, struct stamp *out)
{
	const char *path = tls_file_path(value);
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (path && stat(path, &st) == 0)
		*out = (struct stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
}

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static void
renew_keeper(struct listener *l)
{
	struct keeper fresh = { 0, -1 };
	char why[WHY_ROOM];

	take_stamp(l->p->settings->ssl_cert, &l->cert);
	take_stamp(l->p->settings->ssl_key, &l->key);
	if (!pump_is_possible(l->p->settings))
		snprintf(why, sizeof(why), "TLS is off or has no files");
	else if (keeper_start(&fresh, &l->p->pump, why, sizeof(why))) {
		keeper_leave(&l->keeper);
		l->keeper = fresh;
		l->p->pump.keeper = fresh.requests;
		l->p->pump.is_ready = true;
		return;
	}
	l->p->pump.is_ready = l->keeper.requests >= 0;
	log_error("%s; %s", why,
	          l->p->pump.is_ready ? "the pair read last stays in use" : "TLS is not offered");
}

/* At most once a second, and only when somebody comes. */
static void
look_at_files(struct listener *l)
{
	struct stamp cert, key;

	if (clock_ms() - l->last_look < LOOK_MS)
		return;
	l->last_look = clock_ms();
	take_stamp(l->p->settings->ssl_cert, &cert);
	take_stamp(l->p->settings->ssl_key, &key);
	if (!is_same(&cert, &l->cert) || !is_same(&key, &l->key))
		renew_keeper(l);
}

/*
 * A file that cannot be used leaves the old settings (B12); their memory stays, for children may be
 * using it.
 */
static void
reload(struct listener *l)
{
	static struct arena mem = ARENA_EMPTY;
	struct settings *fresh = arena_zero(&mem, sizeof(*fresh));
	struct settings_problems problems;
	bool usable = settings_load(l->p->conf, l->p->service->name, &mem, fresh, &problems);

	log_reopen(); /* logrotate has moved the file */
	settings_log_problems(&problems);
	if (usable)
		l->p->settings = l->p->pump.settings = fresh;
	log_info(usable ? "settings read again" : "the old settings stay in use");
	renew_keeper(l);
}

/* --- children -------------------------------------------------------------------------------- */

static void
reap(struct listener *l)
{
	pid_t pid;

	child_ended = 0;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < l->used; i++)
			if (children[i].pid == pid) {
				children[i].pid = 0;
				break;
			}
	while (l->used > 0 && children[l->used - 1].pid == 0)
		l->used--;
}

/* One household: an IPv4 address, or a /64 of IPv6. */
static bool
is_neighbour(const struct net_address *a, const struct net_address *b)
{
	bool is_v4 = memcmp(a->byte, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0;

	return memcmp(a->byte, b->byte, is_v4 ? 16 : 8) == 0;
}

/*
 * Behind a webmail or proxy that the settings trust, behind stunnel, and on this
 * very machine stand many people: their share is half of all places.
 */
static size_t
share_of(const struct listener *l, const struct net_address *remote)
{
	const struct settings *s = l->p->settings;
	bool is_shared = l->is_wrapped || net_address_is_loopback(remote) ||
	                 net_is_in(remote, s->login_trusted_networks) ||
	                 net_is_in(remote, s->haproxy_trusted_networks);

	return is_shared ? LIMIT_LISTENER_WAITING_SHARED : LIMIT_LISTENER_WAITING_ADDRESS;
}

/*
 * A place for one more, or -1 when there are too many in all, before login, or from this address
 * before login.
 */
static int
find_place(struct listener *l, const struct net_address *remote)
{
	size_t waiting = 0, neighbours = 0, place = l->used;

	for (size_t i = 0; i < l->used; i++) {
		if (children[i].pid == 0)
			place = i;
		else if (!logged_in[i]) {
			waiting++;
			neighbours += is_neighbour(remote, &children[i].remote);
		}
	}
	if (place == LIMIT_LISTENER_CHILDREN || waiting >= LIMIT_LISTENER_WAITING)
		complain(l, "too many connections");
	else if (neighbours >= LIMIT_LISTENER_WAITING_ADDRESS && neighbours >= share_of(l, remote))
		complain(l, "too many connections before login from one address");
	else
		return (int)place;
	return -1;
}

static void __attribute__((noreturn))
be_monitor(struct listener *l, struct connection *c)
{
	set_signal(SIGCHLD, SIG_DFL);
	set_signal(SIGHUP, SIG_DFL);
	for (size_t i = 0; i < l->count; i++)
		close(l->on[i].fd);
	monitor_run(l->p, c);
}

static void
serve(struct listener *l, struct connection *c)
{
	int place = find_place(l, &c->remote);
	pid_t pid = -1;

	if (place >= 0) {
		logged_in[place] = false;
		c->logged_in = &logged_in[place];
		pid = fork();
	}
	if (pid == 0)
		be_monitor(l, c);
	if (pid > 0) {
		children[place] = (struct child){ pid, c->remote };
		if ((size_t)place == l->used)
			l->used++;
	} else {
		if (place >= 0)
			complain(l, "no process for a connection");
		if (!c->is_tls)
			monitor_say(c->fd, l->p->service->busy);
	}
	close(c->fd);
}

/* What is here now, but not so much that ended children wait. */
static void
accept_some(struct listener *l, const struct listening *from)
{
	for (int i = 0; i < ACCEPT_MOST && !monitor_terminated; i++) {
		struct connection c = { .is_tls = from->is_tls, .is_wrapped = l->is_wrapped };

		c.fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC);
		if (c.fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM) {
				complain(l, "out of descriptors or memory for connections");
				l->paused_until = clock_ms() + PAUSE_MS;
			}
			return;
		}
		l->last_accept = clock_ms();
		look_at_files(l);
		descriptors_addresses(c.fd, &c.remote, &c.local);
		serve(l, &c);
	}
}

/* --- the loop -------------------------------------------------------------------------------- */

static void
wait_for_work(struct listener *l, struct pollfd *set, int64_t until)
{
	bool is_paused = clock_ms() < l->paused_until;
	int left = clock_until(is_paused ? l->paused_until : until);
	struct timespec timeout = { left / 1000, left % 1000 * 1000000L };
	sigset_t none;

	for (size_t i = 0; i < l->count; i++)
		set[i] = (struct pollfd){ l->on[i].fd, POLLIN, 0 };
	sigemptyset(&none);
	if (ppoll(set, is_paused ? 0 : l->count, !is_paused && until == INT64_MAX ? NULL : &timeout,
	          &none) < 0) {
		if (errno != EINTR)
			die("ppoll: %s", strerror(errno));
		memset(set, 0, l->count * sizeof(*set));
	}
}

int
listener_run(struct prepared *p, const struct listening *on, size_t count, uint64_t idle_seconds,
             bool is_wrapped)
{
	static struct listener listener;
	struct pollfd set[DESCRIPTORS_LISTEN_MOST];
	struct listener *l = &listener;
	int64_t until = INT64_MAX;

	*l = (struct listener){
		.p = p, .on = on, .count = count, .is_wrapped = is_wrapped, .keeper = { 0, -1 }
	};
	logged_in = mmap(NULL, LIMIT_LISTENER_CHILDREN, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (logged_in == MAP_FAILED || !privileges_keep_monitor())
		die("the listener cannot start: %s", strerror(errno));
	for (size_t i = 0; i < count; i++)
		fcntl(on[i].fd, F_SETFL, fcntl(on[i].fd, F_GETFL) | O_NONBLOCK);
	set_signal(SIGCHLD, on_child);
	set_signal(SIGHUP, on_hang_up);
	seccomp_prepare(SECCOMP_SESSION);
	if (p->pump.is_ready)
		renew_keeper(l);
	l->last_accept = clock_ms();
	while (!monitor_terminated) {
		if (idle_seconds > 0)
			until = l->last_accept + (int64_t)idle_seconds * 1000;
		if (clock_ms() >= until)
			break;
		wait_for_work(l, set, until);
		if (child_ended)
			reap(l);
		if (hang_up) {
			hang_up = 0;
			reload(l);
		}
		for (size_t i = 0; i < count; i++)
			if (set[i].revents)
				accept_some(l, &on[i]);
	}
	keeper_leave(&l->keeper);
	return 0;
}
