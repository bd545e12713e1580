/*
 * mailbox_settle.c - under the lock of the uidlist: files get UIDs, lost ones lose theirs
 * (invariants: mailbox_look.c)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/intent.h"
#include "common/maildir/unique.h"

enum { LINK_SECONDS = 30 };

/*
 * A file whose base cannot be kept: two names of one file become one, any other
 * gets a base of its own, with its flags (W05, W06).  False: leave it alone.
 */
static bool
mend_stranger(struct mailbox *box, struct scan *scan, struct scan_stranger *s)
{
	int dir = s->in_new ? box->new_mail : box->cur;
	struct buf name = BUF_EMPTY;
	bool done;

	unique_name(&name);
	buf_str(&name, s->name + filename_base_length(s->name));
	done = renameat(dir, s->name, dir, name.data) == 0;
	if (done) {
		s->name = arena_string(&scan->mem, buf_view(&name));
		guard_renamed(s->in_new ? &box->index.new_mail : &box->index.cur);
	}
	s->is_bad = !done;
	buf_free(&name);
	return done;
}

enum twin { TWIN_NONE, TWIN_LINK, TWIN_OTHER, TWIN_UNCLEAR };

/*
 * What a stranger is to the file that has its base already.  TWIN_LINK: a hard
 * link to it, the trace of a link-then-unlink that was cut short; renames set the
 * ctime, so both names were there together when it is old (6).
 */
static enum twin
twin_of(const struct mailbox *box, const struct scan_found *found, size_t count,
        const struct scan_stranger *s)
{
	size_t number = uidlist_find(&box->uids, s->name, filename_base_length(s->name));
	const struct scan_found *f = number < count ? &found[number] : NULL;
	struct stat a, b;

	if (!f || !f->name)
		return TWIN_NONE;
	if (fstatat(f->in_new ? box->new_mail : box->cur, f->name, &a, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(s->in_new ? box->new_mail : box->cur, s->name, &b, AT_SYMLINK_NOFOLLOW) != 0)
		return TWIN_UNCLEAR;
	if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
		return TWIN_OTHER;
	return b.st_nlink > 1 && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
	                       a.st_ctim.tv_nsec == b.st_ctim.tv_nsec &&
	                       time(NULL) - b.st_ctim.tv_sec > LINK_SECONDS ?
	               TWIN_LINK :
	               TWIN_UNCLEAR;
}

/* May this stranger with a base that cannot be kept have a UID now? */
static bool
settle_bad(struct mailbox *box, struct scan *scan, const struct scan_found *found, size_t count,
           struct scan_stranger *s)
{
	enum twin twin = twin_of(box, found, count, s);

	if (twin == TWIN_LINK && unlinkat(s->in_new ? box->new_mail : box->cur, s->name, 0) == 0) {
		guard_out(s->in_new ? &box->index.new_mail : &box->index.cur);
		return false;
	}
	if ((twin == TWIN_NONE || twin == TWIN_OTHER) && mend_stranger(box, scan, s))
		return true;
	box_forget_stamps(box); /* a name that nobody knows of stays there */
	return false;
}

/*
 * Give UIDs to the strangers.  in_memory: nothing can be written, so bad ones are left out.
 * They are put behind the found ones, whose array the scan's memory makes longer.
 */
static void
assign(struct mailbox *box, struct scan *scan, bool in_memory)
{
	struct scan_found *all =
		arena_array(&scan->mem, scan->count + scan->strangers + 1, sizeof(*all));
	size_t count = scan->count;

	memcpy(all, scan->found, scan->count * sizeof(*all));
	if ((uint64_t)box->uids.next + scan->strangers >= UINT32_MAX - 1 && !in_memory)
		uidlist_renumber(&box->uids);
	for (size_t i = 0; i < scan->strangers; i++) {
		struct scan_stranger *s = &scan->stranger[i];
		uint32_t uid;

		if (s->is_bad && (in_memory || !settle_bad(box, scan, all, count, s)))
			continue;
		uid = uidlist_add(&box->uids, span_make(s->name, filename_base_length(s->name)),
		                  SPAN_NONE);
		if (uid)
			all[count++] = (struct scan_found){ s->name,   SIZE_UNKNOWN, uid,
				                            s->in_new, false,        true };
	}
	scan->found = all;
	scan->count = count;
}

/* Records without a file leave the uidlist, so that a file that comes back gets a new UID (W03). */
static void
drop_missing(struct mailbox *box, const struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		if (!scan->found[i].name)
			uidlist_drop(&box->uids, i);
}

/* UIDs for this session only. */
static void
settle_in_memory(struct mailbox *box, struct scan *scan)
{
	if (box->uids.uidvalidity == 0)
		box->uids.uidvalidity = (uint32_t)time(NULL) > box->uids.above ?
		                                (uint32_t)time(NULL) :
		                                box->uids.above + 1;
	assign(box, scan, true);
}

/* Under the lock. */
static int
settle(struct mailbox *box, struct scan *scan)
{
	scan_end(scan);
	/* what cannot be finished now (full disk) is shown as it is */
	intent_finish(box->folder, store_root(box->store), box_does_sync(box));
	if (courier_take_keywords(box->folder, box_does_sync(box)) != 0)
		return -1;
	if (box_refresh(box) != 0 || box_scan(box, scan) != 0)
		return -1;
	drop_missing(box, scan);
	assign(box, scan, false);
	/* both run alike; the UIDs are others after a renumbering */
	for (size_t i = 0; i < scan->count; i++)
		scan->found[i].uid = box->uids.record[i].uid;
	return uidlist_save(&box->uids, box->folder, store_root(box->store), box_does_sync(box));
}

/* As first seen, without the lock. */
static int
look_without_lock(struct mailbox *box, struct scan *scan)
{
	scan_end(scan);
	return box_refresh(box) != 0 || box_scan(box, scan) != 0 ? -1 : 0;
}

/* Invariant (7). */
static void
wait_for_missing(const struct mailbox *box, struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		if (!scan->found[i].name && scan->found[i].uid > box->top_uid)
			scan->count = i;
}

/*
 * Without UIDs there is nothing to show; messages that lack one can wait for the next look.  The
 * first look waits until the lock of a dead owner is broken, as it is to leave an index.
 */
static int
seconds_to_wait(const struct mailbox *box, const struct scan *scan)
{
	if (!box->uids.uidvalidity)
		return lock_seconds_left(box->patience);
	if (box->index.is_held)
		return 0;
	return box->uidvalidity == 0 || scan->strangers > 0 || intent_is_there(box->folder) ?
	               LIMIT_LOOK_SECONDS :
	               0;
}

int
box_settle(struct mailbox *box, struct scan *scan)
{
	bool is_first = box->uidvalidity == 0;
	int failed;

	if (!box->can_assign) {
		box->trouble = box->uids.trouble;
		settle_in_memory(box, scan);
		return 0;
	}
	if (box_lists_lock(box, seconds_to_wait(box, scan)) == 0) {
		failed = settle(box, scan) == 0 ? 0 : errno;
		/* without the lock it may be a line half written */
		box->trouble = box->uids.trouble ? box->uids.trouble : box->trouble;
		box_lists_unlock(box);
	} else {
		failed = errno;
	}
	if (!failed)
		return 0;
	if (failed == ESTALE)
		return box_lose(box);
	if (failed == EROFS) { /* remounted since the mailbox was opened */
		box->can_assign = false;
		if (look_without_lock(box, scan) != 0)
			return -1;
		settle_in_memory(box, scan);
		return 0;
	}
	/* (3): with a uidlist the known messages can be shown all the same */
	if (look_without_lock(box, scan) != 0 || !box->uids.uidvalidity || !box->uids.is_there) {
		errno = failed;
		return -1;
	}
	scan->strangers = 0;
	if (!is_first && failed == ETIMEDOUT)
		wait_for_missing(box, scan);
	box_forget_stamps(box);
	return 0;
}
