/* landlock_none.c - twin of landlock.c where that cannot be: the session goes under chroot */
#include "common/start/sandbox.h"

#include <errno.h>

bool
landlock_is_there(void)
{
	return false;
}

bool
landlock_lock(const char *maildir, int index)
{
	(void)maildir;
	(void)index;
	errno = ENOSYS;
	return false;
}
