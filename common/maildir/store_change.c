/*
 * store_change.c - one user's mailboxes: create, delete, rename
 *
 * Each of them is one rename() within the root, so a mailbox is there whole or
 * not at all, whenever the process is killed (K11, K12):
 *
 * CREATE  a folder is made complete under a name "linnet.new.*" and renamed.
 * DELETE  the folder is renamed to "linnet.gone.*", then emptied.
 * RENAME  children first, each by one rename, the mailbox itself last: until
 *         then the old name exists and the same command goes on where it was.
 * RENAME INBOX  a folder with a copy of INBOX's keywords and UIDs under a new
 *         UIDVALIDITY and the mark "linnet.inbox" is made; messages follow one
 *         by one under INBOX's lock; the mark goes last.  Repeating the command
 *         finds the mark and goes on.
 *
 * Names without a dot in front are no mailboxes for Dovecot and Courier either
 * (Dovecot lists those with two of them).  What a killed process left of them is removed
 * by the next change.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/index_place.h"
#include "common/maildir/keywords.h"
#include "common/maildir/name.h"
#include "common/maildir/quota.h"
#include "common/maildir/store_inside.h"
#include "common/maildir/uidlist.h"
#include "common/maildir/unique.h"

static const char new_prefix[] = "linnet.new.";
static const char gone_prefix[] = "linnet.gone.";
static const char inbox_mark[] = "linnet.inbox";

enum { FOLDER_DEPTH = 4, LEFTOVER_SECONDS = 3600 };

static const char *
hidden_name(const char *prefix, struct arena *mem)
{
	struct buf name = BUF_EMPTY;
	const char *text;

	buf_str(&name, prefix);
	unique_name(&name);
	text = arena_string(mem, buf_view(&name));
	buf_free(&name);
	return text;
}

/* Leftovers of killed processes; a folder that is just being made is younger than an hour. */
static void
remove_leftovers(int root)
{
	int fd = dir_open(root, ".");
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		bool gone = strncmp(e->d_name, gone_prefix, sizeof(gone_prefix) - 1) == 0;
		bool made = strncmp(e->d_name, new_prefix, sizeof(new_prefix) - 1) == 0;

		if (made)
			made = fstatat(root, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			       time(NULL) - st.st_mtime > LEFTOVER_SECONDS;
		if (gone || made)
			dir_remove(root, e->d_name, FOLDER_DEPTH);
	}
	closedir(dir);
}

static int
make_empty_file(int at, const char *name)
{
	int fd = file_open(at, name, O_WRONLY | O_CREAT);

	return fd < 0 ? -1 : close(fd);
}

/* Fill a new folder; from_inbox: with INBOX's UIDs and keywords, too. */
static int
fill_folder(struct store *s, int fd, bool from_inbox)
{
	bool sync = s->sync == STORE_SYNC;
	struct uidlist u;
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	int failed = 0;

	uidlist_init(&u);
	if (dir_make_maildir(fd) != 0 || make_empty_file(fd, "maildirfolder") != 0)
		failed = -1;
	if (!failed && from_inbox) {
		failed = uidlist_refresh(&u, s->root);
		u.above = u.uidvalidity > u.above ? u.uidvalidity : u.above;
		u.uidvalidity = 0;
		u.header = ""; /* another mailbox: its own GUID */
		u.must_rewrite = true;
		if (!failed && file_read(s->root, "dovecot-keywords", LIMIT_KEYWORDS_BYTES, &mem,
		                         &text, &st) == 0)
			failed = file_replace(fd, "dovecot-keywords", text, sync, &st);
		if (!failed)
			failed = make_empty_file(fd, inbox_mark);
	}
	if (!failed)
		failed = uidlist_save(&u, fd, s->root, sync);
	if (!failed)
		failed = dir_sync(fd, sync);
	uidlist_free(&u);
	arena_free(&mem);
	return failed;
}

/* A server that renamed it and whose answer was lost says ENOENT to the second try (NFS, K19). */
static bool
is_folder(int root, const char *name, int fd)
{
	struct stat there, ours;
	int saved = errno;
	bool is_ours = saved == ENOENT && fstatat(root, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	               fstat(fd, &ours) == 0 && there.st_ino == ours.st_ino &&
	               there.st_dev == ours.st_dev;

	errno = saved;
	return is_ours;
}

/* Make the folder "." + name complete and let it appear at once. */
static int
create_folder(struct store *s, const char *folder, bool from_inbox, struct arena *mem)
{
	const char *hidden = hidden_name(new_prefix, mem);
	int fd = dir_make(s->root, hidden), failed = 0;

	if (fd < 0)
		return -1;
	if (fill_folder(s, fd, from_inbox) != 0 ||
	    (renameat(s->root, hidden, s->root, folder) != 0 && !is_folder(s->root, folder, fd)))
		failed = errno == ENOTEMPTY || errno == ENOTDIR ? EEXIST : errno;
	close(fd);
	if (!failed && store_sync_root(s) != 0) {
		failed = errno;
		renameat(s->root, folder, s->root, hidden);
	}
	if (failed)
		dir_remove(s->root, hidden, FOLDER_DEPTH);
	errno = failed;
	return failed ? -1 : 0;
}

static int
check_room(struct store *s, struct arena *mem)
{
	const char **names;
	size_t count;

	if (store_names(s, mem, &names, &count) != 0)
		return -1;
	if (count < LIMIT_MAILBOXES)
		return 0;
	errno = EMLINK;
	return -1;
}

int
store_create(struct store *s, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	int failed = -1, saved;

	if (strcmp(name, "INBOX") == 0 || store_has(s, name)) {
		errno = EEXIST;
		return -1;
	}
	if (check_room(s, &mem) == 0) {
		remove_leftovers(s->root);
		failed = create_folder(s, name_to_dir(name, &mem), false, &mem);
	}
	saved = errno;
	arena_free(&mem);
	errno = saved;
	return failed;
}

/* What a deleted folder held is taken off the quota before it is emptied. */
static void
tell_quota(struct store *s, const char *name, const char *hidden)
{
	struct quota_amounts held = { 0, 0 };
	int fd;

	if (!quota_counts(s, name))
		return;
	fd = dir_open(s->root, hidden);
	if (fd >= 0 && quota_add_folder(fd, &held) == 0)
		quota_change(s, -(int64_t)held.bytes, -(int64_t)held.messages);
	else
		quota_forget(s);
	if (fd >= 0)
		close(fd);
}

int
store_delete(struct store *s, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	const char *hidden, *folder;
	int failed = 0;

	if (strcmp(name, "INBOX") == 0) {
		errno = EPERM;
		return -1;
	}
	if (!store_has(s, name)) {
		errno = errno == ELOOP || errno == ENOTDIR ? ENOENT : errno;
		return -1;
	}
	folder = name_to_dir(name, &mem);
	hidden = hidden_name(gone_prefix, &mem);
	if (file_rename_new(s->root, folder, s->root, hidden) != 0) {
		failed = errno;
	} else if (store_sync_root(s) != 0) {
		failed = errno;
		renameat(s->root, hidden, s->root, folder);
	} else {
		tell_quota(s, name, hidden);
		index_place_forget(s, folder);
		/* this one among them; what cannot be removed now is tried next time */
		remove_leftovers(s->root);
	}
	arena_free(&mem);
	errno = failed;
	return failed ? -1 : 0;
}

/* ---- rename ---- */

struct move {
	const char *from, *to; /* folders */
};

/*
 * What RENAME from to means, children first; ENOENT,
 * EEXIST, ENAMETOOLONG before anything is touched.
 */
static int
plan_rename(struct store *s, const char *from, const char *to, struct arena *mem,
            struct move **moves_out, size_t *count_out)
{
	struct move *moves = NULL;
	const char **names, *why;
	size_t count, planned = 0, room = 0, n = strlen(from);

	if (store_names(s, mem, &names, &count) != 0)
		return -1;
	for (int children = 1; children >= 0; children--) {
		for (size_t i = 0; i < count; i++) {
			const char *target;

			if (strncmp(names[i], from, n) != 0 ||
			    names[i][n] != (children ? '.' : '\0'))
				continue;
			target = arena_printf(mem, "%s%s", to, names[i] + n);
			target = name_from_client(span_of(name_to_client(target, false, mem)),
			                          false, false, mem, &why);
			if (!target || store_has(s, target)) {
				errno = target ? EEXIST : ENAMETOOLONG;
				return -1;
			}
			moves = arena_grow(mem, moves, planned, &room, sizeof(*moves));
			moves[planned++] = (struct move){ name_to_dir(names[i], mem),
				                          name_to_dir(target, mem) };
		}
	}
	errno = ENOENT;
	*moves_out = moves;
	*count_out = planned;
	return planned > 0 ? 0 : -1;
}

static int
rename_tree(struct store *s, const char *from, const char *to, struct arena *mem)
{
	struct move *moves;
	size_t count;

	if (store_has(s, to)) {
		errno = EEXIST;
		return -1;
	}
	if (plan_rename(s, from, to, mem, &moves, &count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (renameat(s->root, moves[i].from, s->root, moves[i].to) != 0) {
			if (errno == ENOTEMPTY)
				errno = EEXIST;
			return -1;
		}
		index_place_move(s, moves[i].from, moves[i].to);
	}
	return store_sync_root(s);
}

/* All messages in one directory of INBOX go over; names are kept, and with them UIDs and flags. */
static int
move_files(int from, int to, const char *part, bool sync)
{
	int source = dir_open(from, part), target = dir_open(to, part), failed = 0;
	DIR *dir = source >= 0 ? fdopendir(source) : NULL;
	struct dirent *e;

	if (!dir || target < 0)
		failed = errno;
	while (!failed) {
		errno = 0;
		e = readdir(dir);
		if (!e) {
			failed = errno;
			break;
		}
		/*
		 * gone meanwhile: renamed by another program, and seen
		 * under its other name or left in INBOX
		 */
		if (e->d_name[0] != '.' && renameat(source, e->d_name, target, e->d_name) != 0 &&
		    errno != ENOENT)
			failed = errno;
	}
	if (!failed && (dir_sync(target, sync) != 0 || dir_sync(source, sync) != 0))
		failed = errno;
	if (dir)
		closedir(dir);
	else if (source >= 0)
		close(source);
	if (target >= 0)
		close(target);
	errno = failed;
	return failed ? -1 : 0;
}

static int
move_inbox(struct store *s, const char *folder)
{
	bool sync = s->sync == STORE_SYNC;
	struct dotlock lock = DOTLOCK_NONE;
	int fd = dir_open(s->root, folder), failed;

	if (fd < 0)
		return -1;
	if (uidlist_lock(s->root, LIMIT_LOCK_SECONDS, &lock) != 0) {
		failed = errno;
		close(fd);
		errno = failed;
		return -1;
	}
	/*
	 * new/ last: what another session moves to cur/
	 * meanwhile stays in INBOX, which is no loss
	 */
	failed = move_files(s->root, fd, "cur", sync);
	if (!failed)
		failed = move_files(s->root, fd, "new", sync);
	if (!failed && unlinkat(fd, inbox_mark, 0) != 0 && errno != ENOENT)
		failed = -1;
	dotlock_release(&lock);
	close(fd);
	return failed;
}

static int
rename_inbox(struct store *s, const char *to, struct arena *mem)
{
	const char *folder = name_to_dir(to, mem);
	struct stat st;

	if (store_has(s, to)) {
		const char *mark = arena_printf(mem, "%s/%s", folder, inbox_mark);

		if (fstatat(s->root, mark, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			errno = EEXIST;
			return -1;
		}
	} else if (check_room(s, mem) != 0 || create_folder(s, folder, true, mem) != 0) {
		return -1;
	}
	return move_inbox(s, folder);
}

int
store_rename(struct store *s, const char *from, const char *to)
{
	struct arena mem = ARENA_EMPTY;
	size_t n = strlen(from);
	int failed, saved;

	if (strcmp(to, "INBOX") == 0 || strcmp(from, to) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (strcmp(from, "INBOX") == 0) {
		failed = rename_inbox(s, to, &mem);
	} else if (strncmp(to, from, n) == 0 && to[n] == '.') {
		errno = EINVAL;
		failed = -1;
	} else {
		failed = rename_tree(s, from, to, &mem);
	}
	saved = errno;
	/* children may have rules of their own: simply count again */
	if (store_quota(s) && store_quota(s)->count > 1)
		quota_forget(s);
	arena_free(&mem);
	errno = saved;
	return failed;
}
