/*
 * keeper.c - a listener's end of the process that has the private key and forks pumps
 *
 * The listener itself never reads the key, so no monitor that it forks, and no
 * session that a monitor becomes, can have it in memory.  New files are read by a
 * new keeper; while that one cannot, the old one goes on (T13).
 */
#include "common/start/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENDS = 3, START_MS = 20 * 1000 };

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

/* The child.  The monitor's end of status hears what the keeper would have said itself. */
static void __attribute__((noreturn))
be_keeper(const struct pump_maker *maker, int requests, int status)
{
	enum { STATUS = PUMP_FIRST_FD + 1 };
	const int fds[] = { requests, status };
	char why[KEEPER_WHY_ROOM];
	sigset_t none;

	sigemptyset(&none);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* it ends when the last monitor has (KillMode=control-group ends
	                             those too) */
	sigprocmask(SIG_SETMASK, &none, NULL);
	pump_program_run(maker, PUMP_ROLE_KEEPER, fds, 2);
	memset(why, 0, sizeof(why));
	snprintf(why, sizeof(why), "tls-pump cannot be started: %s", strerror(errno));
	send(STATUS, why, sizeof(why), MSG_NOSIGNAL);
	_exit(1);
}

bool
keeper_start(struct keeper *k, const struct pump_maker *maker, char *why, size_t room)
{
	int requests[2], status[2];
	char text[KEEPER_WHY_ROOM];
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
	n = k->pid > 0 && poll(&one, 1, START_MS) == 1 ?
	            recv(status[0], text, sizeof(text), MSG_DONTWAIT) :
	            0;
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
