/* clock.h - the monotonic clock, for every deadline */
#ifndef LINNET_CLOCK_H
#define LINNET_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: a clock set back or forward changes nothing. */
int64_t clock_ms(void);

/*
 * Milliseconds from now to a deadline of clock_ms(), for poll(): 0 when it has
 * passed, at most INT_MAX.
 */
int clock_until(int64_t deadline_ms);

#endif
