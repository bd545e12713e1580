/* keeper_run.h - inside the keeper */
#ifndef LINNET_KEEPER_RUN_H
#define LINNET_KEEPER_RUN_H

#include "common/start/pump.h"

/*
 * Read certificate and key, say on status how that went, then fork a pump for each request until
 * nobody can ask.
 */
void keeper_run(const struct pump_maker *maker, int requests, int status) __attribute__((noreturn));

#endif
