/*
 * mailbox_watch.c - inotify on an open folder, for IDLE
 *
 * inotify takes paths only.  There is no /proc in a chroot and the folder's own
 * path may lie outside it, so the process steps into the folder for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/index/mailbox_inside.h"

enum {
	FILES_CHANGE =
		IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW,
	FOLDER_GOES = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR
};

static bool
add_watches(int watch)
{
	static const char *const parts[] = { "new", "cur" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (inotify_add_watch(watch, parts[i], FILES_CHANGE) < 0 && errno != ENOENT)
			return false;
	return inotify_add_watch(watch, ".", FOLDER_GOES) >= 0;
}

int
mailbox_watch(struct mailbox *box)
{
	int back, watch;
	bool done;

	if (box->watch >= 0)
		return box->watch;
	watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch < 0)
		return -1;
	back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	done = fchdir(box->folder) == 0 && add_watches(watch);
	if (back >= 0) {
		if (fchdir(back) != 0)
			errno = 0; /* nothing in a session depends on where it stands */
		close(back);
	}
	if (!done) {
		close(watch);
		return -1;
	}
	box->watch = watch;
	return watch;
}

void
box_drain_watch(struct mailbox *box)
{
	char events[4096];

	while (box->watch >= 0 && read(box->watch, events, sizeof(events)) > 0)
		;
}
