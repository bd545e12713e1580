/*
 * penalty.c - who guesses waits, longer each time; who is known from there does not
 *
 * Each attempt counts in up to four places: the pair of its network and its user, the
 * network (IPv4 /32, IPv6 /64), for IPv6 the /48 around it, and the user.  Each place takes
 * some failures freely; then the next attempt waits, twice as long each time.
 *
 * (1) An attempt that is let through moves the time of the next one behind it, so two
 *     hundred at once are looked at one after the other, as if they had come so.
 * (2) A password that was wrong before is no new guess: its failure counts once.
 * (3) Whoever has logged in from a network lately is asked about that pair alone: nobody
 *     else's guessing, at this user or from this network, keeps him waiting.
 * (4) Failures are forgotten by halves, every ten minutes.
 *
 * The table has a fixed size.  Places are sought by a keyed hash among four; the one that
 * has been quiet for longest gives way.
 */
#include "authd/penalty.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"

enum {
	SETS = 4096,
	WAYS = 4,
	PROOFS = 4,
	DOUBLINGS = 10,
	HALF_LIFE_MS = 10 * 60 * 1000
};
static const int64_t known_ms = 30LL * 24 * 3600 * 1000;

struct place {
	uint64_t key; /* 0: free */
	int64_t  next_at, last_failure, known_until;
	uint32_t proof[PROOFS];
	uint16_t failures, under_way, proof_at;
};

struct penalty {
	uint64_t     seed;
	struct place place[SETS][WAYS];
};

/* Failures, and attempts at once, that cost nothing. */
static const struct kind {
	unsigned free, at_once;
} kinds[PENALTY_KINDS] = {
	[PENALTY_PAIR] = { 0, 10 },
	[PENALTY_NET] = { 4, 40 },
	[PENALTY_WIDE] = { 40, 200 },
	[PENALTY_USER] = { 20, 20 },
};

struct penalty *
penalty_make(const unsigned char *seed)
{
	struct penalty *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory: the penalties");
	memcpy(&p->seed, seed, sizeof(p->seed));
	return p;
}

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < n; i++) {
		hash = (hash ^ at[i]) * 1099511628211u;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool
is_v4(const struct net_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->byte, mapped, sizeof(mapped)) == 0;
}

static uint64_t
key_of(const struct penalty *p, enum penalty_kind kind, const struct net_address *a, size_t bytes,
       struct span user)
{
	unsigned char tag = (unsigned char)kind;
	uint64_t key = hash_bytes(p->seed ^ 14695981039346656037u, &tag, 1);

	key = hash_bytes(key, a->byte, bytes);
	for (size_t i = 0; i < user.len; i++) {
		char c = ascii_lower(user.at[i]);

		key = hash_bytes(key, &c, 1);
	}
	return key ? key : 1;
}

static void
fill_ticket(const struct penalty *p, const struct net_address *a, struct span user,
            struct penalty_ticket *t)
{
	size_t net = is_v4(a) ? 16 : 8;

	*t = (struct penalty_ticket){ .is_entered = false };
	t->key[PENALTY_PAIR] = key_of(p, PENALTY_PAIR, a, net, user);
	t->key[PENALTY_NET] = key_of(p, PENALTY_NET, a, net, SPAN_NONE);
	t->key[PENALTY_WIDE] = is_v4(a) ? 0 : key_of(p, PENALTY_WIDE, a, 6, SPAN_NONE);
	t->key[PENALTY_USER] = key_of(p, PENALTY_USER, a, 0, user);
}

static struct place *
find_place(struct penalty *p, uint64_t key)
{
	struct place *set = p->place[key % SETS];

	for (size_t i = 0; key && i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

/* A place for key; NULL where all of its set have attempts under way. */
static struct place *
take_place(struct penalty *p, uint64_t key)
{
	struct place *set = p->place[key % SETS], *best = find_place(p, key);

	if (best || !key)
		return best;
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].under_way == 0 &&
		    (!best || set[i].last_failure + set[i].known_until <
		                      best->last_failure + best->known_until))
			best = &set[i];
	if (best)
		*best = (struct place){ .key = key };
	return best;
}

static void
forget_old(struct place *e, int64_t now)
{
	while (e->failures > 0 && now - e->last_failure > HALF_LIFE_MS) {
		e->failures /= 2;
		e->last_failure += HALF_LIFE_MS;
	}
}

/* What the next attempt costs here: pause behind this one. */
static int64_t
pause_of(const struct place *e, const struct kind *kind, const struct penalty_rules *rules)
{
	unsigned crowd = e->under_way > kind->at_once ? e->under_way - kind->at_once : 0;
	unsigned n = e->failures + crowd, more;
	int64_t pause;

	if (n <= kind->free)
		return 0;
	more = n - kind->free - 1;
	pause = rules->first_ms << (more < DOUBLINGS ? more : DOUBLINGS);
	return pause < rules->most_ms ? pause : rules->most_ms;
}

static bool
is_known(struct penalty *p, const struct penalty_ticket *t, int64_t now)
{
	const struct place *pair = find_place(p, t->key[PENALTY_PAIR]);

	return pair && now < pair->known_until;
}

/* (3) */
static size_t
kinds_that_count(struct penalty *p, const struct penalty_ticket *t, int64_t now)
{
	return is_known(p, t, now) ? PENALTY_PAIR + 1 : PENALTY_KINDS;
}

int64_t
penalty_enter(struct penalty *p, const struct penalty_rules *rules, const struct net_address *a,
              struct span user, int64_t now, struct penalty_ticket *t)
{
	size_t count;
	int64_t wait = 0;

	fill_ticket(p, a, user, t);
	count = kinds_that_count(p, t, now);
	for (size_t i = 0; i < count; i++) {
		struct place *e = take_place(p, t->key[i]);

		if (!e)
			continue;
		forget_old(e, now);
		if (pause_of(e, &kinds[i], rules) > 0 && e->next_at - now > wait)
			wait = e->next_at - now;
	}
	if (wait > 0)
		return wait;
	t->is_entered = true;
	for (size_t i = 0; i < PENALTY_KINDS; i++) {
		struct place *e = take_place(p, t->key[i]);

		if (!e)
			continue;
		if (e->under_way < UINT16_MAX)
			e->under_way++;
		e->next_at = now + pause_of(e, &kinds[i], rules); /* (1) */
	}
	return 0;
}

/* (2) */
static bool
is_repeated(struct place *pair, uint32_t proof)
{
	for (size_t i = 0; i < PROOFS; i++)
		if (pair->proof[i] == proof && proof != 0)
			return true;
	pair->proof[pair->proof_at++ % PROOFS] = proof;
	return false;
}

static void
note_failure(struct place *e, const struct kind *kind, const struct penalty_rules *rules,
             bool is_new, int64_t now)
{
	int64_t next;

	if (is_new && e->failures < UINT16_MAX)
		e->failures++;
	e->last_failure = now;
	next = now + pause_of(e, kind, rules);
	if (next > e->next_at)
		e->next_at = next;
}

void
penalty_leave(struct penalty *p, const struct penalty_rules *rules, struct penalty_ticket *t,
              enum penalty_outcome outcome, uint32_t proof, int64_t now)
{
	struct place *pair = find_place(p, t->key[PENALTY_PAIR]);
	bool is_new;

	if (!t->is_entered)
		return;
	t->is_entered = false;
	is_new = outcome == PENALTY_WRONG && (!pair || !is_repeated(pair, proof));
	for (size_t i = 0; i < PENALTY_KINDS; i++) {
		struct place *e = find_place(p, t->key[i]);

		if (!e)
			continue;
		if (e->under_way > 0)
			e->under_way--;
		if (outcome == PENALTY_WRONG)
			note_failure(e, &kinds[i], rules, is_new, now);
	}
	if (outcome == PENALTY_RIGHT && pair) {
		pair->failures = 0;
		pair->next_at = 0;
		pair->known_until = now + known_ms;
	}
}

size_t
penalty_count(const struct penalty *p, int64_t now)
{
	size_t count = 0;

	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			count += p->place[i][k].key != 0 && p->place[i][k].next_at > now;
	return count;
}
