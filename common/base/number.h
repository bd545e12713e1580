/* number.h - reading decimal numbers without wraparound */
#ifndef LINNET_NUMBER_H
#define LINNET_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"

/* The whole span must be 1*DIGIT with a value of at most max; nothing else, no sign, no blanks. */
bool number_parse(struct span s, uint64_t max, uint64_t *n_out);

/* As number_parse for the digits that s begins with; moves *s behind them. */
bool number_take(struct span *s, uint64_t max, uint64_t *n_out);

#endif
