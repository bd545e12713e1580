/* uidl.h - the unique ids of POP3 in the forms of setting pop3_uidl_format */
#ifndef LINNET_POP3_UIDL_H
#define LINNET_POP3_UIDL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/span.h"

enum { UIDL_MOST = 70 /* RFC 1939 s.7: 1 to 70 characters from 0x21 to 0x7E */ };

/* What the letters stand for. */
struct uidl_values {
	uint32_t    uid;         /* %u */
	uint32_t    uidvalidity; /* %v */
	const char *file_name;   /* %f and %g: base name, before ':' */
};

/* The form of Dovecot 2.3 and of ours, and what every id falls back to that cannot be sent. */
extern const char uidl_default_format[];

/*
 * Append the id in Dovecot 2.3's notation: %u %v %f %g %%, each with an
 * optional 0, width and X (lower-case hexadecimal) or L, U (case) before the letter:
 * "%08Xu%08Xv", "%v.%u", "%f".  False for a letter nobody knows; out then holds the part before.
 */
bool uidl_print(const char *format, const struct uidl_values *values, struct buf *out);

/* Does it make another id for each message?  False also for a format that cannot be read. */
bool uidl_format_is_usable(const char *format);

/* 1 to UIDL_MOST bytes, all printable: may it be sent? */
bool uidl_is_valid(struct span id);

#endif
