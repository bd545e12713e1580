/* queue.h - requests that wait for a worker, network by network in turn */
#ifndef LINNET_QUEUE_H
#define LINNET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct net_address;
struct queue;

struct queue *queue_make(void);

/*
 * The lane of a client: networks (IPv4 /24, IPv6 /48) and, where there is no address, local users
 * share QUEUE_LANES lanes by hash.  One lane's flood lengthens nobody's wait by more than one
 * request a turn.
 */
enum { QUEUE_LANES = 256 };
uint32_t queue_lane(const struct net_address *remote, uint32_t uid);

/* Behind the others of r->lane; false when the lane or the whole queue is full. */
bool queue_push(struct queue *q, struct request *r);
/* In front of all: it has waited before.  Never refused. */
void queue_push_front(struct queue *q, struct request *r);
/* The next one, the lanes in turn; NULL when nobody waits. */
struct request *queue_pop(struct queue *q);
size_t queue_length(const struct queue *q);
void queue_remove(struct queue *q, struct request *r);

#endif
