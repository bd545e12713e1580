/* login.h - what a login established: all that a session is told */
#ifndef LINNET_LOGIN_H
#define LINNET_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/net.h"
#include "common/base/settings.h"
#include "common/base/span.h"

/* One field of the user database, without the prefix userdb_. */
struct login_field {
	const char *name, *value;
};

/* Filled by the monitor before it becomes the session; lives as long as the process. */
struct login {
	const struct settings *settings;
	const char *user;       /* canonical, from authd */
	/* mail: path of the Maildir, expanded, as the session opens it ("." under chroot) */
	const char *home, *mail;
	/* directory below which indexes are, or INDEX_... of index_place.h */
	int         index;
	/* what the user database says beyond that: quota_rule and the like */
	const struct login_field *field;
	size_t      field_count;
	const char *session_id; /* for the log: 16 characters */
	const char *mechanism;  /* "PLAIN"; "" with PREAUTH */
	uint32_t    mechanisms; /* that were offered: bits of sasl_names.h */
	/* "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)", NULL in the clear */
	const char *tls;
	struct net_address remote, local;
	bool is_preauth;
	bool is_secured;        /* TLS, loopback or a trusted network */
	bool is_plaintext_allowed; /* secured, or as the administrator wants it */

	/* IMAP: tag of the command that logged in; POP3: greeting_state(); "" with PREAUTH */
	const char *tag;
	struct span unread;     /* what the greeter had read behind that command */

	int client;             /* the connection: blocking reads and writes in clear */
	/* held open: this session's entry in authd's list; -1 with PREAUTH */
	int authd;
	const volatile int *terminated; /* set by SIGTERM: struct in's signal_flag */
};

/* The value of the field of that name; NULL when the database did not say. */
const char *login_value(const struct login *login, const char *name);

#endif
