/* descriptors.c - what a process was started with, and only that */
#include "common/start/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/number.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9, the same on every architecture */
#endif

enum { OLD_KERNEL_MOST = 1024, KEEPALIVE_IDLE = 120, KEEPALIVE_INTERVAL = 30, KEEPALIVE_COUNT = 6,
       USER_TIMEOUT_MS = 300 * 1000 };

void
descriptors_fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_DIED); /* there is no descriptor to complain on */
}

void
descriptors_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0)
		return;
	for (int fd = first; fd < OLD_KERNEL_MOST; fd++)
		close(fd);
}

int
descriptors_listen_fds(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t count, owner;

	if (!fds || !pid || !number_parse(span_of(pid), INT32_MAX, &owner) ||
	    owner != (uint64_t)getpid())
		return 0;
	return number_parse(span_of(fds), DESCRIPTORS_LISTEN_MOST, &count) ? (int)count : 0;
}

enum descriptor_kind
descriptors_kind(int fd)
{
	int type = 0, listens = 0;
	socklen_t size = sizeof(type);
	struct stat st;

	if (fstat(fd, &st) != 0)
		return DESCRIPTOR_OTHER;
	if (S_ISFIFO(st.st_mode))
		return DESCRIPTOR_PIPE;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
		return DESCRIPTOR_OTHER;
	size = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
		return DESCRIPTOR_LISTENING;
	return DESCRIPTOR_CONNECTED;
}

static void
address_of(int (*get)(int, struct sockaddr *, socklen_t *), int fd, struct net_address *out)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	memset(out, 0, sizeof(*out));
	if (get(fd, (struct sockaddr *)&name, &size) == 0)
		net_address_from((struct sockaddr *)&name, out);
}

void
descriptors_addresses(int fd, struct net_address *remote_out, struct net_address *local_out)
{
	address_of(getpeername, fd, remote_out);
	address_of(getsockname, fd, local_out);
}

int
descriptors_lift_client(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
	    null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (high < 0 || null < 0)
		die("no descriptor left: %s", strerror(errno));
	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
		struct stat st;

		/* standard error may be the journal's or a log file: that one stays */
		if (fstat(standard, &st) != 0 || S_ISSOCK(st.st_mode) || standard != STDERR_FILENO)
			dup2(null, standard);
	}
	close(null);
	if (fd > STDERR_FILENO)
		close(fd);
	return high;
}

static const struct {
	int level, name, value;
} options[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
	{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
};

/* A UNIX socket knows none of these, and needs none. */
void
descriptors_tune(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
		               sizeof(int)) != 0)
			return;
}
