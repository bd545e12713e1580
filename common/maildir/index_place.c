/*
 * index_place.c - where a mailbox's index is kept: in its folder, or below index_dir
 *
 * Below index_dir there is one directory for each mailbox, as Dovecot has it with INDEX=, so both
 * may use the same place.
 *
 * (1) Nothing but files of an index is ever removed there, by their names: whatever path the
 *     administrator wrote, no message and no list of UIDs is lost by it.
 * (2) What is left there of a mailbox that another program removed is no harm: the index says to
 *     which cur/ it belongs (mailbox_index.c (6)).
 */
#include "common/maildir/index_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/span.h"
#include "common/maildir/dir.h"
#include "common/maildir/store_inside.h"

/* Files of ours, and of Dovecot's under the same INDEX=, that belong to one mailbox. */
static const char *const index_files[] = {
	"linnet.map",         "linnet.journal",           "linnet.cache.",
	"linnet.tmp.linnet.", "dovecot.index",
};

void
store_set_index(struct store *s, int dir)
{
	struct stat place, root;

	if (dir >= 0 && fstat(dir, &place) == 0 && fstat(s->root, &root) == 0 &&
	    place.st_ino == root.st_ino && place.st_dev == root.st_dev)
		dir = INDEX_IN_FOLDER;
	s->index = dir;
}

static const char *
place_name(const char *folder_name)
{
	return strcmp(folder_name, ".") == 0 ? ".INBOX" : folder_name;
}

int
index_place_open(const struct store *s, int folder, const char *folder_name, bool make)
{
	if (s->index == INDEX_IN_FOLDER)
		return folder;
	if (s->index < 0)
		return -1;
	return make ? dir_make(s->index, place_name(folder_name)) :
	              dir_open(s->index, place_name(folder_name));
}

void
index_place_close(int place, int folder)
{
	if (place >= 0 && place != folder)
		close(place);
}

static bool
is_index_file(const char *name)
{
	for (size_t i = 0; i < sizeof(index_files) / sizeof(index_files[0]); i++)
		if (span_starts(span_of(name), index_files[i]))
			return true;
	return false;
}

void
index_place_forget(const struct store *s, const char *folder_name)
{
	DIR *dir = s->index >= 0 ? dir_list(s->index, place_name(folder_name)) : NULL;
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL)
		if (is_index_file(e->d_name))
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	unlinkat(s->index, place_name(folder_name), AT_REMOVEDIR);
}

/* Invariant (1) */
static bool
is_maildir(int at, const char *name)
{
	int fd = dir_open(at, name);
	bool is = fd >= 0 && dir_is_there(fd, "cur");

	if (fd >= 0)
		close(fd);
	return is;
}

void
index_place_move(const struct store *s, const char *from, const char *to)
{
	if (s->index < 0 || is_maildir(s->index, place_name(from)))
		return;
	index_place_forget(s, to);
	if (renameat(s->index, place_name(from), s->index, place_name(to)) != 0)
		index_place_forget(s, from);
}
