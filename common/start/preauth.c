/*
 * preauth.c - an ordinary user serves himself, over ssh or from a mail program's tunnel
 *
 * ssh gives a command two pipes or one socket, mutt's tunnel two pipes, mbsync's a
 * socket.  A session knows one descriptor only, so two pipes get a small
 * process that carries the bytes.
 */
#include "common/start/preauth.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/log.h"
#include "common/start/descriptors.h"
#include "common/start/monitor.h"
#include "common/start/sasl_names.h"
#include "common/start/session_start.h"

enum { STATUS_USAGE = 64, CARRY_BYTES = 16 * 1024 };

/* Once; false at the end of from, or when to is gone. */
static bool
carry(int from, int to)
{
	static char bytes[CARRY_BYTES];
	ssize_t n = read(from, bytes, sizeof(bytes)), done = 0, w;

	if (n < 0)
		return errno == EINTR;
	while (done < n) {
		w = write(to, bytes + done, (size_t)(n - done));
		if (w < 0 && errno != EINTR)
			return false;
		done += w > 0 ? w : 0;
	}
	return n > 0;
}

/*
 * Both ways until the session has ended.  Writes may block: then the session or
 * the user's side is slow, and the other waits for it as over one connection.
 */
static void __attribute__((noreturn))
carry_pipes(int session)
{
	struct pollfd set[2] = { { STDIN_FILENO, POLLIN, 0 }, { session, POLLIN, 0 } };

	for (;;) {
		if (poll(set, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if (set[1].revents && !carry(session, STDOUT_FILENO))
			_exit(0);
		if (set[0].revents && !carry(STDIN_FILENO, session)) {
			shutdown(session, SHUT_WR);
			set[0].fd = -1;
			set[0].revents = 0;
		}
	}
}

/* The parent carries, so that who waits for it waits until the last byte is out. */
static int
join_pipes(void)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || (pid = fork()) < 0)
		die("no process for the pipes: %s", strerror(errno));
	if (pid > 0) {
		close(pair[0]);
		carry_pipes(pair[1]);
	}
	close(pair[1]);
	return pair[0];
}

static const char *
own_location(const struct settings *settings, const char *mail)
{
	const char *variable = strchr(settings->mail_location, '%');

	if (mail)
		return mail;
	for (; variable; variable = strchr(variable + 2, '%')) {
		if (variable[1] == 'd')
			return "maildir:~/Maildir";
		if (variable[1] == '\0')
			break;
	}
	return NULL;
}

int
preauth_run(const struct service *service, const struct settings *settings, const char *mail)
{
	static struct login login;
	static struct arena mem = ARENA_EMPTY;
	const struct passwd *user = getpwuid(getuid());
	struct session_owner owner = { getuid(), getgid(), own_location(settings, mail), true };
	enum descriptor_kind in = descriptors_kind(STDIN_FILENO);

	if (geteuid() == 0 || getuid() == 0) {
		log_error("--preauth serves the calling user's own mail and never runs as root");
		return STATUS_USAGE;
	}
	if (in != DESCRIPTOR_CONNECTED && in != DESCRIPTOR_PIPE) {
		log_error("--preauth: descriptor 0 is neither a socket nor a pipe");
		return STATUS_USAGE;
	}
	login = (struct login){
		.settings = settings,
		.user = user ? arena_string(&mem, span_of(user->pw_name)) :
		               arena_printf(&mem, "%u", (unsigned)getuid()),
		.home = user ? arena_string(&mem, span_of(user->pw_dir)) : "/",
		.session_id = "preauth",
		.mechanism = "",
		.mechanisms = sasl_names_usable(settings->auth_mechanisms, SASL_SHOWN),
		.tag = "",
		.unread = SPAN_NONE,
		.is_preauth = true,
		.is_secured = true,
		.is_plaintext_allowed = true,
		.client = descriptors_lift_client(in == DESCRIPTOR_PIPE ? join_pipes() :
		                                                          STDIN_FILENO),
		.authd = -1,
		.terminated = &monitor_terminated,
	};
	session_start(service, &login, &owner);
}
