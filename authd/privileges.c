/* privileges.c - giving root up for good */
#include "authd/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/log.h"

static const char fallback[] = "nobody";

static void
become(const struct passwd *p)
{
	if (setgroups(0, NULL) != 0 || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0)
		die("cannot become user %s: %s", p->pw_name, strerror(errno));
	if (p->pw_uid != 0 && setuid(0) == 0)
		die("user %s can become root again", p->pw_name);
}

static const struct passwd *
find_user(const char *user)
{
	const struct passwd *p = getpwnam(user);

	return p ? p : getpwnam(fallback);
}

void
privileges_warn(const char *user)
{
	if (geteuid() == 0 && !getpwnam(user))
		log_warning("default_login_user = %s: no such user, going on as %s", user,
		            getpwnam(fallback) ? fallback : "root");
}

void
privileges_drop(const char *user)
{
	const struct passwd *p = geteuid() == 0 ? find_user(user) : NULL;

	if (p)
		become(p);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); /* setresuid() forgets it: only now */
}
