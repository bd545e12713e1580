/* session_start.h - the monitor becomes the session */
#ifndef LINNET_SESSION_START_H
#define LINNET_SESSION_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/start/login.h"
#include "common/start/start.h"

/* Whose Maildir, before it is known where that is. */
struct session_owner {
	uid_t       uid;
	gid_t       gid;
	/* the user's own mail= of the user database, or --mail; NULL for mail_location */
	const char *mail;
	bool        is_here; /* already runs as the user (--preauth) */
};

/*
 * Find the Maildir, drop to its owner, lock the doors (Landlock or chroot, seccomp), serve.
 * login is whole but for mail.  What cannot be served is logged, with path
 * and setting, and told to the client in the service's words.  Never returns.
 */
void session_start(const struct service *service, struct login *login,
                   const struct session_owner *owner) __attribute__((noreturn));

#endif
