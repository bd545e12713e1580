/* names.h - mailbox names on the wire: the namespace's separator and prefix */
#ifndef LINNET_IMAPD_NAMES_H
#define LINNET_IMAPD_NAMES_H

#include <stdbool.h>

#include "common/base/arena.h"

/*
 * How the one personal namespace looks to the client, from namespace inbox { separator = /
 * prefix = INBOX. }.  Inside the server a name has '.' between its levels (common/maildir/name.h)
 * and no prefix.  Where the separator is '/', a '.' and a '\' of the client's name stand there, and
 * on disk, as "\2e" and "\5c", which is what Dovecot's plugin listescape writes.
 */
struct names {
	char        separator; /* '.' or '/' */
	const char *prefix;    /* "", or text that ends with the separator */
};

/* '.', no prefix: where a cursor has no other. */
extern const struct names names_plain;

/* As name_from_client() and name_to_client(), with the namespace's look. */
const char *names_from_client(const struct names *n, struct span raw, bool utf8, bool may_end_open,
                              struct arena *mem, const char **why_out);
const char *names_to_client(const struct names *n, const char *name, bool utf8, struct arena *mem);

/*
 * Can the client name it?  Not where another program made a folder whose name has a '\' that
 * names_from_client() would not write so.
 */
bool names_can_say(const struct names *n, const char *name, struct arena *mem);

/*
 * A name of a configuration file: UTF-8 with the namespace's separator, without its prefix.
 * NULL: it cannot be.
 */
const char *names_from_settings(const struct names *n, const char *name, struct arena *mem);

#endif
