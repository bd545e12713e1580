/* random.h - random bytes of the kernel */
#ifndef LINNET_RANDOM_H
#define LINNET_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* n bytes fit for keys; false with errno where the system gives none. */
bool random_bytes(void *to, size_t n);

#endif
