/* privileges.h - giving up what a process may do */
#ifndef LINNET_PRIVILEGES_H
#define LINNET_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Of all capabilities keep the monitor's: SETUID SETGID SYS_CHROOT KILL.  False with errno. */
bool privileges_keep_monitor(void);

/*
 * Become uid and gid for good: no supplementary groups, no capabilities, and
 * tried that there is no way back.  False with errno, and with *what_out naming the step.
 * keep_chroot leaves CAP_SYS_CHROOT for one privileges_chroot() (kernels without Landlock).
 */
bool privileges_drop(uid_t uid, gid_t gid, bool keep_chroot, const char **what_out);

/* chroot() into the current directory with the capability kept above, and give that up too. */
bool privileges_chroot(void);

/*
 * The uid and gid of an account of /etc/passwd, without loading the name
 * service's libraries where that has it.  False when there is no such account.
 */
bool privileges_find_user(const char *name, uid_t *uid_out, gid_t *gid_out);

#endif
