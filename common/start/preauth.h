/* preauth.h - an ordinary user serves himself, over ssh or from a mail program's tunnel */
#ifndef LINNET_PREAUTH_H
#define LINNET_PREAUTH_H

#include "common/start/start.h"

/*
 * Serve the calling user's Maildir on descriptors 0 and 1: a socket, or two
 * pipes.  mail: its path, or NULL for mail_location's (~/Maildir where that has
 * %d, for a local user has no domain).  Refuses to run as root.  Returns an
 * exit status only when it cannot serve.
 */
int preauth_run(const struct service *service, const struct settings *settings, const char *mail);

#endif
