/* skim.h - can a string be in text that is still encoded? */
#ifndef LINNET_MIME_SKIM_H
#define LINNET_MIME_SKIM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/span.h"

/*
 * Most text that is searched does not hold what is looked for, and most of it shows
 * that before it is decoded, put into UTF-8 and folded.  For all kinds the character set
 * must be one of charset_has_ascii().
 */
enum skim_kind {
	SKIM_PLAIN  = 1 << 0, /* in no transfer encoding, or decoded */
	SKIM_QP     = 1 << 1, /* quoted-printable, whole */
	SKIM_HEADER = 1 << 2  /* one header field or several, without encoded words */
};

struct skim {
	struct span run;      /* of the needle, in ASCII; empty: any text may have it */
	size_t      rare_at;  /* the byte of it that text has least of; never the last */
	char        first[2]; /* of the two digits of "=XX" for that byte in either case */
};

/* needle is what casemap_fold() made; it stays with the caller, who keeps it. */
void skim_open(struct skim *k, struct span needle);

/* False: the needle is certainly not there. */
bool skim_may_have(const struct skim *k, struct span text, enum skim_kind kind);

#endif
