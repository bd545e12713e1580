/*
 * session_start.c - the monitor becomes the session
 *
 * The order matters: first the uid, so that folders are made and opened with
 * nobody's rights but the user's; then the file system is locked; then the
 * system calls.  A kernel without Landlock gets chroot() for it, for which one
 * capability lives on between the two.
 */
#include "common/start/session_start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/expand.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/start/mail_location.h"
#include "common/start/monitor.h"
#include "common/start/privileges.h"
#include "common/start/sandbox.h"
#include "common/start/seccomp.h"

static struct arena mem = ARENA_EMPTY;

/* The log says what and where; the client hears that it is our fault, and nothing else. */
static void __attribute__((noreturn))
refuse(const struct service *service, const struct login *login)
{
	if (login->tag[0] && service->has_tags)
		monitor_say(login->client,
		            arena_printf(&mem, "%s %s", login->tag, service->unserved));
	else
		monitor_say(login->client, login->is_preauth ? service->busy : service->unserved);
	_exit(1);
}

static const char *
find_mail(const struct service *service, const struct login *login,
          const struct session_owner *owner)
{
	char local[NET_TEXT_ROOM], remote[NET_TEXT_ROOM];
	struct expand_values values = {
		.user = login->user,
		.home = login->home,
		.service = service->name,
		.local_ip = net_address_text(&login->local, local),
		.remote_ip = net_address_text(&login->remote, remote),
	};
	bool is_own = owner->mail && owner->mail[0];
	const char *location = is_own ? owner->mail : login->settings->mail_location;
	const char *why, *path = mail_location_path(location, is_own, &values, &mem, &why);

	if (path)
		return path;
	log_error("mail location invalid: %s%s: %s",
	          is_own ? "mail of the user database: " : "mail_location = ", location, why);
	refuse(service, login);
}

static void
check_uid(const struct service *service, const struct login *login, uid_t uid)
{
	uint64_t first = 1;

	if (!number_parse(span_of(login->settings->first_valid_uid), UINT32_MAX, &first))
		log_warning("first_valid_uid = %s is no number: taken as 1",
		            login->settings->first_valid_uid);
	if (uid != 0 && uid >= first)
		return;
	log_error("the user database gives uid %u, below first_valid_uid = %u", (unsigned)uid,
	          (unsigned)first);
	refuse(service, login);
}

/* Make what is missing of the path, by the rights that we have: a new user's first login. */
static void
make_folders(const char *path)
{
	char *copy = arena_string(&mem, span_of(path));

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700); /* what fails is told when the whole path cannot be opened */
		*slash = '/';
	}
	mkdir(copy, 0700);
}

/* Go to the Maildir, which must be a real folder of this very user. */
static const char *
enter_mail(const char *path, uid_t uid, bool is_here)
{
	struct stat st;
	int fd;
	const char *why = NULL;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ?
		               "not a folder (a link is not followed)" :
		               strerror(errno);
	if (fstat(fd, &st) != 0 || (st.st_uid != uid && !is_here))
		why = arena_printf(&mem, "belongs to uid %u", (unsigned)st.st_uid);
	else if (fchdir(fd) != 0)
		why = strerror(errno);
	close(fd);
	return why;
}

/*
 * The doors: from here on nothing but the folder entered, whatever its path names
 * by now.  True when that is now ".".
 */
static bool
lock_doors(const char *path, bool under_chroot)
{
	if (under_chroot && !privileges_chroot())
		die("chroot to %s: %s", path, strerror(errno));
	if (!under_chroot && landlock_is_there() && !landlock_lock("."))
		die("Landlock for %s: %s", path, strerror(errno));
	if (!seccomp_filter(SECCOMP_SESSION))
		log_warning("this kernel has no seccomp filters: the session runs without");
	return under_chroot;
}

void
session_start(const struct service *service, struct login *login, const struct session_owner *owner)
{
	bool under_chroot = !owner->is_here && !landlock_is_there();
	const char *path, *why;

	log_set_prefix(arena_printf(&mem, "%s(%s)<%d><%s>: ", service->name, login->user,
	                            (int)getpid(), login->session_id));
	path = find_mail(service, login, owner);
	if (!owner->is_here) {
		check_uid(service, login, owner->uid);
		if (!privileges_drop(owner->uid, owner->gid, under_chroot, &why))
			die("cannot become uid %u, gid %u: %s: %s", (unsigned)owner->uid,
			    (unsigned)owner->gid, why, strerror(errno));
	}
	umask(077);
	why = enter_mail(path, owner->uid, owner->is_here);
	if (why) {
		log_error("mail_location: %s cannot be opened as uid %u: %s", path,
		          (unsigned)owner->uid, why);
		refuse(service, login);
	}
	login->mail = lock_doors(path, under_chroot) ? "." : path;
	service->serve(login);
}
