/* privileges.h - giving root up for good */
#ifndef LINNET_PRIVILEGES_H
#define LINNET_PRIVILEGES_H

/*
 * Become user, with no other groups, when started as root; where there is no such user nobody,
 * and where that is missing too stay.  A drop that fails ends the process (die.h).  In any case: no
 * core dumps and no ptrace, no new privileges, and the process ends when its parent does.
 */
void privileges_drop(const char *user);

/* One line of the log when that user is missing. */
void privileges_warn(const char *user);

#endif
