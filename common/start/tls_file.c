/* tls_file.c - the file that ssl_cert or ssl_key names */
#include "common/start/tls_file.h"

#include <stddef.h>

const char *
tls_file_path(const char *value)
{
	if (value[0] == '<')
		value++;
	while (value[0] == ' ')
		value++;
	return value[0] == '/' ? value : NULL;
}
