/* intent_finish.c - what a kill cut short is finished, or taken back (invariants: intent.c) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/span.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/intent.h"
#include "common/maildir/uidlist.h"

/* A message that was to be linked, and what is there of it. */
struct link {
	struct intent_entry entry;
	struct span base;
	const char *name; /* NULL: nothing */
	const char *part;
};

struct finish {
	int         folder, root;
	int         source, target; /* directories, as last used */
	const char *source_folder, *source_part, *target_part;
	bool        in_cur, in_new; /* changed */
	int         failed;         /* errno of the first failure */
	struct link *link;
	size_t       links, room;
	struct arena mem;
};

static bool
fail(struct finish *f)
{
	f->failed = errno;
	return false;
}

static void
close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool
is_not_there(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* Entries of one source stand together, so the directories are mostly open already. */
static int
open_source(struct finish *f, const struct intent_entry *e)
{
	int folder;

	if (f->source >= 0 && strcmp(f->source_folder, e->from_folder) == 0 &&
	    strcmp(f->source_part, e->from_part) == 0)
		return 0;
	close_if_open(&f->source);
	folder = e->from_folder[0] ? dir_open(f->root, e->from_folder) : dir_open(f->folder, ".");
	if (folder < 0)
		return -1;
	f->source = dir_open(folder, e->from_part);
	close_if_open(&folder);
	f->source_folder = e->from_folder;
	f->source_part = e->from_part;
	return f->source < 0 ? -1 : 0;
}

static int
open_target(struct finish *f, const char *part)
{
	if (f->target >= 0 && strcmp(f->target_part, part) == 0)
		return 0;
	close_if_open(&f->target);
	f->target = dir_open(f->folder, part);
	f->target_part = part;
	return f->target < 0 ? -1 : 0;
}

static void
note_change(struct finish *f, const char *part)
{
	f->in_cur |= part[0] == 'c';
	f->in_new |= part[0] == 'n';
}

/*
 * Is the source a file, where it was, and the target not there yet?
 * False with f->failed: that could not be found out.
 */
static bool
is_to_do(struct finish *f, const struct intent_entry *e)
{
	struct stat st;

	if (open_source(f, e) != 0 || fstatat(f->source, e->from, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return is_not_there(errno) ? false : fail(f);
	if (!S_ISREG(st.st_mode))
		return false;
	if (open_target(f, e->to_part) != 0)
		return fail(f);
	if (fstatat(f->target, e->to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return false;
	return errno == ENOENT || fail(f);
}

/* Invariant (5). */
static bool
finish_rename(void *context, const struct intent_entry *e)
{
	struct finish *f = context;

	if (!is_to_do(f, e))
		return !f->failed;
	if (renameat(f->source, e->from, f->target, e->to) == 0)
		note_change(f, e->to_part);
	else if (errno != ENOENT && errno != EXDEV)
		return fail(f);
	return true;
}

/* ---- links ---- */

static bool
add_link(void *context, const struct intent_entry *e)
{
	struct finish *f = context;

	f->link = arena_grow(&f->mem, f->link, f->links, &f->room, sizeof(*f->link));
	f->link[f->links++] = (struct link){
		*e, span_make(e->to, filename_base_length(e->to)), NULL, NULL
	};
	return true;
}

static int
compare_bases(const void *a, const void *b)
{
	const struct span x = ((const struct link *)a)->base, y = ((const struct link *)b)->base;
	int order = memcmp(x.at, y.at, x.len < y.len ? x.len : y.len);

	return order ? order : (x.len > y.len) - (x.len < y.len);
}

static bool
find_in(struct finish *f, const char *part)
{
	DIR *dir = dir_list(f->folder, part);
	struct dirent *e;

	if (!dir)
		return is_not_there(errno) || fail(f);
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0) {
		struct link key = { .base = { e->d_name, filename_base_length(e->d_name) } };
		struct link *l = bsearch(&key, f->link, f->links, sizeof(key), compare_bases);

		if (!l)
			continue;
		l->name = arena_string(&f->mem, span_of(e->d_name));
		l->part = part;
	}
	if (errno)
		fail(f);
	closedir(dir);
	return !f->failed;
}

static bool
find_links(struct finish *f)
{
	qsort(f->link, f->links, sizeof(*f->link), compare_bases);
	/* a file that is moved meanwhile goes from new/ to cur/ */
	return find_in(f, "new") && find_in(f, "cur");
}

/* False with f->failed: the uidlist could not be read. */
static bool
have_uids(struct finish *f)
{
	struct uidlist u;
	bool have = false;

	uidlist_init(&u);
	if (uidlist_refresh(&u, f->folder) != 0)
		fail(f);
	for (size_t i = 0; !f->failed && !have && i < f->links; i++)
		have = f->link[i].name &&
		       uidlist_find(&u, f->link[i].base.at, f->link[i].base.len) != SIZE_MAX;
	uidlist_free(&u);
	return have;
}

/* Invariant (10). */
static void
finish_link(struct finish *f, const struct link *l)
{
	if (l->name || !is_to_do(f, &l->entry))
		return;
	if (linkat(f->source, l->entry.from, f->target, l->entry.to, 0) == 0)
		note_change(f, l->entry.to_part);
	else if (errno != ENOENT)
		fail(f);
}

/* Invariant (9). */
static void
remove_link(struct finish *f, const struct link *l)
{
	struct stat st;

	if (!l->name)
		return;
	if (open_target(f, l->part) != 0 ||
	    fstatat(f->target, l->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (S_ISREG(st.st_mode) && st.st_nlink > 1 && unlinkat(f->target, l->name, 0) != 0)) {
		if (errno != ENOENT)
			fail(f);
		return;
	}
	note_change(f, l->part);
}

static void
finish_links(struct finish *f)
{
	void (*do_one)(struct finish *, const struct link *);

	if (f->links == 0 || !find_links(f))
		return;
	do_one = have_uids(f) ? finish_link : remove_link;
	for (size_t i = 0; !f->failed && i < f->links; i++)
		do_one(f, &f->link[i]);
}

/* ---- both ---- */

static int
sync_part(int folder, const char *part, bool sync)
{
	int fd = dir_open(folder, part), failed;

	if (fd < 0)
		return -1;
	failed = dir_sync(fd, sync);
	close(fd);
	return failed;
}

static void
finish_text(struct finish *f, struct span text, bool sync)
{
	intent_parse(text, intent_is_of_links(text) ? add_link : finish_rename, f);
	if (!f->failed)
		finish_links(f);
	if (!f->failed && ((f->in_cur && sync_part(f->folder, "cur", sync) != 0) ||
	                   (f->in_new && sync_part(f->folder, "new", sync) != 0)))
		fail(f);
	close_if_open(&f->source);
	close_if_open(&f->target);
	if (f->failed)
		return;
	intent_clear(f->folder);
	if (f->links > 0 && dir_sync(f->folder, sync) != 0)
		fail(f);
}

int
intent_finish(int folder, int root, bool sync)
{
	struct finish f = { .folder = folder, .root = root, .source = -1, .target = -1,
		            .mem = ARENA_EMPTY };
	struct span text;

	if (intent_read(folder, &f.mem, &text) != 0)
		f.failed = errno;
	else if (text.at)
		finish_text(&f, text, sync);
	arena_free(&f.mem);
	errno = f.failed;
	return f.failed ? -1 : 0;
}
