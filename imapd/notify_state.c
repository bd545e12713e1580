/*
 * notify_state.c - NOTIFY: what is watched, and what inotify says of it
 *
 * inotify takes paths only: as in common/index/mailbox_watch.c the process steps into the root for
 * a moment.  Folders are named below it in two components at most.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/maildir/name.h"
#include "imapd/notify_inside.h"

enum {
	FILES = IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW,
	LOOKS = 3 /* at a folder that another program is just making: cur/ comes a little later */
};

bool
notify_group_covers(const struct notify_group *g, const char *name, bool is_subscribed)
{
	if (g->filter == FILTER_PERSONAL)
		return true;
	if (g->filter == FILTER_SUBSCRIBED)
		return is_subscribed;
	for (size_t i = 0; i < g->count; i++) {
		size_t n = strlen(g->name[i]);

		if (strncmp(name, g->name[i], n) != 0)
			continue;
		if (name[n] == '\0' || (g->filter == FILTER_SUBTREE && name[n] == '.'))
			return true;
	}
	return false;
}

unsigned
notify_events_of(const struct notify *n, const struct store_folder *folder)
{
	unsigned all = 0;

	for (size_t i = 0; i < n->count; i++)
		if (notify_group_covers(&n->group[i], folder->name, folder->subscribed))
			all |= n->group[i].events;
	return all;
}

static int
compare_folders(const void *a, const void *b)
{
	const struct store_folder *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const struct store_folder *
notify_find_folder(const struct notify_state *st, const char *name)
{
	const struct store_folder wanted = { .name = name };

	return st->folders ? bsearch(&wanted, st->folder, st->folders, sizeof(wanted),
	                             compare_folders) :
	                     NULL;
}

static const struct notify_box *
find_box(const struct notify_state *st, const char *name)
{
	for (size_t i = 0; st && i < st->boxes; i++)
		if (strcmp(st->box[i].name, name) == 0)
			return &st->box[i];
	return NULL;
}

static void
add_watch(struct notify_state *st, const char *path, enum notify_place place, size_t box)
{
	int wd = st->watch >= 0 ? inotify_add_watch(st->watch, path, FILES) : -1;

	if (wd < 0) {
		if (st->watch >= 0 && errno != ENOENT && errno != ENOTDIR) {
			close(st->watch);
			st->watch = -1;
		}
		return;
	}
	st->wd = arena_grow(&st->mem, st->wd, st->wds, &st->wd_room, sizeof(*st->wd));
	st->wd[st->wds++] = (struct notify_wd){ wd, place, box };
}

/* The root is INBOX's folder too: its annotations are seen there. */
static void
watch_box(struct notify_state *st, size_t box)
{
	const struct notify_box *b = &st->box[box];
	const char *folder = name_to_dir(b->name, &st->mem);

	if (b->events & EVENTS_OF_MESSAGES) {
		add_watch(st, arena_printf(&st->mem, "%s/new", folder), PLACE_MESSAGES, box);
		add_watch(st, arena_printf(&st->mem, "%s/cur", folder), PLACE_MESSAGES, box);
	}
	if ((b->events & EVENT_METADATA) && strcmp(folder, ".") != 0)
		add_watch(st, folder, PLACE_FOLDER, box);
}

static void
watch_all(struct session *s, struct notify_state *st)
{
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	st->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fchdir(store_root(s->store)) == 0) {
		add_watch(st, ".", PLACE_ROOT, 0);
		for (size_t i = 0; i < st->boxes; i++)
			watch_box(st, i);
	}
	if (back >= 0) {
		if (fchdir(back) != 0)
			errno = 0; /* nothing in a session depends on where it stands */
		close(back);
	}
}

/* What the client knows of a mailbox: as before, or as it is now. */
static void
fill_box(struct session *s, struct notify_state *st, struct notify_box *b,
         const struct notify_state *old)
{
	const struct notify_box *before = find_box(old, b->name);
	const char *path = arena_printf(&st->mem, "%s/" METADATA_OF_MAILBOX,
	                                name_to_dir(b->name, &st->mem));

	if (b->events & EVENT_METADATA &&
	    metadata_read(store_root(s->store), path, &st->mem, &b->entries) < 0)
		b->entries = (struct metadata){ NULL, 0 };
	if (!(b->events & EVENTS_OF_MESSAGES))
		return;
	b->has_news = before != NULL;
	if (before)
		b->told = before->told;
	else if (mailbox_status(s->store, b->name, 0, &b->told) < 0)
		memset(&b->told, 0, sizeof(b->told)); /* it is going just now */
}

static int
find_boxes(struct session *s, const struct notify *n, struct notify_state *st,
           const struct notify_state *old)
{
	for (size_t i = 0; i < st->folders; i++) {
		unsigned events = notify_events_of(n, &st->folder[i]);
		struct notify_box *b;

		if (!st->folder[i].exists || !(events & (EVENTS_OF_MESSAGES | EVENT_METADATA)))
			continue;
		if (st->boxes == LIMIT_NOTIFY_MAILBOXES) {
			errno = EMLINK;
			return -1;
		}
		st->box = arena_grow(&st->mem, st->box, st->boxes, &st->box_room, sizeof(*st->box));
		b = &st->box[st->boxes++];
		memset(b, 0, sizeof(*b));
		b->name = st->folder[i].name;
		b->events = events;
		fill_box(s, st, b, old);
	}
	return 0;
}

int
notify_state_make(struct session *s, const struct notify *n, const struct notify_state *old,
                  struct notify_state **state_out)
{
	struct notify_state *st = calloc(1, sizeof(*st));

	if (!st)
		die("out of memory: NOTIFY");
	st->watch = -1;
	if (store_list(s->store, &st->mem, &st->folder, &st->folders) < 0 ||
	    find_boxes(s, n, st, old) < 0) {
		int failed = errno;

		notify_state_free(st);
		errno = failed;
		return -1;
	}
	qsort(st->folder, st->folders, sizeof(*st->folder), compare_folders);
	if (metadata_read(store_root(s->store), METADATA_OF_SERVER, &st->mem, &st->server) < 0)
		st->server = (struct metadata){ NULL, 0 };
	watch_all(s, st);
	*state_out = st;
	return 0;
}

struct notify_state *
notify_state_free(struct notify_state *st)
{
	if (!st)
		return NULL;
	if (st->watch >= 0)
		close(st->watch);
	arena_free(&st->mem);
	free(st);
	return NULL;
}

/* A folder that got another name: the two halves have one cookie. */
static void
note_rename(struct notify_state *st, const struct inotify_event *e)
{
	struct notify_renamed *r;
	const char *name = name_from_dir(e->name, &st->mem);

	if (!name)
		return;
	if (e->mask & IN_MOVED_FROM) {
		st->renamed = arena_grow(&st->mem, st->renamed, st->renames, &st->renamed_room,
		                         sizeof(*st->renamed));
		st->renamed[st->renames++] = (struct notify_renamed){ name, NULL, e->cookie };
	}
	for (size_t i = 0; e->mask & IN_MOVED_TO && i < st->renames; i++) {
		r = &st->renamed[i];
		if (r->cookie == e->cookie)
			r->to = name;
	}
}

static void
note_root(struct notify_state *st, const struct inotify_event *e)
{
	if (strcmp(e->name, METADATA_OF_SERVER) == 0)
		st->server_changed = true;
	for (size_t i = 0; i < st->boxes && strcmp(e->name, METADATA_OF_MAILBOX) == 0; i++)
		if (strcmp(st->box[i].name, "INBOX") == 0)
			st->box[i].has_entries_news = true;
	if (strcmp(e->name, "subscriptions") == 0)
		st->folders_changed = true;
	if (!(e->mask & IN_ISDIR) || e->name[0] != '.' || e->name[1] == '.')
		return;
	st->folders_changed = true;
	if (e->mask & IN_CREATE)
		st->looks = LOOKS;
	if (e->cookie)
		note_rename(st, e);
}

static void
note_event(struct notify_state *st, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		st->folders_changed = true; /* all is looked at again */
	for (size_t i = 0; i < st->wds; i++) {
		if (st->wd[i].wd != e->wd || e->len == 0)
			continue;
		if (st->wd[i].place == PLACE_ROOT)
			note_root(st, e);
		else if (st->wd[i].place == PLACE_MESSAGES)
			st->box[st->wd[i].box].has_news = true;
		else if (strcmp(e->name, METADATA_OF_MAILBOX) == 0)
			st->box[st->wd[i].box].has_entries_news = true;
	}
}

void
notify_state_drain(struct notify_state *st)
{
	char text[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (st->watch >= 0 && (n = read(st->watch, text, sizeof(text))) > 0)
		for (char *at = text; at < text + n;) {
			const struct inotify_event *e = (const void *)at;

			note_event(st, e);
			at += sizeof(*e) + e->len;
		}
	if (st->watch >= 0)
		return;
	st->folders_changed = st->server_changed = true;
	for (size_t i = 0; i < st->boxes; i++)
		st->box[i].has_news = st->box[i].has_entries_news = true;
}
