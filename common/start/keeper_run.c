/*
 * keeper_run.c - inside the keeper: the private key read once, a fork for each connection
 *
 * A pump needs little more than its fork: what every handshake touches was
 * touched once before the first client came.
 */
#include "common/start/keeper_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/start/keeper.h"
#include "common/start/pump_run.h"
#include "common/start/seccomp.h"
#include "common/start/tls_compat.h"
#include "common/start/tls_context.h"
#include "common/start/tls_warm.h"

enum { ENDS = 3 };

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
answer_requests(SSL_CTX *ctx, const struct pump_maker *maker, int requests)
{
	struct pump_ends ends;
	bool expects_proxy;
	ssize_t n;

	for (;;) {
		n = hear(requests, &ends, &expects_proxy);
		if (n == 0)
			_exit(0);
		tls_library_before_fork();
		if (n > 0 && ends.control >= 0 && fork() == 0) {
			close(requests);
			pump_run(ctx, maker, &ends, expects_proxy);
		}
		close_ends(&ends); /* where the fork failed, the monitor hears it from the closed
		                      control socket */
	}
}

void
keeper_run(const struct pump_maker *maker, int requests, int status)
{
	char why[KEEPER_WHY_ROOM] = "";
	const char *what = "";
	SSL_CTX *ctx;

	signal(SIGCHLD, SIG_IGN); /* pumps need nobody to wait for them */
	ctx = tls_context_make(maker->settings, maker->service, true, why, sizeof(why));
	if (ctx)
		tls_warm(ctx);
	seccomp_prepare(SECCOMP_PUMP);
	if (ctx && !pump_lock(maker, &what)) {
		snprintf(why, sizeof(why), "default_login_user: %s: %s", what, strerror(errno));
		ctx = NULL;
	}
	if (send(status, why, sizeof(why), MSG_NOSIGNAL) != sizeof(why) || !ctx)
		_exit(1);
	close(status);
	answer_requests(ctx, maker, requests);
}
