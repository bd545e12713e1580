/* mysql_link_none.c - mysql_link.h for a build without libmariadb */
#include "authd/mysql_link.h"

const bool mysql_link_is_built = false;

struct mysql_link *
mysql_link_make(const struct sql_connect *how)
{
	(void)how;
	return NULL;
}

enum lookup_result
mysql_link_ask(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
               struct row *row_out, const char **trouble_out)
{
	(void)link;
	(void)q;
	(void)mem;
	(void)row_out;
	*trouble_out = "this authd was built without libmariadb";
	return LOOKUP_UNAVAILABLE;
}

bool
mysql_link_run(struct mysql_link *link, const struct mysql_question *q, struct arena *mem,
               const char **trouble_out)
{
	(void)link;
	(void)q;
	(void)mem;
	*trouble_out = "this authd was built without libmariadb";
	return false;
}
