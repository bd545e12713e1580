/* mysql_link.h - one worker's connection to MariaDB */
#ifndef LINNET_MYSQL_LINK_H
#define LINNET_MYSQL_LINK_H

#include "authd/database.h"
#include "authd/sql_connect.h"
#include "authd/sql_query.h"

struct mysql_link;

extern const bool mysql_link_is_built; /* with libmariadb */

/* Connects at the first question. */
struct mysql_link *mysql_link_make(const struct sql_connect *how);

/*
 * Run query with values[] bound to its parameters.  which (below MYSQL_QUERIES)
 * numbers the query: it is prepared once a connection.  A connection that has died
 * is made anew once.  One row: LOOKUP_FOUND, its columns by name in *row_out.
 * *trouble_out names the setting ("connect", or query_name) and what the server said.
 */
enum { MYSQL_QUERIES = 2 };
enum lookup_result mysql_link_ask(struct mysql_link *link, unsigned which, const char *query_name,
                                  const struct sql_query *query, const char *const *values,
                                  struct arena *mem, struct row *row_out, const char **trouble_out);

#endif
