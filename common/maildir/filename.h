/* filename.h - the name of a message file: base, sizes, flags */
#ifndef LINNET_MAILDIR_FILENAME_H
#define LINNET_MAILDIR_FILENAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/span.h"

/*
 *	1795294406.M506481P16157.host,S=28,W=32:2,FSab
 *	\___________ base ___________________/ \ info /
 *
 * The base ends at the first ':' and names the message for ever.  In the info,
 * flags stand behind ":2," up to the end or a comma.  Letters that are neither
 * a system flag nor a keyword of this folder are kept when flags change (W06).
 */

/* Bits of the five letters this server knows; the same values as FLAG_... in index/mailbox.h. */
enum {
	FILE_ANSWERED = 1 << 0, /* R */
	FILE_FLAGGED  = 1 << 1, /* F */
	FILE_DELETED  = 1 << 2, /* T */
	FILE_SEEN     = 1 << 3, /* S */
	FILE_DRAFT    = 1 << 4  /* D */
};

struct file_flags {
	uint32_t system;  /* FILE_... */
	uint32_t letters; /* bit n: the letter 'a' + n */
};

size_t filename_base_length(const char *name);

struct file_flags filename_flags(const char *name);

/*
 * Adds the name with these flags in place of its own: system as given, letters
 * as given for the bits in known and as they were for all others.
 */
void filename_with_flags(const char *name, struct file_flags flags, uint32_t known,
                         struct buf *out);

/* ",S=" (bytes on disk) or ",W=" (octets with CRLF) of a base name; false when there is none. */
bool filename_size(const char *base, char field, uint64_t *n_out);

/* A base that a uidlist cannot hold: empty, or with a line end in it. */
bool filename_is_odd(const char *name);

/*
 * Order of arrival as the names tell it: seconds, then micros
 * behind "M", then bytes; one base stands together.
 */
int filename_compare_arrival(const char *a, const char *b);

#endif
