/* penalty.h - who guesses waits, longer each time; who is known from there does not */
#ifndef LINNET_PENALTY_H
#define LINNET_PENALTY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/net.h"
#include "common/base/span.h"

struct penalty;

/* First pause, and the longest one; 0 for none. */
struct penalty_rules {
	int64_t first_ms, most_ms;
};

/* seed: PENALTY_SEED random bytes, so that nobody can choose whom he shares a place with. */
enum { PENALTY_SEED = 8 };
struct penalty *penalty_make(const unsigned char *seed);

/* One attempt: filled by penalty_enter(), given back to penalty_leave(). */
enum penalty_kind { PENALTY_PAIR, PENALTY_NET, PENALTY_WIDE, PENALTY_USER, PENALTY_KINDS };
struct penalty_ticket {
	uint64_t key[PENALTY_KINDS]; /* 0: none */
	bool     is_entered;
};

/*
 * May an attempt at user from this address be looked at now (of clock_ms())?  0: yes, and until
 * penalty_leave() it counts among those under way; else milliseconds after which to ask again.
 */
int64_t penalty_enter(struct penalty *p, const struct penalty_rules *rules,
                      const struct net_address *a, struct span user, int64_t now,
                      struct penalty_ticket *t);

/* NOTHING: nobody can tell (a database is down, the client is gone before it was looked at). */
enum penalty_outcome { PENALTY_NOTHING, PENALTY_RIGHT, PENALTY_WRONG };

/*
 * The verdict.  proof is a number that the same wrong password gives again: a program
 * that goes on trying what it has stored is no guesser.
 */
void penalty_leave(struct penalty *p, const struct penalty_rules *rules, struct penalty_ticket *t,
                   enum penalty_outcome outcome, uint32_t proof, int64_t now);

/* Attempts that wait or count against somebody now: for the counters. */
size_t penalty_count(const struct penalty *p, int64_t now);

#endif
