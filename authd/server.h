/* server.h - the process that talks to the clients: no databases, no hashes, no power */
#ifndef LINNET_SERVER_H
#define LINNET_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "authd/cache.h"
#include "authd/check.h"
#include "authd/listeners.h"
#include "authd/mechanisms.h"
#include "authd/penalty.h"
#include "authd/protocol.h"
#include "common/base/net.h"

/*
 * Settings that the server needs, as the keeper sent them; the files stay
 * with the keeper and the workers.  The texts live in mem.
 */
struct server_settings {
	struct arena mem;
	uint64_t     generation; /* workers of an older one are not used any more */
	const char  *mechanisms, *trusted, *user, *log_path;
	uint64_t     delay_ms, penalty_ms, user_ip_limit, user_limit, ip_limit;
	uint64_t     cache_bytes, cache_ms, cache_negative_ms, cache_stale_ms;
	bool         is_verbose, is_debug, has_masters, cert_names_user, closes_oldest;
	uid_t        owner;      /* who may use the login socket besides root */
};

enum request_state {
	REQUEST_DIALOGUE, /* waits for the client's CONT */
	REQUEST_HELD,     /* somebody guesses there: not before a while */
	REQUEST_QUEUED,
	REQUEST_AT_WORKER,
	REQUEST_DELAYED   /* refused; told when the delay is over */
};

/* One AUTH, from its first line to its answer.  Owned by the server. */
struct request {
	struct server           *server;
	struct connection       *connection; /* NULL: gone in the meantime */
	uint32_t                 id;
	enum request_state       state;
	const struct mechanism  *mechanism;
	struct dialogue          dialogue;
	char                    *service, *session, *remote_ip, *local_ip; /* "" for none */
	struct net_address       remote;
	uint32_t                 lane;      /* of the queue */
	unsigned                 losses, stales; /* workers that it has lost */
	struct pool_worker      *worker;
	struct event            *timer;
	struct buf               reply;     /* REQUEST_DELAYED */
	/* a verdict that waits for the client's last word: the worker's message, or a refusal */
	struct buf               verdict;
	bool                     is_refused;
	char                     nonce[25], *challenge, *cert_user;
	unsigned char            tls_exporter[64], tls_unique[64];
	struct penalty_ticket    ticket;
	unsigned char            cache_key[CACHE_KEY];
	bool                     has_cache_key;
	TAILQ_ENTRY(request)     in_queue, in_connection;
};
TAILQ_HEAD(request_list, request);

struct session;
struct connection {
	struct server       *server;
	enum listener_kind   kind;
	int                  fd;
	uid_t                uid;    /* SO_PEERCRED */
	pid_t                pid;
	uint32_t             number; /* CUID */
	bool                 has_version, is_dead;
	struct event        *reading, *writing;
	struct buf in, out; /* the beginning of a line; what the client has not taken yet */
	struct request_list  requests;
	size_t               request_count;
	struct session      *session; /* logged in: this connection is its place in the list */
	TAILQ_ENTRY(connection) in_server;
};

struct pool_worker {
	struct server  *server;
	int             fd;
	pid_t           pid;
	uint64_t        generation;
	struct event   *reading;
	struct request *request; /* NULL: idle */
	TAILQ_ENTRY(pool_worker) in_pool;
};

struct server {
	struct event_base      *base;
	struct server_settings  settings;
	int                     channel; /* to the keeper */
	struct accepting {
		struct server     *server;
		enum listener_kind kind;
		struct event      *event;
	} accepting[LISTENERS];
	size_t                  accepting_count;
	struct event           *accept_pause;
	char                    cookie[33];
	uint32_t                next_number;
	size_t                  client_count; /* connections to the auth-client socket */
	size_t                  scrape_count; /* clients of the counters */
	TAILQ_HEAD(, connection) connections;
	TAILQ_HEAD(, pool_worker) workers;
	struct queue           *queue;
	struct sessions        *sessions;
	struct penalty         *penalty;
	struct cache           *cache;
	struct trouble         *trouble;
	char                    host[65];
	/* of password checks, by what came of them; attempts that had to wait; the workers lost */
	uint64_t                verdicts[CHECK_STALE + 1], held, workers_lost, limited;
};

/* The server process, on its channel to the keeper; ends with it. */
void server_run(int channel) __attribute__((noreturn));

/* Tell the keeper that a worker does not come back. */
void server_ask_kill(struct server *s, pid_t worker);

/* Let the keeper, who may, tell the session behind this connection to end. */
void server_ask_end(struct server *s, const struct session *session);

/* server_connection.c */
void connection_accept(struct server *s, enum listener_kind kind, int fd);
void connection_send(struct connection *c, struct buf *line); /* and empties line */
void connection_close(struct connection *c);

/* server_request.c: commands of a client, verdicts of a worker */
bool request_begin(struct connection *c,
                   const struct protocol_command *command); /* false: protocol broken */
bool request_go_on(struct connection *c, const struct protocol_command *command);
void request_cancel(struct connection *c, uint32_t id);
void request_verdict(struct request *r, const struct check_result *result, struct span message);
/* A worker's answer, as it came, for the next time that the same is asked. */
void request_keep_answer(struct request *r, const struct check_result *result,
                         struct span message);
struct check request_check(const struct request *r); /* borrows */
void request_unavailable(struct request *r, const char *trouble);
void request_orphan(struct request *r); /* its connection is gone */

/* server_admin.c: WHO, FLUSH and STATS of the login socket; the counters as text */
bool admin_who(struct connection *c, const struct protocol_command *command);
bool admin_flush(struct connection *c, const struct protocol_command *command);
bool admin_stats(struct connection *c, const struct protocol_command *command);
void metrics_put(struct server *s, struct buf *out);

/* server_metrics.c: one scrape over HTTP; takes fd over */
void metrics_accept(struct server *s, int fd);

/* server_pool.c */
void pool_add(struct server *s, int fd, pid_t pid, uint64_t generation); /* takes fd over */
void pool_submit(struct request *r);
void
pool_withdraw(struct request *r); /* QUEUED or AT_WORKER: it does not want its answer any more */
void pool_renew(struct server *s);     /* settings have changed: let the old workers go */

#endif
