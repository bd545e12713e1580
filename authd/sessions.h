/* sessions.h - who is logged in */
#ifndef LINNET_SESSIONS_H
#define LINNET_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/base/net.h"
#include "common/base/span.h"

struct sessions;

struct session {
	char              *user, *service;
	char              *id;     /* as in the log; "" for none */
	struct net_address remote;
	pid_t              pid;
	time_t             since;
	int                fd;        /* of the connection that holds it; not ours */
	bool               is_ending; /* has been told to: counts no more */
	struct session    *next; /* of the same hash */
	size_t             slot;
};

struct sessions *sessions_make(void);

/* How many sessions this user has with this service from this address. */
size_t sessions_count(const struct sessions *all, struct span user, const char *service,
                      const struct net_address *remote);

/* The same from any address; of anybody from this one; of all. */
size_t sessions_count_user(const struct sessions *all, struct span user);
size_t sessions_count_address(const struct sessions *all, const struct net_address *remote);
size_t sessions_count_all(const struct sessions *all);

/* The entry belongs to the list until sessions_remove() frees it. */
struct session *sessions_add(struct sessions *all, struct span user, const char *service,
                             const char *id, const struct net_address *remote, pid_t pid,
                             int fd);
void sessions_remove(struct sessions *all, struct session *s);

/*
 * The oldest one of this user that has not been told to end; service and remote may be NULL for
 * any.  NULL where there is none, or where `most` of these are ending already.
 */
struct session *sessions_oldest(const struct sessions *all, struct span user, const char *service,
                                const struct net_address *remote, uint64_t most);

/* It has been told to end: it stays in the list until sessions_remove(), but counts no more. */
void sessions_end(struct sessions *all, struct session *s);

/* Every session, in no order. */
void sessions_each(const struct sessions *all, void (*each)(void *context, const struct session *s),
                   void *context);

#endif
