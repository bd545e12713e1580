/* server_pool.c - the workers as the server sees them: who is idle, who has which request */
#include "authd/server.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "authd/channel.h"
#include "authd/queue.h"
#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/wipe.h"

enum { MOST_LOSSES = 1 /* retried once */ };

static void dispatch(struct server *s);

static void
remove_worker(struct pool_worker *w)
{
	TAILQ_REMOVE(&w->server->workers, w, in_pool);
	event_free(w->reading);
	close(w->fd);
	free(w);
}

static bool
send_request(struct pool_worker *w, struct request *r)
{
	struct check c = request_check(r);
	struct buf message = BUF_EMPTY;
	bool is_sent;

	buf_reserve(&message,
	            2 * LIMIT_AUTH_LINE); /* so that growing leaves no copy of the password */
	check_pack(&c, &message);
	is_sent = channel_send(w->fd, buf_view(&message), -1);
	buf_wipe_free(&message);
	return is_sent;
}

/* The worker is gone with this request under way: another one may have it, once. */
static void
lose_request(struct request *r, unsigned *count, unsigned most)
{
	r->worker = NULL;
	if (++*count > most) {
		request_unavailable(r, "a request has ended the workers that tried it");
		return;
	}
	r->state = REQUEST_QUEUED;
	queue_push_front(r->server->queue, r);
}

static struct pool_worker *
find_idle(const struct server *s)
{
	struct pool_worker *w;

	TAILQ_FOREACH(w, &s->workers, in_pool)
		if (!w->request && w->generation == s->settings.generation)
			return w;
	return NULL;
}

static void
dispatch(struct server *s)
{
	struct pool_worker *w;
	struct request *r;

	while ((w = find_idle(s)) && (r = queue_pop(s->queue))) {
		if (!send_request(w, r)) {
			queue_push_front(s->queue, r);
			remove_worker(w);
			continue;
		}
		w->request = r;
		r->worker = w;
		r->state = REQUEST_AT_WORKER;
		/*
		 * to the end of the list, so that all are used in turn and a sick one is not always
		 * first
		 */
		TAILQ_REMOVE(&s->workers, w, in_pool);
		TAILQ_INSERT_TAIL(&s->workers, w, in_pool);
	}
}

static void
lose_worker(struct pool_worker *w)
{
	struct request *r = w->request;
	struct server *s = w->server;

	remove_worker(w);
	s->workers_lost++;
	if (r)
		lose_request(r, &r->losses, MOST_LOSSES);
	dispatch(s);
}

static void
on_answer(evutil_socket_t fd, short what, void *context)
{
	static char message[CHANNEL_MESSAGE];
	struct pool_worker *w = context;
	struct server *s = w->server;
	struct request *r = w->request;
	struct check_result result;
	struct buf packed = BUF_EMPTY;
	ssize_t n = channel_receive(fd, message, sizeof(message), NULL);

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		buf_add(&packed, message, (size_t)n); /* unpacking works in place */
	if (n <= 0 || !r || !check_result_unpack(message, (size_t)n, &result)) {
		buf_free(&packed);
		lose_worker(w);
		return;
	}
	w->request = NULL;
	r->worker = NULL;
	if (result.verdict == CHECK_STALE || w->generation != s->settings.generation)
		remove_worker(w);
	if (result.verdict == CHECK_STALE) {
		lose_request(r, &r->stales, LIMIT_AUTH_WORKERS);
	} else {
		request_keep_answer(r, &result, buf_view(&packed));
		request_verdict(r, &result, buf_view(&packed));
	}
	buf_free(&packed);
	dispatch(s);
}

void
pool_add(struct server *s, int fd, pid_t pid, uint64_t generation)
{
	struct pool_worker *w = calloc(1, sizeof(*w));

	if (!w)
		die("out of memory: a worker");
	*w = (struct pool_worker){ .server = s, .fd = fd, .pid = pid, .generation = generation };
	evutil_make_socket_nonblocking(fd);
	w->reading = event_new(s->base, fd, EV_READ | EV_PERSIST, on_answer, w);
	if (!w->reading || event_add(w->reading, NULL) != 0)
		die("out of memory: the events of a worker");
	TAILQ_INSERT_HEAD(&s->workers, w, in_pool);
	dispatch(s);
}

void
pool_submit(struct request *r)
{
	if (!queue_push(r->server->queue, r)) {
		request_unavailable(
			r, "too many requests wait for a worker; new ones are turned away");
		return;
	}
	dispatch(r->server);
}

void
pool_withdraw(struct request *r)
{
	struct pool_worker *w = r->worker;

	if (r->state == REQUEST_QUEUED) {
		queue_remove(r->server->queue, r);
		return;
	}
	server_ask_kill(r->server, w->pid);
	r->worker = NULL;
	remove_worker(w);
}

void
pool_renew(struct server *s)
{
	struct pool_worker *w = TAILQ_FIRST(&s->workers), *next;

	for (; w; w = next) {
		next = TAILQ_NEXT(w, in_pool);
		if (!w->request && w->generation != s->settings.generation)
			remove_worker(w);
	}
}
