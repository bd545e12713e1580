/*
 * tmp_clean.c - what killed deliveries left in tmp/ goes after 36 hours
 *
 * When tmp/ was last looked at is its own atime, which is set by hand, so that a
 * file system without atimes serves as well.  Another program that reads tmp/ (a
 * backup) moves it too, and only puts our next look off by hours.
 *
 * A file's age is told by the younger of mtime and ctime: COPY links a message
 * of last year into tmp/, and its mtime stays what it was.
 */
#include "common/maildir/tmp_clean.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/maildir/dir.h"

enum { LOOK_SECONDS = 4 * 3600, STALE_SECONDS = 36 * 3600 };

static const char tmp_name[] = "tmp";

bool
tmp_clean_is_due(int folder, time_t now)
{
	struct stat st;

	if (fstatat(folder, tmp_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return false;
	return st.st_atime > now || now - st.st_atime >= LOOK_SECONDS;
}

static void
remove_stale(int tmp, const char *name, time_t now)
{
	struct stat st;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
		return;
	if (now - st.st_mtime > STALE_SECONDS && now - st.st_ctime > STALE_SECONDS)
		unlinkat(tmp, name, 0);
}

void
tmp_clean(int folder, time_t now)
{
	struct timespec times[2] = { { now, 0 }, { 0, UTIME_OMIT } };
	DIR *dir = dir_list(folder, tmp_name);
	struct dirent *e;
	int left = LIMIT_TMP_FILES;

	if (!dir)
		return;
	while (left > 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		remove_stale(dirfd(dir), e->d_name, now);
		left--;
	}
	/* more are there than one look takes: the next opening goes on */
	if (left > 0)
		futimens(dirfd(dir), times);
	closedir(dir);
}
