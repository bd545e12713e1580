/* queue.c - requests that wait for a worker: lanes served in turn, each bounded */
#include "authd/queue.h"

#include <stdlib.h>

#include "authd/server.h"
#include "common/base/die.h"
#include "common/base/limits.h"

struct queue {
	struct request_list lane[QUEUE_LANES];
	size_t              length[QUEUE_LANES];
	size_t              total;
	uint32_t            turn; /* lane that is looked at next */
};

struct queue *
queue_make(void)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		die("out of memory: the queue");
	for (size_t i = 0; i < QUEUE_LANES; i++)
		TAILQ_INIT(&q->lane[i]);
	return q;
}

/* FNV-1a over the network part: an address within a network must not choose its lane. */
uint32_t
queue_lane(const struct net_address *remote, uint32_t uid)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t n = memcmp(remote->byte, mapped, sizeof(mapped)) == 0 ? 15 : 6;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n && remote->known; i++)
		hash = (hash ^ remote->byte[i]) * 16777619u;
	if (!remote->known)
		hash = (hash ^ uid) * 16777619u;
	return (hash ^ hash >> 16) % QUEUE_LANES;
}

bool
queue_push(struct queue *q, struct request *r)
{
	if (q->total >= LIMIT_AUTH_QUEUE || q->length[r->lane] >= LIMIT_AUTH_QUEUE_LANE)
		return false;
	TAILQ_INSERT_TAIL(&q->lane[r->lane], r, in_queue);
	q->length[r->lane]++;
	q->total++;
	return true;
}

void
queue_push_front(struct queue *q, struct request *r)
{
	TAILQ_INSERT_HEAD(&q->lane[r->lane], r, in_queue);
	q->length[r->lane]++;
	q->total++;
	q->turn = r->lane;
}

struct request *
queue_pop(struct queue *q)
{
	struct request *r = NULL;

	while (q->total > 0 && !r) {
		r = TAILQ_FIRST(&q->lane[q->turn]);
		if (r)
			queue_remove(q, r);
		q->turn = (q->turn + 1) % QUEUE_LANES;
	}
	return r;
}

void
queue_remove(struct queue *q, struct request *r)
{
	TAILQ_REMOVE(&q->lane[r->lane], r, in_queue);
	q->length[r->lane]--;
	q->total--;
}

size_t
queue_length(const struct queue *q)
{
	return q->total;
}
