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

/* Each is prepared once a connection. */
enum mysql_query { MYSQL_PASSWORD, MYSQL_USER, MYSQL_LOGIN, MYSQL_REHASH, MYSQL_QUERIES };

/* What is asked: name is the setting's, for troubles; values[] are bound to its parameters. */
struct mysql_question {
	enum mysql_query        which;
	const char             *name;
	const struct sql_query *query;
	const char *const      *values;
	size_t                  most; /* rows; more are LOOKUP_AMBIGUOUS */
};

/*
 * Run it.  A connection that has died is made anew once, and the question asked again.
 * LOOKUP_FOUND: its columns by name in *row_out, further rows behind row_out->next;
 * LOOKUP_UNKNOWN: the columns' names, without values.
 * *trouble_out names the setting ("connect", or name) and what the server said.
 */
enum lookup_result mysql_link_ask(struct mysql_link *link, const struct mysql_question *q,
                                  struct arena *mem, struct row *row_out,
                                  const char **trouble_out);

/* The same for a statement that answers nothing (UPDATE); false with *trouble_out. */
bool mysql_link_run(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
                    const char **trouble_out);

#endif
