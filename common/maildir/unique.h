/* unique.h - names that no other delivery gives, and 128-bit ids */
#ifndef LINNET_MAILDIR_UNIQUE_H
#define LINNET_MAILDIR_UNIQUE_H

#include "common/base/buf.h"

/*
 * Adds a base name in Dovecot's form with a counter: "SECONDS.MmicrosPpidQcounter.host".
 * Never the same twice: within a process by the counter, between two by time and pid,
 * between hosts by name.
 */
void unique_name(struct buf *out);

/* Adds 32 hexadecimal digits for the uidlist's G field. */
void unique_guid(struct buf *out);

/* This host's name, with '/', ':' and ',' made harmless; constant for the process. */
const char *unique_host(void);

#endif
