/* pump.c - the monitor's side of TLS: start a pump, by the program or from the keeper */
#include "common/start/pump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/start/keeper.h"
#include "common/start/pump_program.h"
#include "common/start/tls_file.h"

enum { WHY_ROOM = 256 };

static bool
is_readable(const char *setting, const char *value)
{
	const char *path = tls_file_path(value);

	if (!path)
		log_error("%s = %s: write </path/to/file.pem", setting, value);
	else if (access(path, R_OK) != 0)
		log_error("%s = <%s: %s; TLS is not offered", setting, path, strerror(errno));
	else
		return true;
	return false;
}

bool
pump_is_possible(const struct settings *s)
{
	if (strcmp(s->ssl, "no") == 0)
		return false;
	if (!s->ssl_cert[0] || !s->ssl_key[0]) {
		if (s->ssl_cert[0] || s->ssl_key[0] || strcmp(s->ssl, "required") == 0)
			log_error("ssl_cert and ssl_key must both be set; TLS is not offered");
		return false;
	}
	return is_readable("ssl_cert", s->ssl_cert) && is_readable("ssl_key", s->ssl_key);
}

/* The forked process: the program reads the key. */
static void __attribute__((noreturn))
be_pump(const struct pump_maker *maker, const struct pump_ends *ends, bool expects_proxy)
{
	enum { CONTROL = PUMP_FIRST_FD + 2 };
	const int fds[] = { ends->client, ends->plain, ends->control };
	char why[WHY_ROOM];

	pump_program_run(maker, expects_proxy ? PUMP_ROLE_PROXY : PUMP_ROLE_ONE, fds, 3);
	snprintf(why, sizeof(why), "tls-pump cannot be started: %s", strerror(errno));
	pump_fail(CONTROL, why);
	_exit(1);
}

static bool
fork_pump(const struct pump_maker *maker, const struct pump_ends *ends, bool expects_proxy)
{
	pid_t pid = fork();

	if (pid == 0)
		be_pump(maker, ends, expects_proxy);
	return pid > 0;
}

bool
pump_start(const struct pump_maker *maker, int client, bool expects_proxy, int *plain_out,
           int *control_out)
{
	int plain[2], control[2];
	struct pump_ends ends;
	bool done;

	if (!maker->is_ready)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, plain) != 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
		close(plain[0]);
		close(plain[1]);
		return false;
	}
	ends = (struct pump_ends){ client, plain[1], control[1] };
	done = maker->keeper >= 0 ? keeper_ask(maker->keeper, &ends, expects_proxy) :
	                            fork_pump(maker, &ends, expects_proxy);
	close(plain[1]);
	close(control[1]);
	*plain_out = plain[0];
	*control_out = control[0];
	return done;
}

void
pump_refuse(int client)
{
	/* record: alert, TLS 1.0 as all hellos have it, 2 bytes; alert: fatal, internal_error */
	static const char alert[] = { 0x15, 3, 1, 0, 2, 2, 80 };

	if (send(client, alert, sizeof(alert), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}
