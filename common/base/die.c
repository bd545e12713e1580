/* die.c - end the process with one log line */
#include "common/base/die.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"

void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_ERROR, format, args);
	va_end(args);
	_exit(EXIT_DIED);
}

void
bug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_ERROR, format, args);
	va_end(args);
	abort();
}
