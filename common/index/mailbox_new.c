/*
 * mailbox_new.c - new mail in new/, where nothing else has changed
 *
 * A delivery changes new/ alone.  When cur/, the uidlist and the keywords are as the
 * index has them, the files of new/ that it does not know are new mail: they get
 * the next UIDs, and neither cur/ nor the uidlist is read.  Whatever is not as simple
 * as that is left to a look through all of the folder: files that are gone from
 * new/, two of one base, a base that might be that of another message.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"
#include "common/maildir/filename.h"
#include "common/maildir/intent.h"

static int
compare_names(const void *a, const void *b)
{
	const struct scan_stranger *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static struct scan_stranger *
find_name(struct scan_stranger **sorted, size_t count, const char *name)
{
	struct scan_stranger wanted = { .name = name }, *key = &wanted;
	struct scan_stranger **found = bsearch(&key, sorted, count, sizeof(key), compare_names);

	return found ? *found : NULL;
}

/* Take the known ones out of the strangers.  False: one of them is not there. */
static bool
leave_unknown(struct mailbox *box, struct scan *scan)
{
	size_t count = scan->strangers, kept = 0;
	struct scan_stranger **sorted = arena_array(&scan->mem, count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &scan->stranger[i];
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (uint32_t i = 0; (i = items_next(&box->items, i, ITEMS_IN_NEW)) < box->items.count;
	     i++) {
		const struct item *it = items_at(&box->items, i);
		struct scan_stranger *s;

		if (!it->in_new || it->is_gone)
			continue;
		s = find_name(sorted, count, box_name_of(box, it));
		if (!s)
			return false;
		s->is_known = true;
	}
	for (size_t i = 0; i < count; i++)
		if (!scan->stranger[i].is_known)
			scan->stranger[kept++] = scan->stranger[i];
	scan->strangers = kept;
	return true;
}

static bool
are_plainly_new(const struct mailbox *box, const struct scan *scan)
{
	struct newest newest = box->index.newest;

	for (size_t i = 0; i < scan->strangers; i++) {
		const struct scan_stranger *s = &scan->stranger[i];
		size_t length = filename_base_length(s->name);

		if (s->is_bad || filename_is_odd(s->name) || filename_flags(s->name).letters ||
		    !newest_is_above(&newest, s->name, length))
			return false;
		newest_add(&newest, s->name, length);
	}
	return true;
}

/* Under the lock of the uidlist.  False: nothing was done. */
static bool
give_uids(struct mailbox *box, const struct scan *scan, uint32_t *first_out)
{
	const struct journal_state *s = &box->index.journal.state;
	struct index_folder f = { box->folder, box->cur, box->new_mail };
	struct uidlist u;
	bool done;

	if (intent_is_there(box->folder) || !index_knows_cur(s, &f))
		return false;
	uidlist_init(&u);
	done = uidlist_adopt(&u, box->folder, s->uidvalidity, s->uidnext);
	*first_out = u.next;
	for (size_t i = 0; done && i < scan->strangers; i++) {
		const char *name = scan->stranger[i].name;

		done = uidlist_add(&u, span_make(name, filename_base_length(name)), SPAN_NONE) > 0;
	}
	done = done &&
	       uidlist_save(&u, box->folder, store_root(box->store), box_does_sync(box)) == 0;
	if (done) {
		box->uidnext = u.next;
		box->index.was_appended = true;
		box->index.appended = u.file;
	}
	uidlist_free(&u);
	return done;
}

static bool
take_in(struct mailbox *box, const struct scan *scan)
{
	uint32_t uid;
	bool done;

	if (scan->strangers == 0)
		return true;
	if (box_lists_lock(box, LIMIT_LOOK_SECONDS) != 0)
		return false;
	done = give_uids(box, scan, &uid);
	box_lists_unlock(box);
	box->has_recent |= done;
	for (size_t i = 0; done && i < scan->strangers; i++) {
		const char *name = scan->stranger[i].name;
		uint64_t size;

		if (!filename_size(name, 'W', &size))
			size = SIZE_UNKNOWN;
		box_take(box, uid + (uint32_t)i, name, true, size, DATE_UNKNOWN,
		         box->mode == MAILBOX_READ_ONLY);
	}
	return done;
}

bool
box_look_new(struct mailbox *box)
{
	struct box_index *x = &box->index;
	struct index_folder f = { box->folder, box->cur, box->new_mail };
	struct scan scan;
	bool done;

	if (!x->is_live || !x->is_locked || box->new_mail < 0 ||
	    !index_knows_cur(&x->journal.state, &f) || !box_knows_keywords(box))
		return false;
	if (box_take_stamp(box->new_mail, &box->new_stamp) != 0)
		return false;
	done = scan_new(&scan, box->new_mail) == 0 && leave_unknown(box, &scan) &&
	       are_plainly_new(box, &scan) && take_in(box, &scan);
	scan_end(&scan);
	x->was_new_read = x->is_current = done;
	return done;
}
