/*
 * monitor_wait.c - the monitor's waiting, its signal, and the end of a connection
 *
 * SIGTERM is blocked but in ppoll(), so that it is never missed between a test
 * of monitor_terminated and the wait.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/start/monitor_inside.h"

enum { LINGER_MS = 500, LINGER_READS = 64 };

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

enum monitor_waited
monitor_wait(int fd, int64_t deadline)
{
	struct pollfd one = { fd, POLLIN, 0 };
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	while (!monitor_terminated) { /* it may have come while authd was waited for */
		int left = clock_until(deadline);
		struct timespec timeout = { left / 1000, left % 1000 * 1000000L };
		int n = ppoll(&one, 1, &timeout, &mask);

		if (n > 0)
			return MONITOR_WAITED_READABLE;
		if (n < 0 && errno != EINTR)
			die("ppoll: %s", strerror(errno));
		if (n == 0 && clock_until(deadline) == 0)
			return MONITOR_WAITED_LATE;
	}
	return MONITOR_WAITED_TERMINATED;
}

/* In the kernel: MSG_TRUNC of tcp(7) copies nothing to us. */
void
monitor_drop_unread(int fd)
{
	int64_t until = clock_ms() + LINGER_MS;
	int waiting = 0;

	if (ioctl(fd, FIONREAD, &waiting) != 0 || waiting == 0)
		return;
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < LINGER_READS && clock_until(until) > 0; i++) {
		struct pollfd one = { fd, POLLIN, 0 };

		if (poll(&one, 1, clock_until(until)) <= 0 ||
		    recv(fd, NULL, INT32_MAX, MSG_TRUNC | MSG_DONTWAIT) <= 0)
			return;
	}
}
