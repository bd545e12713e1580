/* trouble.c - the same trouble is told once a minute, not once an attempt */
#include "authd/trouble.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/log.h"

enum { SLOTS = 64, PAUSE_MS = 60 * 1000 };

struct trouble {
	struct told {
		uint64_t hash;
		int64_t  when;
		unsigned more;
	} told[SLOTS];
};

struct trouble *
trouble_make(void)
{
	struct trouble *t = calloc(1, sizeof(*t));

	if (!t)
		die("out of memory: the list of troubles");
	return t;
}

void
trouble_tell(struct trouble *t, struct span text)
{
	uint64_t hash = 14695981039346656037u;
	int64_t now = clock_ms();
	struct told *told;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
	told = &t->told[hash % SLOTS];
	if (told->hash == hash && now < told->when + PAUSE_MS) {
		told->more++;
		return;
	}
	if (told->hash == hash && told->more > 0)
		log_error("%.*s (%u times more in between)", (int)text.len, text.at, told->more);
	else
		log_error("%.*s", (int)text.len, text.at);
	*told = (struct told){ hash, now, 0 };
}
