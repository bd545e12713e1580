/* settings.h - linnet.conf in the syntax and names of Dovecot 2.3 */
#ifndef LINNET_SETTINGS_H
#define LINNET_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

/*
 * One row is everything: field, default, parser and the manual's line.
 *	STR   text                      const char *, never NULL
 *	NUM   a number, 0 or more       uint64_t
 *	YES   yes or no                 bool
 *	TIME  30, 30s, 10 mins, 2h      uint64_t seconds (a bare number is seconds)
 *	SIZE  4096, 64k, 64M            uint64_t bytes
 *	FILE  </path, or PEM text       const char *: "</path" is kept with its "<" (no
 *	                                blank behind it) and read by who needs it; text
 *	                                is as it is; "" when not set
 */
#define SETTINGS_ROWS(STR, NUM, YES, TIME, SIZE, FILE)                                             \
	STR(protocols, "imap pop3", "protocols that are served")                                   \
	STR(mail_location, "maildir:/var/mail/vhosts/%d/%n",                                       \
	    "where a user's Maildir is; %u, %n, %d and %h are replaced")                           \
	STR(index_dir, "",                                                                         \
	    "where indexes and caches are; empty for in the folders, MEMORY for nowhere")          \
	STR(mail_privileged_group, "", "accepted for Dovecot's sake; sessions get no extra group") \
	STR(disable_plaintext_auth, "yes",                                                         \
	    "refuse passwords without TLS except from this machine (yes, no)")                     \
	STR(ssl, "yes", "no, yes (offered) or required")                                           \
	FILE(ssl_cert, "", "certificate chain in PEM, as </path/to/fullchain.pem")                 \
	FILE(ssl_key, "", "private key in PEM, as </path/to/privkey.pem")                          \
	STR(ssl_min_protocol, "TLSv1.2", "oldest TLS version: TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3") \
	STR(ssl_protocols, "",                                                                     \
	    "Dovecot 2.2's way to say it: !SSLv2 !SSLv3 ...; what is named with ! is off")         \
	STR(ssl_cipher_list, "", "OpenSSL cipher list up to TLS 1.2; empty for OpenSSL's default") \
	YES(ssl_prefer_server_ciphers, false, "the server's order of ciphers wins")                \
	FILE(ssl_ca, "",                                                                           \
	    "certificates of those who sign clients' ones, as </path/to/ca.pem")                   \
	YES(ssl_verify_client_cert, false, "ask clients for a certificate of ssl_ca")              \
	STR(ssl_cert_username_field, "commonName",                                                 \
	    "field of a client certificate's subject that is the user name")                       \
	YES(auth_ssl_require_client_cert, false,                                                   \
	    "no login without a certificate of ssl_ca")                                            \
	YES(auth_ssl_username_from_cert, false,                                                    \
	    "a login is refused when it is not for the name in the certificate")                   \
	STR(auth_mechanisms, "plain", "SASL mechanisms offered: plain login scram-sha-256 ...")    \
	STR(auth_username_chars,                                                                   \
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890.-_@",                 \
	    "bytes a user name may have; empty for all but control characters")                    \
	STR(auth_username_format, "%Lu", "how the name is written before it is looked up")         \
	STR(auth_default_realm, "", "domain that is put behind a name without one")                \
	STR(auth_master_user_separator, "",                                                        \
	    "between user and master user in one login name: *")                                   \
	SIZE(auth_cache_size, 0,                                                                   \
	    "memory for answers of passdb and userdb; 0 for no cache")                             \
	TIME(auth_cache_ttl, 60,                                                                   \
	    "how long a right password is right without asking again")                             \
	TIME(auth_cache_negative_ttl, 0,                                                           \
	    "how long a refused one stays refused without asking")                                 \
	TIME(auth_cache_stale_ttl, 0,                                                              \
	    "how long after auth_cache_ttl it still is when no database answers")                  \
	TIME(auth_penalty_max, 15,                                                                 \
	    "longest pause before a password of a network that guesses is looked at")              \
	STR(auth_krb5_keytab, "", "keytab of GSSAPI; empty for the system's")                      \
	STR(auth_gssapi_hostname, "",                                                              \
	    "host name in the keytab; $ALL for every one; empty for our own")                      \
	STR(auth_metrics_listen, "",                                                               \
	    "where counters are told in OpenMetrics: a path, or 127.0.0.1:9166")                   \
	NUM(mail_max_user_connections, 0,                                                          \
	    "sessions one user may have from all addresses; 0 for any number")                     \
	NUM(mail_max_ip_connections, 0,                                                            \
	    "sessions one address may have, trusted networks aside; 0 for any")                    \
	YES(mail_limit_closes_oldest, false,                                                       \
	    "a limit of sessions ends the user's oldest one instead of refusing the new one")      \
	NUM(auth_worker_max_count, 0, "worker processes of authd; 0 for one a core")               \
	TIME(auth_failure_delay, 2, "pause before a refusal is told")                              \
	STR(login_greeting, "linnet ready.", "text of the greeting")                               \
	STR(login_trusted_networks, "",                                                            \
	    "networks whose clients count as secure: 10.0.0.0/8 [::1]/128 ...")                    \
	STR(haproxy_trusted_networks, "",                                                          \
	    "networks from which a PROXY header is required and believed")                         \
	STR(default_login_user, "linnet", "user of the processes before login")                    \
	STR(first_valid_uid, "500", "smallest uid a session may run as")                           \
	STR(base_dir, "/run/linnet", "folder of the sockets")                                      \
	STR(log_path, "", "empty for standard error or the journal, syslog, or a file")            \
	YES(auth_verbose, true, "log each refused attempt")                                        \
	YES(auth_debug, false, "log every step of authentication, never a password")               \
	YES(mail_debug, false, "log what a session does")                                          \
	STR(mail_fsync, "optimized",                                                               \
	    "optimized and always: fsync before OK; never: leave it to the kernel")                \
	SIZE(mail_max_append_size, 67108864, "largest message APPEND takes")                       \
	TIME(imap_idle_timeout, 1800, "silence after which an IMAP session is ended")              \
	TIME(pop3_idle_timeout, 600, "silence after which a POP3 session is ended")                \
	TIME(login_timeout, 60, "time from connect to login")                                      \
	STR(imap_capability, "", "the capability line after login instead of the built-in one")    \
	NUM(imap_compress_deflate_level, 6,                                                        \
	    "how hard COMPRESS tries: 1 is fast, 9 is small")                                      \
	YES(imap_metadata, true, "offer METADATA: annotations of mailboxes and of the server")     \
	STR(mail_server_admin, "", "URI of the administrator: server annotation /shared/admin")    \
	STR(mail_server_comment, "", "server annotation /shared/comment")                          \
	STR(imap_logout_format,                                                                    \
	    "in=%i out=%o deleted=%{deleted} expunged=%{expunged} trashed=%{trashed} "             \
	    "hdr_count=%{fetch_hdr_count} hdr_bytes=%{fetch_hdr_bytes} "                           \
	    "body_count=%{fetch_body_count} body_bytes=%{fetch_body_bytes}",                       \
	    "what the log line at a session's end says behind the reason")                         \
	STR(imap_id_send, "name *", "fields of our ID answer, as pairs; * for the built-in value") \
	STR(imap_id_log, "", "fields of the client's ID that are logged; * for all")               \
	STR(pop3_logout_format, "top=%t/%p, retr=%r/%b, del=%d/%m, size=%s",                       \
	    "what the log line at a POP3 session's end says behind the reason")                    \
	STR(pop3_uidl_format, "%08Xu%08Xv",                                                        \
	    "form of POP3 UIDLs; %u UID, %v UIDVALIDITY, %f file name")                            \
	YES(pop3_no_flag_updates, false, "do not mark messages \\Seen when POP3 has read them")    \
	YES(pop3_lock_session, true,                                                               \
	    "one POP3 session of a user at a time (RFC 1939); no: several, side by side")          \
	YES(pop3_reuse_xuidl, false,                                                               \
	    "a message's X-UIDL header is its UIDL, where another server has written one")         \
	STR(pop3_client_workarounds, "",                                                           \
	    "oe-ns-eoh: an empty line behind a header that has none; outlook-no-nuls: always so")  \
	STR(pop3_expire, "never",                                                                  \
	    "days after which QUIT removes messages that are \\Seen; 0: all that RETR has read")   \
	TIME(pop3_login_delay, 0, "least time between two POP3 logins of a user; 0: any")          \
	NUM(mail_max_userip_connections, 50, "sessions one user may have from one address")        \
	STR(imap_max_line_length, "65536", "accepted for Dovecot's sake; see LIMITS")

#define SETTINGS_STR(name, value, doc)  const char *name;
#define SETTINGS_NUM(name, value, doc)  uint64_t name;
#define SETTINGS_YES(name, value, doc)  bool name;

/* passdb { driver = sql  args = /etc/linnet/linnet-sql.conf.ext }, in the order of the file. */
struct settings_db {
	const char *driver, *args;
	const char *default_fields, *override_fields; /* "" when absent */
	const char *mechanisms;                       /* passdb: only for these; "" for all */
	bool        is_master;                        /* passdb: those who log in for others */
	const char *file;                             /* where it stands, for messages */
	unsigned    line;
};

/* namespace inbox { mailbox Sent { special_use = \Sent  auto = subscribe } } */
struct settings_mailbox {
	const char *name;        /* UTF-8 */
	const char *special_use; /* "\Sent", or "" */
	const char *automatic;   /* "no", "create" or "subscribe" */
};

/* plugin { quota_rule = *:storage=1G  quota_rule2 = Trash:storage=+100M }, by number */
struct settings_quota_rule {
	uint64_t    number;
	const char *text; /* as quota_rule_parse() takes it: checked already */
};

struct settings {
	SETTINGS_ROWS(SETTINGS_STR, SETTINGS_NUM, SETTINGS_YES, SETTINGS_NUM, SETTINGS_NUM,
	              SETTINGS_STR)

	struct settings_db      *passdb, *userdb;
	size_t                   passdb_count, userdb_count;
	/* of the namespace with the user's own mailboxes: "" or "." or "/", and "" or "INBOX." */
	const char              *namespace_separator, *namespace_prefix;
	/* the default is Drafts Sent Trash with their special use, auto = no */
	struct settings_mailbox *mailbox;
	size_t                   mailbox_count;

	const char                 *quota; /* plugin { quota = maildir:User quota }; NULL: none */
	struct settings_quota_rule *quota_rule;
	size_t                      quota_rule_count;
};

/* One thing that is wrong in a file, in the order found. */
struct settings_problem {
	bool        fatal;   /* false: an unknown or ineffective line; the default stands */
	bool        note;    /* nor worth a log line: a setting of Dovecot's without effect here */
	const char *file;
	unsigned    line;    /* 0: the file itself */
	const char *text;    /* what is wrong and what to do */
};
struct settings_problems {
	struct settings_problem *problem;
	size_t                   count, room, fatal_count;
};

/*
 * Read path with all its !include and !include_try files into *settings_out,
 * which is whole (defaults) in any case.  All text lives in mem.  Sections of
 * Dovecot that mean nothing here (service, dict, protocol lda, ...) are read
 * over; protocol imap {} and protocol pop3 {} apply where service (may be
 * NULL) is that word.
 * False when a problem is fatal: no file, bad syntax, a value that cannot be;
 * the caller logs the problems (settings_log_problems) and decides.
 */
bool settings_load(const char *path, const char *service, struct arena *mem,
                   struct settings *settings_out, struct settings_problems *problems_out);

/* One log line each, an error where it is fatal; notes are left to `linnetctl config check`. */
void settings_log_problems(const struct settings_problems *problems);

/*
 * The same syntax for another table: dovecot-sql.conf.ext.  Rows with a NULL
 * name end the table; offset is that of a const char * in *into, which is set
 * to the row's default first.
 */
struct settings_row {
	const char *name;
	size_t      offset;
	const char *value; /* default */
	const char *doc;
};
bool settings_load_rows(const char *path, const struct settings_row *rows, struct arena *mem,
                        void *into, struct settings_problems *problems_out);

/*
 * The rows of the main table as text, for `linnetctl config` and the manual:
 * calls each() for every row with its value written as in a file; is_default
 * says whether it is the built-in one.
 */
void settings_each(const struct settings *s, struct arena *mem,
                   void (*each)(void *context, const char *name, const char *value, bool is_default,
                                const char *doc),
                   void *context);

#endif
