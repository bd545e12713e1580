/* generation.c - numbers for new files of an index */
#include "common/index/generation.h"

#include <time.h>
#include <unistd.h>

#include "common/index/sum.h"

uint64_t
generation_new(const void *whose, uint64_t seed)
{
	struct timespec now;
	uint64_t parts[4];

	clock_gettime(CLOCK_REALTIME, &now);
	parts[0] = (uint64_t)now.tv_sec;
	parts[1] = (uint64_t)now.tv_nsec;
	parts[2] = (uint64_t)getpid();
	parts[3] = (uint64_t)(uintptr_t)whose;
	return sum_of(parts, sizeof(parts), seed);
}
