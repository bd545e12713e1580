/*
 * store.c - one user's mailboxes: open, names, subscribe
 *
 * A mailbox is a directory ".NAME" with a directory "cur" in it; whatever else
 * lies in the root (files, symlinks, ".ssh", half made and half deleted folders,
 * whose names begin with "..") is none and is never listed (N09, N11, K11).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/maildir/dir.h"
#include "common/maildir/index_place.h"
#include "common/maildir/name.h"
#include "common/maildir/store_inside.h"
#include "common/maildir/subscriptions.h"

/*
 * CREATE stops at LIMIT_MAILBOXES; what other programs made
 * beyond it is still listed, up to here.
 */
enum { NAMES_MOST = 10 * LIMIT_MAILBOXES };

/* mkdir -p with mode 0700 */
static int
make_path(const char *path)
{
	struct arena mem = ARENA_EMPTY;
	char *copy = arena_string(&mem, span_of(path));
	int failed = 0;

	for (char *p = copy + 1; !failed; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			failed = errno;
		*p = c;
		if (c == '\0')
			break;
	}
	arena_free(&mem);
	errno = failed;
	return failed ? -1 : 0;
}

/* The administrator's own path: links in it are followed. */
static int
open_root(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int
store_open(const char *path, bool create, enum store_sync sync, struct store **store_out)
{
	int root = open_root(path);
	struct store *s;

	if (root < 0 && errno == ENOENT && create && path[0] && make_path(path) == 0)
		root = open_root(path);
	if (root < 0)
		return -1;
	/* a root that cannot be written is served read-only as it is */
	if (create && !dir_is_there(root, "cur") && dir_make_maildir(root) != 0 &&
	    errno != EACCES && errno != EROFS) {
		int failed = errno;

		close(root);
		errno = failed;
		return -1;
	}
	s = malloc(sizeof(*s));
	if (!s)
		die("out of memory: a store");
	*s = (struct store){ root, sync, NULL, INDEX_IN_FOLDER };
	*store_out = s;
	return 0;
}

struct store *
store_close(struct store *s)
{
	if (!s)
		return NULL;
	close(s->root);
	free(s);
	return NULL;
}

int
store_root(const struct store *s)
{
	return s->root;
}

enum store_sync
store_sync(const struct store *s)
{
	return s->sync;
}

int
store_sync_root(const struct store *s)
{
	return dir_sync(s->root, s->sync == STORE_SYNC);
}

int
store_open_folder(struct store *s, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	int fd = dir_open(s->root, name_to_dir(name, &mem));
	int failed = errno;

	arena_free(&mem);
	if (fd >= 0 && !dir_is_there(fd, "cur")) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	errno = failed;
	return fd;
}

bool
store_has(struct store *s, const char *name)
{
	int fd = store_open_folder(s, name);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* EIO and the like are no "no": a RENAME that overlooks a folder would tear a tree apart. */
static bool
is_no_folder(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES;
}

/* 1 it is, 0 it is not, -1 nobody can tell. */
static int
is_folder(int root, const struct dirent *e)
{
	char cur[NAME_MAX + 8];
	struct stat st;

	if (e->d_type != DT_DIR && (e->d_type != DT_UNKNOWN || !dir_is_there(root, e->d_name)))
		return 0;
	/* no symlink can be meant: the first component was just seen to be a directory */
	snprintf(cur, sizeof(cur), "%s/cur", e->d_name);
	if (fstatat(root, cur, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return is_no_folder(errno) ? 0 : -1;
	return S_ISDIR(st.st_mode);
}

int
store_names(struct store *s, struct arena *mem, const char ***names_out, size_t *count_out)
{
	int fd = dir_open(s->root, ".");
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const char **names = NULL;
	size_t count = 0, room = 0;
	struct dirent *e;
	int failed;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0) {
		const char *name;
		int is;

		if (e->d_name[0] != '.' || e->d_name[1] == '.' || e->d_name[1] == '\0')
			continue;
		name = name_from_dir(e->d_name, mem);
		is = name ? is_folder(s->root, e) : 0;
		if (is < 0)
			break;
		if (is == 0)
			continue;
		if (count == NAMES_MOST) {
			errno = EMLINK;
			break;
		}
		names = arena_grow(mem, names, count, &room, sizeof(*names));
		names[count++] = name;
	}
	failed = errno;
	closedir(dir);
	if (failed) {
		errno = failed;
		return -1;
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	*names_out = names;
	*count_out = count;
	return 0;
}

int
store_check_subscriptions(struct store *s)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions subs;
	int failed = subscriptions_read(s->root, &mem, &subs), saved = errno;

	arena_free(&mem);
	errno = saved;
	return failed;
}

int
store_subscribe(struct store *s, const char *name, bool on)
{
	return subscriptions_change(s->root, name, on, s->sync == STORE_SYNC);
}
