/* mailbox_merge.c - what a look has found becomes the view's news */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"
#include "common/maildir/filename.h"

enum { AHEAD = 16 };

/*
 * "x" becomes "x:2,"; a name too long for that moves as it is (W06).  Where that
 * name is another file's (W05), it waits in new/ until one of them has got a base of its own.
 */
static void
move_to_cur(struct mailbox *box, struct scan *scan, struct scan_found *f)
{
	const char *name =
		strchr(f->name, ':') ? f->name : arena_printf(&scan->mem, "%s:2,", f->name);
	struct stat there;
	int failed;

	if (fstatat(box->cur, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		failed = fstatat(box->new_mail, f->name, &there, AT_SYMLINK_NOFOLLOW) == 0 ?
		                 EEXIST :
		                 ENOENT;
	else
		failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;
	if (failed == ENAMETOOLONG) {
		name = f->name;
		failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;
	}
	f->is_first = !failed;
	if (failed && failed != ENOENT)
		return;
	if (!failed)
		box_guard_move(box);
	/*
	 * ENOENT: another session was faster and has it as \Recent; that is its name now, most
	 * likely
	 */
	f->name = name;
	f->in_new = false;
}

void
box_move_new_mail(struct mailbox *box, struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++) {
		struct scan_found *f = &scan->found[i];

		if (!f->name || !f->in_new)
			continue;
		if (box->mode == MAILBOX_READ_WRITE && box->is_writable)
			move_to_cur(box, scan, f);
		else
			f->is_first = true;
	}
}

/*
 * A UID below the largest came back, or was missed: only a session that is yet to begin can
 * number it.
 */
static void
take_item(struct mailbox *box, const struct scan_found *f)
{
	uint64_t size = f->size;

	if (size == SIZE_UNKNOWN && !filename_size(f->name, 'W', &size))
		size = SIZE_UNKNOWN;
	if (!box_take(box, f->uid, f->name, f->in_new, size, DATE_UNKNOWN, f->is_first))
		box->is_late = true;
}

static void
compare_item(struct mailbox *box, uint32_t index, const struct scan_found *f)
{
	struct item *it = items_at(&box->items, index);
	uint32_t flags = it->flags, letters = it->letters;

	if (it->is_gone) {
		box->is_late = true;
		return;
	}
	if (!names_is(&box->names, it, f->name, f->in_new))
		box_set_name(box, index, f->name, f->in_new);
	if (f->is_first && index >= box->visible)
		box_make_recent(box, index);
	if (it->size == SIZE_UNKNOWN && f->size != SIZE_UNKNOWN)
		box_set_size(box, index, f->size, it->date);
	if (it->flags != flags || it->letters != letters)
		box_tell_flags(box, index);
}

void
box_merge(struct mailbox *box, const struct scan *scan)
{
	uint32_t at = 0, count = box->items.count;

	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_found *f = &scan->found[i];

		/* names lie in the order of the directory: memory begins to fetch a later one */
		if (i + AHEAD < scan->count && f[AHEAD].name) {
			__builtin_prefetch(f[AHEAD].name);
			__builtin_prefetch(f[AHEAD].name + 64);
		}
		if (!f->name)
			continue;
		while (at < count && items_at(&box->items, at)->shown.uid < f->uid)
			box_mark_gone(box, at++);
		if (at < count && items_at(&box->items, at)->shown.uid == f->uid)
			compare_item(box, at++, f);
		else
			take_item(box, f);
	}
	while (at < count)
		box_mark_gone(box, at++);
}

void
box_merge_names(struct mailbox *box, const struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_found *f = &scan->found[i];
		uint32_t index = f->name ? box_index_of(box, f->uid) : UINT32_MAX;

		if (index != UINT32_MAX)
			compare_item(box, index, f);
	}
}
