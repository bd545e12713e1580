/* pump_program.h - the program tls-pump: how it is started and what it answers */
#ifndef LINNET_PUMP_PROGRAM_H
#define LINNET_PUMP_PROGRAM_H

#include "common/start/pump.h"

/*
 * Everything that needs OpenSSL is a program of its own: linking the library
 * costs each process 1.4 ms of CPU and 400 kB at its start, which a connection
 * without TLS, and the session behind one with TLS, shall not pay.  It is told
 * all that it needs in its arguments and reads no configuration, so it always
 * has the very settings of its starter.
 */
enum pump_argument {
	PUMP_NAME,
	PUMP_VERSION, /* a starter that outlived an upgrade is refused: the packets may differ */
	PUMP_ROLE,
	PUMP_SERVICE,
	PUMP_UID,
	PUMP_GID,
	PUMP_BASE_DIR,
	PUMP_CERT,
	PUMP_KEY,
	PUMP_MIN_PROTOCOL,
	PUMP_PROTOCOLS,
	PUMP_CIPHERS,
	PUMP_PREFERS_OURS,
	PUMP_CA,       /* "" where no client certificate is asked for */
	PUMP_CERT_FIELD,
	PUMP_ARGUMENTS
};

#define PUMP_ROLE_ONE    "one"    /* descriptors: client, plain, control */
#define PUMP_ROLE_PROXY  "proxy"  /* the same, behind a PROXY header */
#define PUMP_ROLE_KEEPER "keeper" /* descriptors: requests, status */

enum { PUMP_FIRST_FD = 3, PUMP_FDS_MOST = 3 };

struct pump_ends {
	int client, plain, control;
};

/*
 * In a forked process: become the program, with fd[0..count) from PUMP_FIRST_FD
 * on and no other descriptor.  Returns only when it cannot be, with errno; the
 * descriptors then already stand where the program would have found them.
 */
void pump_program_run(const struct pump_maker *maker, const char *role, const int *fd, int count);

/* Tell the monitor at the other end of control why there will be no TLS. */
void pump_fail(int control, const char *why);

#endif
