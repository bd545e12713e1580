/* wipe.h - overwriting secrets */
#ifndef LINNET_WIPE_H
#define LINNET_WIPE_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrite n bytes with zeros in a way that the compiler may not leave out. */
void wipe(void *at, size_t n);

/* Compare n bytes in a time that does not depend on what they are. */
bool secret_equal(const void *a, const void *b, size_t n);

#endif
