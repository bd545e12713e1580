/* sql_connect.h - connect = host=localhost dbname=... user=... password=... */
#ifndef LINNET_SQL_CONNECT_H
#define LINNET_SQL_CONNECT_H

#include <stdbool.h>

#include "common/base/arena.h"

enum { SQL_HOSTS = 8 };

/* Texts are NULL where nothing was said, and live in the arena. */
struct sql_connect {
	const char *host[SQL_HOSTS]; /* tried in turn; beginning with / : path of a UNIX socket */
	size_t      host_count;      /* at least 1 */
	const char *dbname, *user, *password;
	const char *ssl_ca, *ssl_ca_path, *ssl_cert, *ssl_key, *ssl_cipher;
	const char *option_file, *option_group;
	unsigned    port;            /* 0: the usual one */
	unsigned    connect_timeout, read_timeout, write_timeout; /* seconds */
	bool        ssl_verify_server_cert;
};

/*
 * Words key=value between blanks.  False with *why_out (in mem or constant), which never holds the
 * password.
 */
bool sql_connect_parse(const char *text, struct arena *mem, struct sql_connect *out,
                       const char **why_out);

#endif
