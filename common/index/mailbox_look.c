/*
 * mailbox_look.c - looking at the folder again: new mail, foreign changes, UIDs
 *
 * (1) Most looks need no lock: when each file has its record in the uidlist and
 *     each record its file, nothing is to be written.  An intent is to be finished, too:
 *     Dovecot may have given UIDs to the part that is there.
 * (2) Otherwise the uidlist is locked and everything is looked at again under
 *     the lock, as somebody else may just be delivering: then files without a
 *     record get UIDs, in order of arrival, and records without a file are dropped.
 * (3) A UID is shown to the client only after the uidlist with it was written
 *     and fsynced.  Where the folder can never be written, UIDs live in memory
 *     and last as long as the session; where it cannot be written just now (lock
 *     held, disk full), messages without UIDs wait.
 * (4) readdir() may miss a file that is renamed meanwhile.  A message counts as
 *     gone only when the directory provably did not change during the pass, or
 *     when further passes do not see it either: one where nothing seems to change, some more
 *     where somebody is at work.
 * (5) Equal times of a directory prove nothing while they are as fresh as the
 *     clock is coarse: a later change may have left the same time.
 * (6) Two stats are not one moment: a file that is renamed in between looks like
 *     two.  Nothing is removed before it is sure that it has two names.
 * (7) A record without a file may belong to a message that is just being put
 *     there.  Messages behind it wait, as none can be shown in front of them later.
 * (8) A record whose UID is below one that was shown, and whose message is not in the
 *     index, is dead: EXPUNGE leaves it in the uidlist until there are many.  A file that
 *     comes back under its base is a new message (W03).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"
#include "common/maildir/intent.h"

enum { PASSES_MOST = 6 };

static bool
has_same_times(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool
is_as_stamped(int dir, const struct box_stamp *stamp)
{
	struct stat now;

	return dir < 0 || (fstat(dir, &now) == 0 && has_same_times(&now, &stamp->dir) &&
	                   stamp_is_settled(&stamp->dir, stamp->read_at));
}

int
box_take_stamp(int dir, struct box_stamp *stamp)
{
	memset(stamp, 0, sizeof(*stamp));
	if (dir < 0)
		return 0;
	if (fstat(dir, &stamp->dir) != 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &stamp->read_at);
	return 0;
}

int
box_lose(struct mailbox *box)
{
	box->is_lost = true;
	errno = ESTALE;
	return -1;
}

/* Nothing there, or another directory; a permission that was taken away says neither (N15). */
static bool
leads_elsewhere(int at, const char *name, int dir)
{
	struct stat there, opened;

	if (fstatat(at, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	return fstat(dir, &opened) == 0 &&
	       (there.st_ino != opened.st_ino || there.st_dev != opened.st_dev);
}

/* The names must still lead to the directories that were opened (S10, W13). */
static bool
is_still_there(struct mailbox *box)
{
	if (strcmp(box->folder_name, ".") != 0 &&
	    leads_elsewhere(store_root(box->store), box->folder_name, box->folder))
		return false;
	return !leads_elsewhere(box->folder, "cur", box->cur) &&
	       (box->new_mail < 0 || !leads_elsewhere(box->folder, "new", box->new_mail));
}

static bool
is_unchanged(const struct mailbox *box)
{
	return box->seen_uids == box->uids.generation && box->seen_count == box->uids.count &&
	       box->seen_keywords == box->keywords.generation &&
	       is_as_stamped(box->cur, &box->cur_stamp) &&
	       is_as_stamped(box->new_mail, &box->new_stamp);
}

int
box_refresh(struct mailbox *box)
{
	if (uidlist_refresh(&box->uids, box->folder) != 0 ||
	    keywords_refresh(&box->keywords, box->folder) != 0)
		return -1;
	box->index.was_uidlist_read = true;
	return 0;
}

/* Invariant (4), after a number of passes the last of which began at these stamps. */
static bool
has_seen_enough(const struct mailbox *box, int passes, const struct box_stamp *cur,
                const struct box_stamp *new_mail)
{
	struct stat now_cur, now_new;

	if (passes == PASSES_MOST ||
	    (is_as_stamped(box->cur, cur) && is_as_stamped(box->new_mail, new_mail)))
		return true;
	return passes > 1 && fstat(box->cur, &now_cur) == 0 &&
	       has_same_times(&now_cur, &cur->dir) &&
	       (box->new_mail < 0 ||
	        (fstat(box->new_mail, &now_new) == 0 && has_same_times(&now_new, &new_mail->dir)));
}

/*
 * Invariant (8).  What is behind the last message that was shown may be on its way in.
 */
static void
mark_dead(struct mailbox *box, struct scan *scan)
{
	uint32_t at = 0;

	for (size_t i = 0; box->index.is_live && i < scan->count && at < box->items.count; i++) {
		while (at < box->items.count &&
		       items_at(&box->items, at)->shown.uid < scan->found[i].uid)
			at++;
		scan->found[i].is_dead =
			scan->found[i].uid <= box->top_uid &&
			(at == box->items.count || items_at(&box->items, at)->is_gone ||
		         items_at(&box->items, at)->shown.uid != scan->found[i].uid);
	}
}

/*
 * The stamps are those of the first pass: what is seen to be gone by a later one only is found
 * out at the next look.
 */
int
box_scan(struct mailbox *box, struct scan *scan)
{
	struct box_stamp cur, new_mail;

	scan_begin(scan, box->cur, box->new_mail, &box->uids);
	mark_dead(box, scan);
	if (box_take_stamp(box->cur, &box->cur_stamp) != 0 ||
	    box_take_stamp(box->new_mail, &box->new_stamp) != 0)
		return -1;
	cur = box->cur_stamp;
	new_mail = box->new_stamp;
	for (int passes = 1;; passes++) {
		if (scan_pass(scan) != 0)
			return -1;
		if (scan_missing(scan) == 0 || has_seen_enough(box, passes, &cur, &new_mail))
			break;
		if (box_take_stamp(box->cur, &cur) != 0 ||
		    box_take_stamp(box->new_mail, &new_mail) != 0)
			return -1;
	}
	scan_sort_strangers(scan);
	return 0;
}

/* The next look is a whole one, whatever the stamps say. */
void
box_forget_stamps(struct mailbox *box)
{
	memset(&box->cur_stamp, 0, sizeof(box->cur_stamp));
	box->index.is_partial = true;
}

static int
look_at_names(struct mailbox *box)
{
	struct scan scan;
	int failed = box_scan(box, &scan);

	if (failed == 0)
		box_merge_names(box, &scan);
	box_forget_stamps(box);
	scan_end(&scan);
	box_index_leave(box);
	return failed;
}

/*
 * What the index said cannot be brought together with what is there: a session
 * that shows nothing yet begins again without it, any other goes on without it.
 */
static void
merge_late(struct mailbox *box, const struct scan *scan)
{
	if (box->is_late && !box->is_shown) {
		box_index_discard(box);
		box->uidvalidity = box->uids.uidvalidity;
		box_merge(box, scan);
	} else if (box->is_late) {
		box->index.is_off = true;
	}
	box->is_late = false;
}

static bool
is_unsettled(const struct mailbox *box, const struct scan *scan)
{
	return scan->strangers > 0 || scan_missing(scan) > 0 || box->uids.must_rewrite ||
	       intent_is_there(box->folder);
}

/* Another number means another mailbox: only a session that is yet to begin can take it. */
static int
check_uidvalidity(struct mailbox *box)
{
	if (box->uidvalidity && box->uids.uidvalidity != box->uidvalidity && !box->is_shown)
		box_index_discard(box);
	return box->uidvalidity && box->uids.uidvalidity != box->uidvalidity ? box_lose(box) : 0;
}

static int
learn_keywords(struct mailbox *box)
{
	int failed = keywords_refresh(&box->keywords, box->folder);

	box_number_keywords(box);
	box_number_items(box);
	return failed;
}

static int
take_all(struct mailbox *box, struct scan *scan)
{
	if (box_scan(box, scan) != 0 ||
	    (is_unsettled(box, scan) && box_settle(box, scan) != 0) ||
	    check_uidvalidity(box) != 0)
		return -1;
	if (scan->letters & ~box_known_letters(box) && learn_keywords(box) != 0)
		return -1;
	box->uidvalidity = box->uids.uidvalidity;
	box->letters_seen = scan->letters;
	box_move_new_mail(box, scan);
	box_merge(box, scan);
	merge_late(box, scan);
	box->uidnext = box->uids.next;
	box->seen_uids = box->uids.generation;
	box->seen_count = box->uids.count;
	box->seen_keywords = box->keywords.generation;
	if (box->can_assign)
		uidlist_note(&box->uids, box->folder);
	return 0;
}

static int
look_at_all(struct mailbox *box)
{
	struct scan scan;
	int failed = take_all(box, &scan);

	scan_end(&scan);
	return failed;
}

void
box_guard_move(struct mailbox *box)
{
	guard_out(&box->index.new_mail);
	guard_in(&box->index.cur);
}

static bool
has_mail_to_move(const struct mailbox *box)
{
	return box->index.counters.in_new > 0 && box->mode == MAILBOX_READ_WRITE &&
	       box->is_writable;
}

/* False: some are not where they should be. */
static bool
move_known_mail(struct mailbox *box)
{
	for (uint32_t i = 0; has_mail_to_move(box) &&
	                     (i = items_next(&box->items, i, ITEMS_IN_NEW)) < box->items.count;
	     i++) {
		struct item *it = items_at(&box->items, i);
		char name[NAME_MAX + 8];
		struct stat there;

		if (!it->in_new || it->is_gone)
			continue;
		snprintf(name, sizeof(name), "%s%s", box_name_of(box, it), it->is_odd ? "" : ":2,");
		if (fstatat(box->cur, name, &there, AT_SYMLINK_NOFOLLOW) == 0 ||
		    renameat(box->new_mail, box_name_of(box, it), box->cur, name) != 0)
			return false;
		box_guard_move(box);
		box_set_name(box, i, name, false);
		if (i >= box->visible)
			box_make_recent(box, i);
		box->has_recent = true;
	}
	return true;
}

static int
look_through(struct mailbox *box, enum look look)
{
	struct box_index *x = &box->index;
	int failed;

	if (look == LOOK_IF_CHANGED && (x->is_current || box_look_new(box)) && move_known_mail(box))
		return 0;
	if (box_refresh(box) != 0)
		return -1;
	box_number_keywords(box);
	box_number_items(box);
	if (look == LOOK_IF_CHANGED && !x->is_locked && box->is_shown && is_unchanged(box))
		return 0;
	x->is_partial = false;
	failed = look_at_all(box);
	x->was_scanned = true;
	x->is_current = failed == 0 && !x->is_partial;
	box->has_looked = true;
	if (failed == 0)
		box->names.is_damaged = false; /* each has got its name */
	return failed;
}

int
box_look(struct mailbox *box, enum look look)
{
	bool was_locked = box->index.is_locked;
	int failed;

	if (items_are_damaged(&box->items))
		map_remove(box->place);
	if (box->is_lost || items_are_damaged(&box->items) || !is_still_there(box))
		return box_lose(box);
	if (look == LOOK_NAMES)
		return look_at_names(box);
	if (look == LOOK_IF_CHANGED && !was_locked && box_index_follow(box) &&
	    !has_mail_to_move(box))
		return 0;
	/*
	 * What is known is shown all the same, so this waits no longer than a busy session holds
	 * the lock; who has waited in vain does not wait at each look again (W09).
	 */
	if (!was_locked) {
		box->index.is_held =
			box_index_begin(box, box->index.is_held ? 0 : LIMIT_LOOK_SECONDS) != 0;
		errno = 0;
	}
	failed = look_through(box, look);
	if (!was_locked)
		box_index_end(box);
	return failed;
}
