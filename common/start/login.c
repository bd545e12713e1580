/* login.c - what the user database says of who has logged in */
#include "common/start/login.h"

const char *
login_value(const struct login *login, const char *name)
{
	for (size_t i = 0; i < login->field_count; i++)
		if (strcmp(login->field[i].name, name) == 0)
			return login->field[i].value;
	return NULL;
}
