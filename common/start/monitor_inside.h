/* monitor_inside.h - what the files of the monitor share, and nobody else */
#ifndef LINNET_MONITOR_INSIDE_H
#define LINNET_MONITOR_INSIDE_H

#include "common/base/arena.h"
#include "common/start/auth_client.h"
#include "common/start/greeter_message.h"
#include "common/start/greeter_process.h"
#include "common/start/login_log.h"
#include "common/start/monitor.h"

enum { MONITOR_SESSION_ID_ROOM = 17 };

struct monitor {
	const struct prepared   *p;
	const struct connection *c;
	struct arena             mem;
	int                      plain;   /* the client: its socket, or the pump's other end */
	struct greeter_process   greeter;
	struct auth_client      *authd;
	struct auth_answer       answer;  /* the latest */
	struct login_facts       facts;
	int64_t                  deadline;
	bool                     expects_proxy, is_plaintext_allowed, is_greeted;
	const char              *tls;     /* for struct login */
	char                     session_id[MONITOR_SESSION_ID_ROOM];
	struct pump_report       report;  /* of the handshake; nothing but zeros in the clear */
	char                     apop[GREETER_APOP_ROOM];
	size_t                   in_most; /* bytes of in that were ever written, to be wiped */
	/* large, and mostly never touched: behind all that each connection writes */
	struct greeter_message   in;
	struct greeter_reply     reply;
};

/* What a packet of the greeter came to.  One that ends the connection does not return. */
enum monitor_outcome {
	MONITOR_GOING_ON,
	MONITOR_IS_LOGGED_IN, /* the greeter gave back what it had */
	MONITOR_WANTS_TLS
};

/* monitor_wait.c */
enum monitor_waited { MONITOR_WAITED_READABLE, MONITOR_WAITED_LATE, MONITOR_WAITED_TERMINATED };

/* Until fd can be read, the deadline (clock_ms()) is there, or SIGTERM came. */
enum monitor_waited monitor_wait(int fd, int64_t deadline);

/*
 * Closing with bytes unread would send a reset, which can overtake our last
 * line.  They are thrown away, for a moment and up to a limit.
 */
void monitor_drop_unread(int fd);

/* monitor_auth.c: packets of the greeter, and when each may come */
bool monitor_may_ask(const struct monitor *m);
bool monitor_may_go_on(const struct monitor *m);
enum monitor_outcome monitor_on_auth(struct monitor *m, const struct greeter_message *in);
enum monitor_outcome monitor_on_cont(struct monitor *m, const struct greeter_message *in);
enum monitor_outcome monitor_on_cancel(struct monitor *m, const struct greeter_message *in);

/* The mechanisms that may be used on this connection: bits of sasl_names.h. */
uint32_t monitor_mechanisms(const struct monitor *m);

/*
 * The greeter's facts about mechanisms: those that may be used on this connection, and APOP's
 * words.
 */
void monitor_tell_mechanisms(struct monitor *m, struct greeter_facts *f);

#endif
