/*
 * mailbox_shorten.c - a file whose name has no room for flags gets a shorter base (W06)
 *
 * A name of 255 bytes came from another program; ":2,S" would not fit behind it, and a
 * message that cannot be marked \Deleted could never be removed.  The UID stays:
 * its record gets the new base first, then the file is renamed.  A process killed
 * between the two leaves a message that gets a new UID; none is lost.
 */
#include <errno.h>
#include <stdio.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/filename.h"
#include "common/maildir/unique.h"

/* A new base with the sizes of the old one, and all that stands behind the old one. */
static const char *
shorter_name(struct arena *mem, const char *name, struct span *base_out)
{
	struct buf out = BUF_EMPTY;
	const char *text;
	uint64_t n;

	unique_name(&out);
	if (filename_size(name, 'S', &n))
		buf_printf(&out, ",S=%llu", (unsigned long long)n);
	if (filename_size(name, 'W', &n))
		buf_printf(&out, ",W=%llu", (unsigned long long)n);
	*base_out = arena_copy(mem, buf_view(&out));
	buf_str(&out, name + filename_base_length(name));
	text = arena_string(mem, buf_view(&out));
	buf_free(&out);
	return text;
}

static int
save(struct mailbox *box)
{
	return uidlist_save(&box->uids, box->folder, store_root(box->store), box_does_sync(box));
}

static int
rename_one(struct mailbox *box, uint32_t index, struct arena *mem)
{
	const struct item *it = items_at(&box->items, index);
	const char *old = arena_string(mem, span_of(box_name_of(box, it))), *name;
	size_t length = filename_base_length(old), number;
	struct span base;

	if (uidlist_refresh(&box->uids, box->folder) != 0)
		return -1;
	box->index.was_uidlist_read = true;
	number = uidlist_find(&box->uids, old, length);
	if (number >= box->uids.count || box->uids.record[number].uid != it->shown.uid) {
		errno = ENAMETOOLONG;
		return -1;
	}
	name = shorter_name(mem, old, &base);
	uidlist_rename(&box->uids, number, base);
	if (save(box) != 0)
		return -1;
	if (renameat(box_dir_of(box, it), old, box_dir_of(box, it), name) != 0) {
		box->index.is_current = false; /* the next look tells what is there */
		return -1;
	}
	guard_renamed(it->in_new ? &box->index.new_mail : &box->index.cur);
	box_set_name(box, index, name, it->in_new);
	return 0;
}

int
box_shorten_name(struct mailbox *box, uint32_t index)
{
	struct arena mem = ARENA_EMPTY;
	int failed, saved;

	if (box_lists_lock(box, lock_seconds_left(box->patience)) != 0)
		return -1;
	failed = rename_one(box, index, &mem);
	saved = errno;
	box_lists_unlock(box);
	arena_free(&mem);
	errno = saved;
	return failed;
}
