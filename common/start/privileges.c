/* privileges.c - giving up what a process may do; by raw system calls, which need no libcap */
#include "common/start/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/number.h"

enum { CAPABILITY_WORDS = 2 };
#define CAPABILITY(n) (UINT64_C(1) << (n))

/* Keep at most these of the permitted set; raise them in the effective set. */
static bool
keep_only(uint64_t wanted)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[CAPABILITY_WORDS];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &head, data) != 0)
		return false;
	for (int i = 0; i < CAPABILITY_WORDS; i++) {
		data[i].permitted &= (uint32_t)(wanted >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) == 0;
}

bool
privileges_keep_monitor(void)
{
	return keep_only(CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
	                 CAPABILITY(CAP_SYS_CHROOT) | CAPABILITY(CAP_KILL));
}

static bool
has_way_back(uid_t uid, gid_t gid, bool keep_chroot)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[CAPABILITY_WORDS];
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) != 0 || ruid != uid || euid != uid || suid != uid)
		return true;
	if (getresgid(&rgid, &egid, &sgid) != 0 || rgid != gid || egid != gid || sgid != gid)
		return true;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
	    (gid != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) == 0))
		return true;
	if (syscall(SYS_capget, &head, data) != 0)
		return true;
	data[0].permitted &= keep_chroot ? ~(1u << CAP_SYS_CHROOT) : ~0u;
	return (data[0].permitted | data[1].permitted) != 0;
}

bool
privileges_drop(uid_t uid, gid_t gid, bool keep_chroot, const char **what_out)
{
	if (uid == 0) {
		*what_out = "uid 0 is not allowed";
		errno = EPERM;
		return false;
	}
	*what_out = "setgroups";
	if (setgroups(1, &gid) != 0)
		return false;
	*what_out = "setresgid";
	if (setresgid(gid, gid, gid) != 0)
		return false;
	*what_out = "setresuid";
	prctl(PR_SET_KEEPCAPS, keep_chroot ? 1 : 0, 0, 0, 0);
	if (setresuid(uid, uid, uid) != 0)
		return false;
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	*what_out = "capset";
	if (!keep_only(keep_chroot ? CAPABILITY(CAP_SYS_CHROOT) : 0))
		return false;
	*what_out = "the check that root is out of reach";
	errno = EPERM;
	/* the change of uid set "dumpable" to what fs.suid_dumpable says */
	return !has_way_back(uid, gid, keep_chroot) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool
privileges_chroot(void)
{
	return chroot(".") == 0 && chdir("/") == 0 && keep_only(0);
}

/* name:password:uid:gid:...  False for any other name. */
static bool
read_account(struct span row, const char *name, uid_t *uid_out, gid_t *gid_out)
{
	struct span word;
	uint64_t uid, gid;

	if (!span_split(&row, ':', &word) || !span_is(word, name) ||
	    !span_split(&row, ':', &word) || !span_split(&row, ':', &word) ||
	    !number_parse(word, UINT32_MAX - 1, &uid) || !span_split(&row, ':', &word) ||
	    !number_parse(word, UINT32_MAX - 1, &gid))
		return false;
	*uid_out = (uid_t)uid;
	*gid_out = (gid_t)gid;
	return true;
}

/* fgetpwent(3) asks the kernel for its place in the file once a row. */
static bool
find_in_file(const char *name, uid_t *uid_out, gid_t *gid_out)
{
	FILE *file = fopen("/etc/passwd", "re");
	char *row = NULL;
	size_t room = 0;
	bool found = false;

	while (file && !found && getline(&row, &room, file) >= 0)
		found = read_account(span_of(row), name, uid_out, gid_out);
	free(row);
	if (file)
		fclose(file);
	return found;
}

bool
privileges_find_user(const char *name, uid_t *uid_out, gid_t *gid_out)
{
	const struct passwd *row;

	if (find_in_file(name, uid_out, gid_out))
		return true;
	row = getpwnam(name);
	if (row) {
		*uid_out = row->pw_uid;
		*gid_out = row->pw_gid;
	}
	return row != NULL;
}
