/* monitor.h - one connection from its first byte to its session */
#ifndef LINNET_MONITOR_H
#define LINNET_MONITOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/net.h"
#include "common/base/settings.h"
#include "common/start/pump.h"
#include "common/start/start.h"

/*
 * What is prepared once: for the one connection of this process, or for all that
 * a listener forks.
 */
struct prepared {
	const struct service  *service;
	const struct settings *settings;
	const char            *conf;      /* the file they came from */
	struct pump_maker      pump;
	uid_t                  login_uid; /* default_login_user */
	gid_t                  login_gid;
};

struct connection {
	int                fd;
	struct net_address remote, local;
	bool               is_tls;     /* it begins with TLS */
	bool               is_wrapped; /* stunnel is in front of us, on this machine */
	/* the listener's count, in shared memory; NULL: nobody counts */
	volatile bool     *logged_in;
};

/*
 * Greet, log in, serve.  Never returns; the exit status is 0 when the session or
 * the client ended it.
 */
void monitor_run(const struct prepared *p, const struct connection *c) __attribute__((noreturn));

/* Set by SIGTERM, which is blocked but while waiting. */
extern volatile int monitor_terminated;
void monitor_catch_term(void);

/* Say text to a client that gets no more than that, without waiting for it. */
void monitor_say(int fd, const char *text);

#endif
