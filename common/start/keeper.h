/* keeper.h - the process of a listener that has the private key and forks pumps */
#ifndef LINNET_KEEPER_H
#define LINNET_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/start/pump_program.h"

/*
 * A request is one packet on a SOCK_SEQPACKET socket that all monitors of a
 * listener share: the flag byte, and three descriptors (client, plain, control).
 * The keeper ends when the last process that could ask has closed its end.
 */
struct keeper {
	pid_t pid;
	int   requests; /* -1: none */
};

/* What the keeper says once on its status socket, NUL-padded: nothing, or why it cannot serve. */
enum { KEEPER_WHY_ROOM = 256 };

/*
 * Start one (tls-pump) that reads certificate and key now; waits for it.  False, with a
 * sentence in why (room bytes), when it cannot: then there is no process.
 */
bool keeper_start(struct keeper *k, const struct pump_maker *maker, char *why, size_t room);

/* Forget it: it ends by itself when the monitors that know it have. */
void keeper_leave(struct keeper *k);

/* Ask for a pump; false with errno. */
bool keeper_ask(int requests, const struct pump_ends *ends, bool expects_proxy);

#endif
