/* notify_none.c - notify.h for a build without libsystemd: nobody is told */
#include "authd/notify.h"

int64_t
notify_interval(void)
{
	return 0;
}

void
notify_ready(const char *status)
{
	(void)status;
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_alive(void)
{
}
