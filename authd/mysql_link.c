/*
 * mysql_link.c - one worker's connection to MariaDB
 *
 * Prepared statements with bound parameters only.  The calls are those that the
 * client library of MariaDB 5.5 has too.
 *
 * A connection dies unseen (wait_timeout, a restart, a firewall), so the first
 * question after that fails: then connect and ask once more, unless the first try already cost
 * so long that the client would not get an answer in time.  A host that refuses is left
 * alone for a second; meanwhile questions are answered "not now" at once.
 *
 * The first host of connect = is the one to be used: while another one serves, it
 * is tried again once a minute, and the connection to the other one is given up only
 * when the first has taken the new one.
 */
#include "authd/mysql_link.h"

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/die.h"

enum { COLUMNS = 32, VALUE_MAX = 4096, REST_MS = 1000, RETRY_WITHIN_MS = 3000,
       GO_BACK_MS = 60 * 1000 };

/* Codes of the server (mysqld_error.h) that mean: connect again. */
enum { SERVER_SHUTDOWN = 1053, NEW_ABORTING = 1184, UNKNOWN_STATEMENT = 1243, NEED_REPREPARE = 1615,
       CONNECTION_KILLED = 1927, FIRST_OF_CLIENT = 2000, LAST_OF_CLIENT = 2999 };

/* The library's word for a flag: my_bool of MariaDB, bool of others. */
struct flag {
	__typeof__(*((MYSQL_BIND *)NULL)->is_null) is_set;
};

struct mysql_link {
	const struct sql_connect *how;
	MYSQL      *handle;             /* NULL: not connected */
	MYSQL_STMT *prepared[MYSQL_QUERIES];
	size_t      host;               /* the one that answered last */
	int64_t     rest_until;         /* all hosts have refused */
	int64_t     go_back_at;         /* try the first host again */
	char        refusal[512];       /* what they said */
};

const bool mysql_link_is_built = true;

struct mysql_link *
mysql_link_make(const struct sql_connect *how)
{
	struct mysql_link *link = calloc(1, sizeof(*link));

	if (!link)
		die("out of memory: a connection to the database");
	link->how = how;
	return link;
}

static void
disconnect(struct mysql_link *link)
{
	for (unsigned i = 0; i < MYSQL_QUERIES; i++) {
		if (link->prepared[i])
			mysql_stmt_close(link->prepared[i]);
		link->prepared[i] = NULL;
	}
	if (link->handle)
		mysql_close(link->handle);
	link->handle = NULL;
}

static void
set_options(MYSQL *handle, const struct sql_connect *how)
{
	struct flag verify = { how->ssl_verify_server_cert };

	mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &how->connect_timeout);
	mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &how->read_timeout);
	mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &how->write_timeout);
	mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (how->option_file)
		mysql_options(handle, MYSQL_READ_DEFAULT_FILE, how->option_file);
	if (how->option_group)
		mysql_options(handle, MYSQL_READ_DEFAULT_GROUP, how->option_group);
	if (!how->ssl_ca && !how->ssl_ca_path && !how->ssl_cert)
		return;
	mysql_ssl_set(handle, how->ssl_key, how->ssl_cert, how->ssl_ca, how->ssl_ca_path,
	              how->ssl_cipher);
	mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

static bool
connect_host(struct mysql_link *link, size_t number)
{
	const struct sql_connect *how = link->how;
	const char *host = how->host[number], *path = host[0] == '/' ? host : NULL;
	MYSQL *handle = mysql_init(NULL);

	if (!handle)
		die("out of memory: a connection to the database");
	set_options(handle, how);
	if (mysql_real_connect(handle, path ? NULL : host, how->user, how->password, how->dbname,
	                       how->port, path, 0)) {
		link->handle = handle;
		link->host = number;
		return true;
	}
	snprintf(link->refusal, sizeof(link->refusal), "host=%s: %s", host, mysql_error(handle));
	mysql_close(handle);
	return false;
}

/* The first host again, where another one serves in its place. */
static void
go_back(struct mysql_link *link)
{
	MYSQL *other = link->handle, *first;

	if (!other || link->host == 0 || clock_ms() < link->go_back_at)
		return;
	link->go_back_at = clock_ms() + GO_BACK_MS;
	if (!connect_host(link, 0))
		return;
	first = link->handle;
	link->handle = other;
	disconnect(link);
	link->handle = first;
}

/* The host of last time first, the others in their order. */
static bool
connect_any(struct mysql_link *link)
{
	if (clock_ms() < link->rest_until)
		return false;
	link->go_back_at = clock_ms() + GO_BACK_MS;
	for (size_t i = 0; i < link->how->host_count; i++)
		if (connect_host(link, (link->host + i) % link->how->host_count))
			return true;
	link->rest_until = clock_ms() + REST_MS;
	return false;
}

static bool
is_lost(unsigned code)
{
	return (code >= FIRST_OF_CLIENT && code <= LAST_OF_CLIENT) || code == SERVER_SHUTDOWN ||
	       code == NEW_ABORTING || code == UNKNOWN_STATEMENT || code == NEED_REPREPARE ||
	       code == CONNECTION_KILLED;
}

/* What one try came to. */
struct try {
	enum lookup_result result;
	unsigned           error; /* of the server or the library, 0 for none */
	const char        *text;
};

static struct try
broken(MYSQL_STMT *s, struct arena *mem)
{
	return (struct try){ LOOKUP_UNAVAILABLE, mysql_stmt_errno(s),
		             arena_string(mem, span_of(mysql_stmt_error(s))) };
}

/* One column while a row is fetched. */
struct column {
	char          text[VALUE_MAX];
	unsigned long len;
	struct flag   is_null, is_cut;
};

static void
bind_column(struct column *c, MYSQL_BIND *b)
{
	b->buffer_type = MYSQL_TYPE_STRING;
	b->buffer = c->text;
	b->buffer_length = sizeof(c->text);
	b->length = &c->len;
	b->is_null = &c->is_null.is_set;
	b->error = &c->is_cut.is_set;
}

/* A value with a NUL in it is none that we could use: it is taken for NULL. */
static const char *
value_of(const struct column *c, struct arena *mem)
{
	struct span s = span_make(c->text, c->len < sizeof(c->text) ? c->len : sizeof(c->text));

	if (c->is_null.is_set || c->is_cut.is_set || span_find(s, '\0'))
		return NULL;
	return arena_string(mem, s);
}

static void
take_row(MYSQL_RES *meta, const struct column *columns, unsigned count, struct arena *mem,
         struct row *row)
{
	for (unsigned i = 0; i < count; i++)
		row_add(row, arena_string(mem, span_of(mysql_fetch_field_direct(meta, i)->name)),
		        value_of(&columns[i], mem));
}

static struct try
fetch(MYSQL_STMT *s, MYSQL_RES *meta, size_t most, struct arena *mem, struct row *row_out)
{
	static struct column columns[COLUMNS];
	MYSQL_BIND binds[COLUMNS];
	unsigned count = mysql_num_fields(meta);
	struct row *row = NULL;
	int status;

	memset(binds, 0, sizeof(binds));
	if (count > COLUMNS)
		return (struct try){ LOOKUP_UNAVAILABLE, 0, "the answer has too many columns" };
	for (unsigned i = 0; i < count; i++)
		bind_column(&columns[i], &binds[i]);
	if (mysql_stmt_bind_result(s, binds) != 0 || mysql_stmt_store_result(s) != 0)
		return broken(s, mem);
	if (mysql_stmt_num_rows(s) > most)
		return (struct try){ LOOKUP_AMBIGUOUS, 0, NULL };
	while ((status = mysql_stmt_fetch(s)) == 0 || status == MYSQL_DATA_TRUNCATED) {
		if (row)
			row->next = arena_zero(mem, sizeof(*row));
		row = row ? row->next : row_out;
		take_row(meta, columns, count, mem, row);
	}
	if (status != MYSQL_NO_DATA)
		return broken(s, mem);
	for (unsigned i = 0; !row && i < count; i++)
		row_add(row_out,
		        arena_string(mem, span_of(mysql_fetch_field_direct(meta, i)->name)), NULL);
	return (struct try){ row ? LOOKUP_FOUND : LOOKUP_UNKNOWN, 0, NULL };
}

/* The statement of this connection, prepared when it is asked for the first time. */
static MYSQL_STMT *
statement(struct mysql_link *link, unsigned which, const struct sql_query *query, struct arena *mem,
          struct try *failed_out)
{
	MYSQL_STMT *s = link->prepared[which];

	if (s)
		return s;
	s = mysql_stmt_init(link->handle);
	if (!s)
		die("out of memory: a statement");
	if (mysql_stmt_prepare(s, query->text, strlen(query->text)) == 0 &&
	    mysql_stmt_param_count(s) == query->bind_count) {
		link->prepared[which] = s;
		return s;
	}
	*failed_out = broken(s, mem);
	mysql_stmt_close(s);
	return NULL;
}

static struct try
ask_once(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
         struct row *row_out)
{
	MYSQL_BIND binds[SQL_BINDS];
	struct try t;
	MYSQL_STMT *s = statement(link, q->which, q->query, mem, &t);
	MYSQL_RES *meta;

	if (!s)
		return t;
	memset(binds, 0, sizeof(binds));
	for (size_t i = 0; i < q->query->bind_count; i++) {
		binds[i].buffer_type = MYSQL_TYPE_STRING;
		binds[i].buffer = (void *)(size_t)q->values[i];
		binds[i].buffer_length = strlen(q->values[i]);
	}
	if (mysql_stmt_bind_param(s, binds) != 0 || mysql_stmt_execute(s) != 0)
		return broken(s, mem);
	meta = mysql_stmt_result_metadata(s);
	if (!meta)
		return row_out ? (struct try){ LOOKUP_UNAVAILABLE, 0, "is no SELECT" } :
		                 (struct try){ LOOKUP_FOUND, 0, NULL };
	t = row_out ? fetch(s, meta, q->most, mem, row_out) :
	              (struct try){ LOOKUP_UNAVAILABLE, 0, "is no UPDATE" };
	mysql_free_result(meta);
	mysql_stmt_free_result(s);
	return t;
}

/* row_out NULL: no rows are expected. */
static enum lookup_result
ask(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
    struct row *row_out, const char **trouble_out)
{
	int64_t started = clock_ms();
	struct try t = { LOOKUP_UNAVAILABLE, 0, "" };

	go_back(link);
	for (int round = 0; round < 2; round++) {
		if (!link->handle && !connect_any(link)) {
			*trouble_out = arena_printf(mem, "connect: %s", link->refusal);
			return LOOKUP_UNAVAILABLE;
		}
		if (row_out)
			*row_out = (struct row){ .count = 0 };
		t = ask_once(link, q, mem, row_out);
		if (!is_lost(t.error))
			break;
		disconnect(link);
		if (clock_ms() - started > RETRY_WITHIN_MS)
			break;
	}
	if (t.result == LOOKUP_UNAVAILABLE)
		*trouble_out = arena_printf(mem, "%s: host=%s: %s", q->name,
		                            link->how->host[link->host], t.text);
	return t.result;
}

enum lookup_result
mysql_link_ask(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
               struct row *row_out, const char **trouble_out)
{
	return ask(link, q, mem, row_out, trouble_out);
}

bool
mysql_link_run(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
               const char **trouble_out)
{
	return ask(link, q, mem, NULL, trouble_out) == LOOKUP_FOUND;
}
