/* pump_run.h - inside the pump: handshake, then bytes both ways */
#ifndef LINNET_PUMP_RUN_H
#define LINNET_PUMP_RUN_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "common/start/pump_program.h"

/* No more rights than these descriptors: default_login_user, no file system.  False with *why_out.
 */
bool pump_lock(const struct pump_maker *maker, const char **why_out);

/* Never returns; the system calls are locked first. */
void pump_run(SSL_CTX *ctx, const struct pump_maker *maker, const struct pump_ends *ends,
              bool expects_proxy) __attribute__((noreturn));

#endif
