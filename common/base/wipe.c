/* wipe.c - overwriting secrets, and comparing them in constant time */
#include "common/base/wipe.h"

#include <string.h>

/* memset through a volatile pointer: explicit_bzero() came with glibc 2.25. */
static void *(*const volatile forget)(void *, int, size_t) = memset;

void
wipe(void *at, size_t n)
{
	forget(at, 0, n);
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char difference = 0;

	for (size_t i = 0; i < n; i++)
		difference |= (unsigned char)(x[i] ^ y[i]);
	return difference == 0;
}
