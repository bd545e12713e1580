/* seccomp.h - which system calls a process may still make */
#ifndef LINNET_SECCOMP_H
#define LINNET_SECCOMP_H

#include <stdbool.h>

enum seccomp_role { SECCOMP_SESSION, SECCOMP_PUMP };

/*
 * From here on only the calls of the role's table, for good.  What would start
 * a program or look into other processes ends this one; any other call that is
 * not in the table fails with ENOSYS, as on a kernel that does not have it.
 * False with errno where the kernel has no filters: the caller goes on without, and says so once.
 * On architectures without a table this does nothing (seccomp.c says which).
 */
bool seccomp_filter(enum seccomp_role role);

/* Make the role's filter ready, for processes that will be forked from this one. */
void seccomp_prepare(enum seccomp_role role);

/*
 * SECCOMP_MODE_STRICT: read, write, exit and rt_sigreturn; a filter of the same where strict mode
 * cannot be entered.
 */
bool seccomp_strict(void);

#endif
