/* penalty.h - networks that have just failed wait before they may try again */
#ifndef LINNET_PENALTY_H
#define LINNET_PENALTY_H

#include <stdint.h>

struct net_address;
struct penalty;

struct penalty *penalty_make(void);

/*
 * The network of this address (IPv4 /32, IPv6 /64) has failed: nothing from there before until_ms
 * of clock_ms().
 */
void penalty_note(struct penalty *p, const struct net_address *a, int64_t until_ms);

/* When the network of this address may be heard again; 0 for at once. */
int64_t penalty_until(const struct penalty *p, const struct net_address *a);

#endif
