/* delivery.h - a message on its way: written to tmp/, counted, fsynced */
#ifndef LINNET_MAILDIR_DELIVERY_H
#define LINNET_MAILDIR_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

/*
 * Line ends are written as Dovecot writes them: CRLF becomes LF, so that every
 * other Maildir program can read the file.  CR CR LF stays, and a CR without LF
 * stays, so a client gets back exactly what it sent wherever that was CRLF.
 */
struct delivery {
	int         fd;
	const char *tmp_name; /* below tmp/ */
	uint64_t    bytes;    /* on disk */
	uint64_t    octets;   /* as a client gets it */
	int         failed;   /* errno of the first failure */
	unsigned    crs;      /* CRs at the end so far; the last of them is held back */
	struct buf  out;      /* not yet written to the file */
};

/* Begin a file with a new unique name (in mem) below tmp. */
int delivery_open(struct delivery *d, int tmp, struct arena *mem);

/* A failure stays: later calls do nothing and give it again. */
int delivery_write(struct delivery *d, const char *bytes, size_t n);

/* All is written: set the mtime (date < 0: leave it), fsync if sync, close. */
int delivery_end(struct delivery *d, time_t date, bool sync);

/* Remove it from tmp/, at any moment. */
void delivery_cancel(struct delivery *d, int tmp);

/* The name it goes by from now on: tmp_name with ",S=bytes,W=octets". */
const char *delivery_base(const struct delivery *d, struct arena *mem);

/*
 * Copy a file as it is, with its mtime, to a new unique name below tmp: what a
 * hard link does where there are none (W15).
 */
int delivery_copy(int from_dir, const char *from, int tmp, const char *to, bool sync);

#endif
