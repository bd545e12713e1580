/* mailbox_merge.c - what a look has found becomes the view's news */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"

/*
 * "x" becomes "x:2,"; a name too long for that moves as it is (W06).  Where that
 * name is another file's (W05), it waits in new/ until one of them has got a base of its own.
 */
static void
move_to_cur(struct mailbox *box, struct scan *scan, struct scan_found *f)
{
	const char *name = strchr(f->name, ':') ? f->name : arena_printf(&scan->mem, "%s:2,", f->name);
	struct stat there;
	int failed;

	if (fstatat(box->cur, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		failed = fstatat(box->new_mail, f->name, &there, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST : ENOENT;
	else
		failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;
	if (failed == ENAMETOOLONG) {
		name = f->name;
		failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;
	}
	f->is_first = !failed;
	if (failed && failed != ENOENT)
		return;
	/* ENOENT: another session was faster and has it as \Recent; that is its name now, most likely */
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

static void
take_item(struct mailbox *box, const struct scan_found *f)
{
	struct item *it;

	if (f->uid <= box->top_uid)
		return; /* it came back, or was missed: it cannot be put between numbers already told */
	it = items_push(&box->items);
	it->shown.uid = f->uid;
	it->shown.modseq = 1;
	it->size = f->size;
	it->is_told = true;
	box_rename_item(box, it, f->name, f->in_new);
	box_read_flags(box, it);
	it->shown.flags = it->flags | (f->is_first ? FLAG_RECENT : 0);
	it->shown.keywords = it->keywords;
	box->top_uid = f->uid;
}

static void
compare_item(struct mailbox *box, uint32_t index, const struct scan_found *f)
{
	struct item *it = items_at(&box->items, index);
	uint32_t flags = it->flags, keywords = it->keywords;

	if (it->is_gone)
		return;
	if (it->in_new != f->in_new || strcmp(it->name, f->name) != 0)
		box_rename_item(box, it, f->name, f->in_new);
	if (it->size == SIZE_UNKNOWN)
		it->size = f->size;
	box_read_flags(box, it);
	if (it->flags != flags || it->keywords != keywords)
		box_tell_flags(box, index);
}

void
box_merge(struct mailbox *box, const struct scan *scan)
{
	uint32_t at = 0, count = box->items.count;

	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_found *f = &scan->found[i];

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
