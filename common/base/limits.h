/*
 * limits.h - every limit by name; each has a line in linnet.conf(5)
 *
 * What an administrator may set is no limit of here: its default stands in settings.h.
 */
#ifndef LINNET_LIMITS_H
#define LINNET_LIMITS_H

enum {
	/* before login */
	LIMIT_GREETER_LINE        = 8 * 1024,  /* bytes of one line */
	LIMIT_GREETER_SASL_LINE   = 16 * 1024, /* bytes of one line within AUTHENTICATE */
	LIMIT_GREETER_LITERAL     = 4 * 1024,  /* bytes of one literal */
	LIMIT_GREETER_COMMAND     = 16 * 1024, /* bytes of one command with its literals */
	LIMIT_GREETER_COMMANDS    = 20,        /* commands of one connection */
	LIMIT_GREETER_BAD         = 3,         /* commands that are no commands, then BYE */
	LIMIT_GREETER_FAILURES    = 3,         /* refused passwords of one connection */
	LIMIT_USER_NAME           = 255,       /* bytes */
	LIMIT_PASSWORD            = 1024,      /* bytes */
	LIMIT_OAUTH_TOKEN         = 8 * 1024,  /* bytes of an OAuth token */

	LIMIT_LISTENER_CHILDREN   = 20000,     /* connections of one listener */
	LIMIT_LISTENER_WAITING    = 4096,      /* of these before login */
	LIMIT_LISTENER_WAITING_ADDRESS = 256,  /* of these from one IPv4 address or IPv6 /64 */
	LIMIT_LISTENER_WAITING_SHARED = 2048,  /* of these from a proxy or a webmail */

	/* after login */
	LIMIT_LINE                = 64 * 1024, /* bytes of one line */
	LIMIT_LITERAL             = 64 * 1024, /* bytes of one literal outside APPEND */
	LIMIT_COMMAND             = 1024 * 1024, /* bytes of one command but APPEND */
	LIMIT_NESTING             = 32,        /* parentheses in one command */
	LIMIT_TOKENS              = 10000,     /* atoms, strings and list items in one command */
	LIMIT_SEARCH_KEYS         = 1000,
	LIMIT_SEARCH_CONTEXTS     = 16,        /* searches kept up to date, then [NOUPDATE] */
	LIMIT_SORT_KEYS           = 16,        /* criteria of one SORT */
	LIMIT_SORT_TEXT           = 2048,      /* bytes of a text that are compared by SORT */
	LIMIT_SUBJECT             = 64 * 1024, /* bytes of a subject that SORT and THREAD look at */
	LIMIT_REFERENCES          = 1000,      /* of one message: the last ones; THREAD */
	LIMIT_THREAD_NODES        = 4 * 1000 * 1000, /* messages and references of one THREAD */
	LIMIT_OBJECTID            = 255,       /* bytes of an identifier (RFC 8474) */
	LIMIT_PROGRESS_FIRST_SECONDS = 5,      /* a command's first INPROGRESS, */
	LIMIT_PROGRESS_SECONDS    = 10,        /* and the next ones (RFC 9585) */
	LIMIT_LIST_PATTERNS       = 1000,      /* of one LIST */
	LIMIT_APPEND_PARTS        = 30000,     /* messages and their parts in one APPEND */
	LIMIT_BAD_COMMANDS        = 20,        /* in a row, then BYE */
	LIMIT_POP3_LINE           = 255,       /* RFC 2449 s.4: a command line with its CRLF */
	LIMIT_MAILDROP_MS         = 1000,      /* for the session before to end, then [IN-USE] */

	/* mailboxes */
	LIMIT_NAME_LEVEL          = 255,       /* bytes of one level on disk */
	LIMIT_NAME_LEVELS         = 32,
	LIMIT_NAME                = 1024,      /* bytes of a whole name as the client writes it */
	LIMIT_MAILBOXES           = 10000,
	LIMIT_KEYWORD             = 255,       /* bytes of one keyword */
	LIMIT_KEYWORDS            = 26,        /* of one mailbox: the letters a Maildir name has */
	LIMIT_TMP_FILES           = 10000,     /* in a tmp/, looked at by one opening */
	LIMIT_UIDLIST_BYTES       = 256 * 1024 * 1024, /* of a dovecot-uidlist */
	LIMIT_INTENT_BYTES        = 256 * 1024 * 1024, /* of a linnet.intent */
	LIMIT_SUBSCRIPTIONS_BYTES = 4 * 1024 * 1024, /* of one subscriptions file */
	LIMIT_QUOTA_BYTES         = 5120,      /* of a maildirsize, then it is counted anew */
	LIMIT_KEYWORDS_BYTES      = 64 * 1024, /* of one dovecot-keywords file */
	LIMIT_METADATA_NAME       = 1000,      /* bytes of an annotation's name */
	LIMIT_METADATA_VALUE      = 32 * 1024, /* bytes of an annotation */
	LIMIT_METADATA_ENTRIES    = 100,       /* annotations of one mailbox, or of the server */
	LIMIT_METADATA_BYTES      = 1024 * 1024, /* of one linnet.metadata file */
	LIMIT_NOTIFY_MAILBOXES    = 1000,      /* mailboxes a NOTIFY watches besides the selected */
	LIMIT_COURIER_BYTES       = 64 * 1024 * 1024, /* of one of Courier's files, taken over */
	LIMIT_COURIER_KEYWORDS    = 1000000,   /* messages with keywords in a folder of Courier's */
	LIMIT_LOCK_SECONDS        = 10,        /* of a command, for others' locks, then [INUSE] */
	LIMIT_LOOK_SECONDS        = 2,         /* the same, to show what else is known already */
	LIMIT_INDEX_GONE          = 16384,     /* expunged UID ranges in a linnet.map */
	LIMIT_CACHE_BYTES         = 512 * 1024 * 1024, /* of one linnet.cache file */
	LIMIT_CACHE_BLOCKS        = 8192,      /* of one linnet.cache file */
	LIMIT_CACHE_VALUE         = 64 * 1024, /* bytes that are kept of one message and kind */
	LIMIT_CACHE_MEMORY        = 4 * 1024 * 1024, /* of one kind, where it cannot be written */
	LIMIT_CACHE_FIELDS        = 32,        /* besides the usual ones, kept of a message */
	LIMIT_JOURNAL_BYTES       = 64 * 1024 * 1024, /* of one linnet.journal */

	/* messages */
	LIMIT_HEADER_BYTES        = 10 * 1024 * 1024, /* of one header block that are parsed */
	LIMIT_PARTS               = 10000,
	LIMIT_PART_NESTING        = 100,
	LIMIT_BOUNDARY            = 996,       /* bytes; with "--" one line of RFC 5322 */
	LIMIT_ADDRESSES           = 10000,     /* of one header */
	LIMIT_PREVIEW_BYTES       = 64 * 1024, /* of a text that are looked at for its preview */
	LIMIT_MIME_PARAMETERS     = 1000,      /* of one header, RFC 2231 sections counted singly */

	/* authd */
	LIMIT_AUTH_LINE           = 20 * 1024, /* bytes of one line of the protocol */
	LIMIT_AUTH_FIELDS         = 64,        /* of one line */
	LIMIT_AUTH_REQUESTS       = 32,        /* unanswered ones of one connection */
	LIMIT_AUTH_CLIENTS        = 1024,      /* connections to the auth-client socket */
	LIMIT_AUTH_CLIENTS_UID    = 256,       /* of them, of one uid */
	LIMIT_METRICS_CLIENTS     = 16,        /* connections to auth_metrics_listen */
	LIMIT_AUTH_QUEUE          = 8192,      /* requests waiting for a worker */
	LIMIT_AUTH_QUEUE_LANE     = 2048,      /* of them, from one network or proxy */
	LIMIT_AUTH_SECONDS        = 10,        /* from password to verdict, then a failure */
	LIMIT_AUTH_DIALOGUE_SECONDS = 60,      /* a mechanism's whole dialogue */
	LIMIT_AUTH_WORKERS        = 64,
	LIMIT_AUTH_DATABASES      = 8,         /* passdb and userdb sections each */
	LIMIT_PASSWD_FILE         = 64 * 1024 * 1024, /* bytes of one passwd-file */
	LIMIT_CRYPT_ROUNDS        = 1000000,   /* rounds= of a stored hash: about half a second */
	LIMIT_BCRYPT_COST         = 14,        /* about a second */
	LIMIT_SCRYPT_COST         = 16,        /* log2 N of $7$ and yescrypt: 64 to 256 MiB */
	LIMIT_PBKDF2_ROUNDS       = 1000000,   /* of {PBKDF2} and of SCRAM's keys */
	LIMIT_ARGON2_KIB          = 256 * 1024, /* memory of an Argon2 hash */
	LIMIT_ARGON2_PASSES       = 16,        /* over that memory */
	LIMIT_AUTH_APP_PASSWORDS  = 20,        /* of one user, each a hash to be tried */

	/* writing */
	LIMIT_WRITE_SECONDS       = 5 * 60,    /* a client that takes nothing for so long is gone */

	/* settings */
	LIMIT_CONF_FILE           = 1024 * 1024, /* bytes of one configuration file */
	LIMIT_CONF_INCLUDES       = 16,          /* depth of !include */
	LIMIT_CONF_FILES          = 200,         /* files read by one configuration */
	LIMIT_CONF_NESTING        = 16           /* sections inside each other */
};

#endif
