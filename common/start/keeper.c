/*
 * keeper.c - the process of a listener that has the private key and forks pumps
 *
 * The listener itself never reads the key, so no monitor that it forks, and no
 * session that a monitor becomes, can have it in memory.  New files are read by a
 * new keeper; while that one cannot, the old one goes on (T13).
 */
#include "common/start/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/start/descriptors.h"
#include "common/start/tls_context.h"

enum { ENDS = 3, START_MS = 20 * 1000, WHY_ROOM = 256, FIRST_FREE = 3 };

bool
keeper_ask(int requests, const struct pump_ends *ends, bool expects_proxy)
{
	char flag = expects_proxy ? 1 : 0;
	struct iovec bytes = { &flag, 1 };
	union {
		struct cmsghdr align;
		char           room[CMSG_SPACE(ENDS * sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room,
		                  .msg_controllen = sizeof(control.room) };
	const int fds[ENDS] = { ends->client, ends->plain, ends->control };
	struct cmsghdr *head;

	memset(&control, 0, sizeof(control));
	head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(head), fds, sizeof(fds));
	return sendmsg(requests, &message, MSG_NOSIGNAL) == 1;
}

/* One request; 0 at the end of all who could ask.  ends stay -1 when it was no request. */
static ssize_t
hear(int requests, struct pump_ends *ends, bool *expects_proxy)
{
	char flag = 0;
	struct iovec bytes = { &flag, 1 };
	union {
		struct cmsghdr align;
		char           room[CMSG_SPACE(ENDS * sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room,
		                  .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(requests, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fds[ENDS] = { -1, -1, -1 };

	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len <= CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	*ends = (struct pump_ends){ fds[0], fds[1], fds[2] };
	*expects_proxy = flag != 0;
	return n;
}

static void
close_ends(const struct pump_ends *ends)
{
	const int fds[ENDS] = { ends->client, ends->plain, ends->control };

	for (int i = 0; i < ENDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void __attribute__((noreturn))
answer_requests(SSL_CTX *ctx, int requests)
{
	struct pump_ends ends;
	bool expects_proxy;
	ssize_t n;

	for (;;) {
		n = hear(requests, &ends, &expects_proxy);
		if (n == 0)
			_exit(0);
		if (n > 0 && ends.control >= 0 && fork() == 0) {
			close(requests);
			pump_run(ctx, &ends, expects_proxy);
		}
		close_ends(&ends); /* where the fork failed, the monitor hears it from the closed control socket */
	}
}

/* The child: everything is let go but the two sockets. */
static void __attribute__((noreturn))
be_keeper(const struct pump_maker *maker, int requests, int status)
{
	enum { REQUESTS = FIRST_FREE, STATUS };
	char why[WHY_ROOM] = "";
	const char *what = "";
	SSL_CTX *ctx;
	sigset_t none;
	int high_requests = fcntl(requests, F_DUPFD, STATUS + 1), high_status = fcntl(status, F_DUPFD, STATUS + 1);

	if (high_requests < 0 || high_status < 0 || dup2(high_requests, REQUESTS) < 0 || dup2(high_status, STATUS) < 0)
		_exit(1);
	descriptors_close_from(STATUS + 1);
	signal(SIGCHLD, SIG_IGN); /* pumps need nobody to wait for them */
	signal(SIGTERM, SIG_IGN); /* it ends when the last monitor has (KillMode=control-group ends those too) */
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	ctx = tls_context_make(maker->settings, maker->service, true, why, sizeof(why));
	if (ctx && !pump_lock(maker, &what)) {
		snprintf(why, sizeof(why), "default_login_user: %s: %s", what, strerror(errno));
		ctx = NULL;
	}
	if (send(STATUS, why, sizeof(why), MSG_NOSIGNAL) != sizeof(why) || !ctx)
		_exit(1);
	close(STATUS);
	answer_requests(ctx, REQUESTS);
}

bool
keeper_start(struct keeper *k, const struct pump_maker *maker, char *why, size_t room)
{
	int requests[2], status[2];
	char text[WHY_ROOM];
	struct pollfd one;
	ssize_t n;

	snprintf(why, room, "no process for TLS");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) != 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) != 0) {
		close(requests[0]);
		close(requests[1]);
		return false;
	}
	k->pid = fork();
	if (k->pid == 0)
		be_keeper(maker, requests[1], status[1]);
	close(requests[1]);
	close(status[1]);
	k->requests = requests[0];
	one = (struct pollfd){ status[0], POLLIN, 0 };
	n = k->pid > 0 && poll(&one, 1, START_MS) == 1 ? recv(status[0], text, sizeof(text), MSG_DONTWAIT) : 0;
	close(status[0]);
	if (n == (ssize_t)sizeof(text) && text[0] == '\0')
		return true;
	if (n == (ssize_t)sizeof(text))
		snprintf(why, room, "%s", text);
	keeper_leave(k);
	return false;
}

void
keeper_leave(struct keeper *k)
{
	if (k->requests >= 0)
		close(k->requests);
	k->requests = -1;
	k->pid = 0;
}
