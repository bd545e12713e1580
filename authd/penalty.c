/*
 * penalty.c - networks that have just failed wait before they may try again
 *
 * The delay of a refusal alone could be cut short: no answer after a
 * moment means "wrong", so hang up and try the next word.  Therefore the network
 * is remembered.  The table has a fixed size; two networks that meet in one slot share the
 * later of their times, which is at most one delay away.
 */
#include "authd/penalty.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "common/base/net.h"

enum { SLOTS = 8192 };

struct penalty {
	int64_t until[SLOTS];
};

struct penalty *
penalty_make(void)
{
	struct penalty *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory: the penalties");
	return p;
}

static size_t
slot_of(const struct net_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t n = memcmp(a->byte, mapped, sizeof(mapped)) == 0 ? 16 : 8;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ a->byte[i]) * 1099511628211u;
	return (size_t)((hash ^ hash >> 32) % SLOTS);
}

void
penalty_note(struct penalty *p, const struct net_address *a, int64_t until_ms)
{
	size_t slot = slot_of(a);

	if (a->known && until_ms > p->until[slot])
		p->until[slot] = until_ms;
}

int64_t
penalty_until(const struct penalty *p, const struct net_address *a)
{
	return a->known ? p->until[slot_of(a)] : 0;
}
