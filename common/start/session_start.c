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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/expand.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/maildir/index_place.h"
#include "common/start/mail_folder.h"
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

/* Where a user's mail is, and below which path its indexes: "" in the folders, NULL nowhere. */
struct place {
	const char *mail, *index;
};

static struct place
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
	const char *why;
	struct place p = { mail_location_path(location, is_own, &values, &mem, &why), NULL };

	if (!p.mail) {
		log_error("mail location invalid: %s%s: %s",
		          is_own ? "mail of the user database: " : "mail_location = ", location,
		          why);
		refuse(service, login);
	}
	p.index = mail_index_path(location, is_own, login->settings, &values, &mem, &why);
	if (why)
		log_warning("index_dir, or INDEX= of %s: %s; this session does without an index",
		            location, why);
	return p;
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

/* Go to the Maildir, which must be a real folder of this very user. */
static const char *
enter_mail(const char *path, uid_t uid, bool is_here)
{
	int fd = -1;
	const char *why = mail_folder_open(path, uid, is_here, &mem, &fd);

	if (why)
		return why;
	if (fchdir(fd) != 0)
		why = strerror(errno);
	close(fd);
	return why;
}

static int
open_index(const char *path, const struct session_owner *owner)
{
	int fd = INDEX_NOWHERE;
	const char *why = mail_folder_open(path, owner->uid, owner->is_here, &mem, &fd);

	if (why)
		log_warning("index_dir: %s cannot be opened as uid %u: %s; make it that user's. "
		            "This session does without an index",
		            path, (unsigned)owner->uid, why);
	return fd;
}

/* Under chroot nothing outside the Maildir must be open: it is opened from there. */
static int
open_index_inside(const struct place *p, const struct session_owner *owner)
{
	struct span s = span_of(p->index);
	size_t n = strlen(p->mail);

	if (span_starts(s, p->mail) && p->index[n] == '/')
		return open_index(p->index + n + 1, owner);
	log_warning("index_dir: %s is not below %s, which is all that a session may open on a "
	            "kernel without Landlock: this session does without an index",
	            p->index, p->mail);
	return INDEX_NOWHERE;
}

/*
 * The doors: from here on nothing but the folder entered, whatever its path names
 * by now, and that of the indexes, which is opened.
 */
static int
lock_doors(const struct place *p, const struct session_owner *owner, bool under_chroot)
{
	bool has_dir = p->index && p->index[0];
	int index = p->index ? INDEX_IN_FOLDER : INDEX_NOWHERE;

	if (has_dir && !under_chroot)
		index = open_index(p->index, owner);
	if (under_chroot && !privileges_chroot())
		die("chroot to %s: %s", p->mail, strerror(errno));
	if (!under_chroot && landlock_is_there() && !landlock_lock(".", index))
		die("Landlock for %s: %s", p->mail, strerror(errno));
	if (has_dir && under_chroot)
		index = open_index_inside(p, owner);
	if (!seccomp_filter(SECCOMP_SESSION))
		log_warning("this kernel has no seccomp filters: the session runs without");
	return index;
}

void
session_start(const struct service *service, struct login *login, const struct session_owner *owner)
{
	bool under_chroot = !owner->is_here && !landlock_is_there();
	struct place p;
	const char *why;

	log_set_prefix(arena_printf(&mem, "%s(%s)<%d><%s>: ", service->name, login->user,
	                            (int)getpid(), login->session_id));
	p = find_mail(service, login, owner);
	if (!owner->is_here) {
		check_uid(service, login, owner->uid);
		if (!privileges_drop(owner->uid, owner->gid, under_chroot, &why))
			die("cannot become uid %u, gid %u: %s: %s", (unsigned)owner->uid,
			    (unsigned)owner->gid, why, strerror(errno));
	}
	umask(077);
	why = enter_mail(p.mail, owner->uid, owner->is_here);
	if (why) {
		log_error("mail_location: %s cannot be opened as uid %u: %s", p.mail,
		          (unsigned)owner->uid, why);
		refuse(service, login);
	}
	login->index = lock_doors(&p, owner, under_chroot);
	login->mail = under_chroot ? "." : p.mail;
	service->serve(login);
}
