/* sql_query.h - password_query with %u in it, made into a statement with bound parameters */
#ifndef LINNET_SQL_QUERY_H
#define LINNET_SQL_QUERY_H

#include <stdbool.h>

#include "common/base/arena.h"

enum { SQL_BINDS = 16 };

/* text has one ? for each of bind[]: a template for expand() whose result is bound there. */
struct sql_query {
	const char *text;
	const char *bind[SQL_BINDS];
	size_t      bind_count;
};

/*
 * Variables become parameters, never text of the statement:
 *	email='%u'  email="%u"  email=%u     email=?     with "%u"
 *	'%n@%d'                              ?           with "%n@%d"
 *	'%%foo', 'foo'                       '%foo'      (no variable: stays a literal)
 * False with *why_out (in mem or constant) for what cannot be understood safely: an unknown
 *variable, a quote that does not end, a variable within `...` or beside a backslash, a ? of its
 *own, more than SQL_BINDS.
 */
bool sql_query_rewrite(const char *query, struct arena *mem, struct sql_query *out,
                       const char **why_out);

#endif
