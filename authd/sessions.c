/* sessions.c - who is logged in: one entry for each connection that a session holds open */
#include "authd/sessions.h"

#include <stdlib.h>

#include "common/base/die.h"

enum { SLOTS = 4096 };

struct sessions {
	struct session *slot[SLOTS];
	uint32_t        from[SLOTS]; /* sessions, by a hash of their address */
	size_t          count;
};

static void *
allocate(size_t n)
{
	void *at = calloc(1, n);

	if (!at)
		die("out of memory: the list of sessions");
	return at;
}

static char *
copy(struct span s)
{
	char *text = allocate(s.len + 1);

	memcpy(text, s.at, s.len);
	return text;
}

struct sessions *
sessions_make(void)
{
	return allocate(sizeof(struct sessions));
}

static size_t
slot_of(struct span user)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < user.len; i++)
		hash = (hash ^ (unsigned char)user.at[i]) * 16777619u;
	return (hash ^ hash >> 15) % SLOTS;
}

/* service and remote: NULL for any. */
static bool
is_one_of(const struct session *s, struct span user, const char *service,
          const struct net_address *remote)
{
	return span_is(user, s->user) && (!service || strcmp(s->service, service) == 0) &&
	       (!remote || net_address_equal(&s->remote, remote));
}

size_t
sessions_count(const struct sessions *all, struct span user, const char *service,
               const struct net_address *remote)
{
	size_t count = 0;

	for (const struct session *s = all->slot[slot_of(user)]; s; s = s->next)
		count += !s->is_ending && is_one_of(s, user, service, remote);
	return count;
}

size_t
sessions_count_user(const struct sessions *all, struct span user)
{
	size_t count = 0;

	for (const struct session *s = all->slot[slot_of(user)]; s; s = s->next)
		count += !s->is_ending && span_is(user, s->user);
	return count;
}

static uint32_t
address_hash(const struct net_address *a)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(a->byte); i++)
		hash = (hash ^ a->byte[i]) * 16777619u;
	return (hash ^ hash >> 15) % SLOTS;
}

/* Of all whose address has the same hash: that is counted, the sessions are not gone through. */
size_t
sessions_count_address(const struct sessions *all, const struct net_address *remote)
{
	return all->from[address_hash(remote)];
}

size_t
sessions_count_all(const struct sessions *all)
{
	return all->count;
}

struct session *
sessions_add(struct sessions *all, struct span user, const char *service, const char *id,
             const struct net_address *remote, pid_t pid, int fd)
{
	struct session *s = allocate(sizeof(*s));

	*s = (struct session){ .user = copy(user), .service = copy(span_of(service)),
		               .id = copy(span_of(id)), .remote = *remote, .pid = pid, .fd = fd,
		               .since = time(NULL), .slot = slot_of(user) };
	all->count++;
	all->from[address_hash(remote)]++;
	s->next = all->slot[s->slot];
	all->slot[s->slot] = s;
	return s;
}

/* New ones are put in front: the last one of the list is the oldest. */
struct session *
sessions_oldest(const struct sessions *all, struct span user, const char *service,
                const struct net_address *remote, uint64_t most)
{
	struct session *oldest = NULL;
	uint64_t ending = 0;

	for (struct session *s = all->slot[slot_of(user)]; s; s = s->next) {
		if (!is_one_of(s, user, service, remote))
			continue;
		if (s->is_ending)
			ending++;
		else
			oldest = s;
	}
	return ending < most ? oldest : NULL;
}

void
sessions_end(struct sessions *all, struct session *s)
{
	s->is_ending = true;
	all->from[address_hash(&s->remote)]--;
}

void
sessions_remove(struct sessions *all, struct session *s)
{
	struct session **at = &all->slot[s->slot];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	all->count--;
	if (!s->is_ending)
		all->from[address_hash(&s->remote)]--;
	free(s->id);
	free(s->user);
	free(s->service);
	free(s);
}

void
sessions_each(const struct sessions *all, void (*each)(void *context, const struct session *s),
              void *context)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (const struct session *s = all->slot[i]; s; s = s->next)
			each(context, s);
}
