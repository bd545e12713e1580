/* listeners.c - the sockets that authd answers on: given by systemd or made in base_dir */
#include "authd/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/net.h"
#include "common/base/number.h"
#include "common/base/span.h"

enum { FIRST_PASSED = 3, BACKLOG = 511 };

static const struct listener_row {
	const char *name;
	mode_t      mode;
} rows[LISTENER_KINDS] = {
	[LISTENER_LOGIN] = { "login", 0600 },
	[LISTENER_CLIENT] = { "auth-client", 0666 },
	[LISTENER_METRICS] = { "metrics", 0666 }, /* of auth_metrics_listen */
};

/* Files that this process made, to be removed at the end. */
static struct sockaddr_un made[LISTENER_KINDS];

static int
kind_of_name(struct span name)
{
	for (int i = 0; i < LISTENER_KINDS; i++)
		if (span_is(name, rows[i].name))
			return i;
	return -1;
}

static int
kind_of_path(int fd)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	const char *slash;

	memset(&at, 0, sizeof(at));
	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0 || at.sun_family != AF_UNIX)
		return -1;
	at.sun_path[sizeof(at.sun_path) - 1] = '\0';
	slash = strrchr(at.sun_path, '/');
	return kind_of_name(span_of(slash ? slash + 1 : at.sun_path));
}

static bool
is_listening(int fd)
{
	socklen_t len = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

static uint64_t
number_of(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t n = 0;

	if (text)
		number_parse(span_of(text), INT32_MAX, &n);
	return n;
}

static void
add(struct listeners *l, int fd, enum listener_kind kind)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	l->listener[l->count++] = (struct listener){ fd, kind };
}

static bool
has(const struct listeners *l, enum listener_kind kind)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->listener[i].kind == kind)
			return true;
	return false;
}

/* sd_listen_fds(3) by hand: it is the same protocol with and without libsystemd. */
static void
take_passed(struct listeners *l)
{
	uint64_t count =
		number_of("LISTEN_PID") == (uint64_t)getpid() ? number_of("LISTEN_FDS") : 0;
	struct span names = span_of(getenv("LISTEN_FDNAMES")), name = SPAN_NONE;

	for (int fd = FIRST_PASSED;
	     fd < FIRST_PASSED + (int)count && l->count < LISTENERS - LISTENER_KINDS; fd++) {
		int kind = span_split(&names, ':', &name) ? kind_of_name(name) : -1;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (kind < 0)
			kind = kind_of_path(fd);
		if (kind >= 0 && is_listening(fd)) {
			add(l, fd, (enum listener_kind)kind);
			continue;
		}
		log_warning(
			"LISTEN_FDS: descriptor %d is neither a login nor an auth-client socket",
			fd);
		close(fd);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/*
 * base_dir is made when it is missing; in a folder that others can write no socket would be safe.
 */
static bool
prepare_folder(const char *base_dir)
{
	mode_t mask = umask(022);
	int made_it = mkdir(base_dir, 0755), reason = errno;
	struct stat st;

	umask(mask);
	errno = reason;
	if (made_it != 0 && errno != EEXIST) {
		log_error("base_dir = %s: %s", base_dir, strerror(errno));
		return false;
	}
	if (lstat(base_dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_uid == geteuid() || st.st_uid == 0) && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	log_error("base_dir = %s: must be a folder that belongs to root and that nobody else can "
	          "write",
	          base_dir);
	return false;
}

static bool
somebody_answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	                           errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answers;
}

/* Clear the way for bind(): only a dead socket of ours is removed, nothing else. */
static bool
remove_stale(const struct sockaddr_un *at)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0)) {
		log_error("%s: there is something that is no socket of ours; remove it",
		          at->sun_path);
		return false;
	}
	if (somebody_answers(at)) {
		log_error("%s: another authd answers there", at->sun_path);
		return false;
	}
	return unlink(at->sun_path) == 0;
}

static int
make(const char *path, enum listener_kind kind)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask;
	bool is_bound;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		log_error("%s: too long for a socket", path);
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	if (!remove_stale(&at))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mask = umask(0777 & ~rows[kind].mode);
	is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	umask(mask);
	if (is_bound && listen(fd, BACKLOG) == 0) {
		made[kind] = at;
		return fd;
	}
	log_error("%s: %s", at.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
make_in(struct listeners *l, const char *base_dir, enum listener_kind kind)
{
	char path[4096];
	int fd;

	if (has(l, kind) || !prepare_folder(base_dir))
		return;
	snprintf(path, sizeof(path), "%s/%s", base_dir, rows[kind].name);
	fd = make(path, kind);
	if (fd >= 0)
		add(l, fd, kind);
}

/* "127.0.0.1:9166" or "[::1]:9166": loopback only, for the counters tell of users' habits. */
static bool
read_address(const char *text, struct net_address *out)
{
	const char *colon = strrchr(text, ':');
	char ip[NET_TEXT_ROOM + 2];
	uint64_t port;

	if (!colon || (size_t)(colon - text) >= sizeof(ip) ||
	    !number_parse(span_of(colon + 1), 65535, &port))
		return false;
	memcpy(ip, text, (size_t)(colon - text));
	ip[colon - text] = '\0';
	if (!net_address_parse(ip, out) || !net_address_is_loopback(out))
		return false;
	out->port = (uint16_t)port;
	return true;
}

static int
bind_address(const struct net_address *a)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	bool is_v4 = a->byte[10] == 0xff;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	memcpy(&v4.sin_addr, a->byte + 12, 4);
	memcpy(&v6.sin6_addr, a->byte, 16);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
	         is_v4 ? sizeof(v4) : sizeof(v6)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
make_tcp(const char *text)
{
	struct net_address a;
	int fd;

	if (!read_address(text, &a)) {
		log_error("auth_metrics_listen = %s: neither a path nor an address of this machine "
		          "with its port", text);
		return -1;
	}
	fd = bind_address(&a);
	if (fd < 0)
		log_error("auth_metrics_listen = %s: %s", text, strerror(errno));
	return fd;
}

bool
listeners_open(struct listeners *l, const char *base_dir, const char *metrics)
{
	int fd;

	l->count = 0;
	take_passed(l);
	make_in(l, base_dir, LISTENER_LOGIN);
	make_in(l, base_dir, LISTENER_CLIENT);
	if (metrics[0] && !has(l, LISTENER_METRICS)) {
		fd = metrics[0] == '/' ? make(metrics, LISTENER_METRICS) : make_tcp(metrics);
		if (fd >= 0)
			add(l, fd, LISTENER_METRICS);
	}
	return has(l, LISTENER_LOGIN);
}

void
listeners_close(struct listeners *l)
{
	for (int i = 0; i < LISTENER_KINDS; i++)
		if (made[i].sun_path[0])
			unlink(made[i].sun_path);
	while (l->count > 0)
		close(l->listener[--l->count].fd);
}
