/* sandbox.h - locking a process into what it needs of the file system */
#ifndef LINNET_SANDBOX_H
#define LINNET_SANDBOX_H

#include <stdbool.h>

/*
 * Landlock (landlock.c) or, where it was not built in, its twin that is never
 * there (landlock_none.c).  Version 1 of its interface cannot rename across
 * folders, which a Maildir does all the time: it counts as not there.
 */
bool landlock_is_there(void);

/*
 * Lock this process for good: read and write below the Maildir and below the directory open
 * as index (negative: there is none), read character set converters and the time zone, nothing
 * else.  maildir NULL: nothing at all.  False with errno.
 */
bool landlock_lock(const char *maildir, int index);

#endif
