/*
 * server_admin.c - what linnetctl asks on the login socket, and the counters as OpenMetrics text
 *
 *	WHO id             SESSION id user= service= rip= pid= session= since=  for each, then END
 *id FLUSH id [user=]   END id count= STATS id           TEXT id text=  for each line, then END id
 */
#include "authd/server.h"

#include "authd/queue.h"
#include "authd/sessions.h"
#include "common/base/clock.h"
#include "common/base/log.h"

struct listing {
	struct connection *connection;
	uint32_t           id;
	struct buf         out;
};

static bool
may_administrate(const struct connection *c)
{
	return c->kind == LISTENER_LOGIN;
}

static void
put_end(struct listing *l)
{
	auth_put_end(&l->out);
	connection_send(l->connection, &l->out);
	buf_free(&l->out);
}

static void
put_session(void *context, const struct session *s)
{
	struct listing *l = context;
	char ip[NET_TEXT_ROOM];

	auth_put(&l->out, "SESSION");
	auth_put_number(&l->out, l->id);
	auth_put_value(&l->out, "user", span_of(s->user));
	auth_put_value(&l->out, "service", span_of(s->service));
	auth_put_value(&l->out, "rip", span_of(net_address_text(&s->remote, ip)));
	auth_put_value(&l->out, "session", span_of(s->id));
	buf_printf(&l->out, "\tpid=%ld\tsince=%lld", (long)s->pid, (long long)s->since);
	auth_put_end(&l->out);
}

bool
admin_who(struct connection *c, const struct protocol_command *command)
{
	struct listing l = { c, command->number, BUF_EMPTY };

	if (!may_administrate(c))
		return false;
	sessions_each(c->server->sessions, put_session, &l);
	auth_put(&l.out, "END");
	auth_put_number(&l.out, l.id);
	put_end(&l);
	return true;
}

bool
admin_flush(struct connection *c, const struct protocol_command *command)
{
	struct listing l = { c, command->number, BUF_EMPTY };
	size_t count;

	if (!may_administrate(c))
		return false;
	count = cache_flush(c->server->cache, command->user);
	log_info("cache: %zu answers forgotten as linnetctl asks", count);
	auth_put(&l.out, "END");
	auth_put_number(&l.out, l.id);
	buf_printf(&l.out, "\tcount=%zu", count);
	put_end(&l);
	return true;
}

bool
admin_stats(struct connection *c, const struct protocol_command *command)
{
	struct listing l = { c, command->number, BUF_EMPTY };
	struct buf text = BUF_EMPTY;
	struct span rest, line;

	if (!may_administrate(c))
		return false;
	metrics_put(c->server, &text);
	rest = buf_view(&text);
	while (span_split(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		auth_put(&l.out, "TEXT");
		auth_put_number(&l.out, l.id);
		auth_put_value(&l.out, "text", line);
		auth_put_end(&l.out);
	}
	buf_free(&text);
	auth_put(&l.out, "END");
	auth_put_number(&l.out, l.id);
	put_end(&l);
	return true;
}

/* --- counters: one family a function --------------------------------------------------------- */

static void
put_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# TYPE linnet_%s %s\n# HELP linnet_%s %s\n", name, type, name, help);
}

static void
put_gauge(struct buf *out, const char *name, uint64_t n, const char *help)
{
	put_family(out, name, "gauge", help);
	buf_printf(out, "linnet_%s %llu\n", name, (unsigned long long)n);
}

static void
put_counter(struct buf *out, const char *name, uint64_t n, const char *help)
{
	put_family(out, name, "counter", help);
	buf_printf(out, "linnet_%s_total %llu\n", name, (unsigned long long)n);
}

static void
put_verdicts(const struct server *s, struct buf *out)
{
	static const struct {
		enum check_verdict verdict;
		const char        *label;
	} labels[] = {
		{ CHECK_OK, "ok" },           { CHECK_FAILED, "failed" },
		{ CHECK_AUTHZ, "authz" },     { CHECK_REFUSED, "refused" },
		{ CHECK_UNAVAILABLE, "unavailable" },
	};

	put_family(out, "auth_attempts", "counter", "Attempts by what came of them.");
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		buf_printf(out, "linnet_auth_attempts_total{verdict=\"%s\"} %llu\n",
		           labels[i].label, (unsigned long long)s->verdicts[labels[i].verdict]);
}

static size_t
count_workers(const struct server *s, bool busy_only)
{
	const struct pool_worker *w;
	size_t count = 0;

	TAILQ_FOREACH(w, &s->workers, in_pool)
		count += !busy_only || w->request;
	return count;
}

void
metrics_put(struct server *s, struct buf *out)
{
	struct cache_counts cache = cache_counts(s->cache);

	put_verdicts(s, out);
	put_counter(out, "auth_held", s->held, "Attempts that waited, as somebody guesses there.");
	put_counter(out, "auth_limited", s->limited, "Logins beyond a limit of sessions.");
	put_counter(out, "auth_workers_lost", s->workers_lost, "Workers that ended or hung.");
	put_gauge(out, "auth_penalties", penalty_count(s->penalty, clock_ms()),
	          "Networks and users whose next attempt waits.");
	put_gauge(out, "auth_queue", queue_length(s->queue), "Requests that wait for a worker.");
	put_gauge(out, "auth_workers", count_workers(s, false), "Worker processes.");
	put_gauge(out, "auth_workers_busy", count_workers(s, true), "Those that check a password.");
	put_gauge(out, "sessions", sessions_count_all(s->sessions), "Sessions that are logged in.");
	put_counter(out, "auth_cache_hits", cache.hits, "Questions answered from the cache.");
	put_counter(out, "auth_cache_misses", cache.misses, "Questions that were not.");
	put_gauge(out, "auth_cache_entries", cache.entries, "Answers in the cache.");
	put_gauge(out, "auth_cache_bytes", cache.bytes, "Memory of the cache.");
	buf_str(out, "# EOF\n");
}
