/*
 * mailbox_look.c - looking at the folder again: new mail, foreign changes, UIDs
 *
 * (1) Most looks need no lock: when each file has its record in the uidlist and
 *     each record its file, nothing is to be written.
 * (2) Otherwise the uidlist is locked and everything is looked at again under
 *     the lock, as somebody else may just be delivering: then files without a
 *     record get UIDs, in order of arrival, and records without a file are dropped.
 * (3) A UID is shown to the client only after the uidlist with it was written
 *     and fsynced.  Where the folder can never be written, UIDs live in memory
 *     and last as long as the session; where it cannot be written just now (lock
 *     held, disk full), messages without UIDs wait.
 * (4) readdir() may miss a file that is renamed meanwhile.  A message counts as
 *     gone only when the directory provably did not change during the pass, or
 *     when a second pass does not see it either.
 * (5) Equal times of a directory prove nothing while they are as fresh as the
 *     clock is coarse: a later change may have left the same time.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/index/mailbox_inside.h"
#include "common/index/scan.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/unique.h"

/* ---- has anything changed? ---- */

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

	return dir < 0 || (fstat(dir, &now) == 0 && has_same_times(&now, &stamp->dir) && stamp_is_settled(&stamp->dir, stamp->read_at));
}

static int
take_stamp(int dir, struct box_stamp *stamp)
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

/* The name must still lead to the directory that was opened (S10, W13). */
static bool
is_still_there(struct mailbox *box)
{
	struct stat there;

	if (strcmp(box->folder_name, ".") == 0)
		return true;
	return fstatat(store_root(box->store), box->folder_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_ino == box->ino && there.st_dev == box->dev;
}

static bool
is_unchanged(const struct mailbox *box)
{
	return box->seen_uids == box->uids.generation && box->seen_count == box->uids.count &&
	       box->seen_keywords == box->keywords.generation && is_as_stamped(box->cur, &box->cur_stamp) &&
	       is_as_stamped(box->new_mail, &box->new_stamp);
}

/* ---- looking ---- */

static int
refresh(struct mailbox *box)
{
	if (uidlist_refresh(&box->uids, box->folder) != 0 || keywords_refresh(&box->keywords, box->folder) != 0)
		return -1;
	box->index.was_uidlist_read = true;
	if (box->uids.trouble)
		box->trouble = box->uids.trouble;
	return 0;
}

/* Invariant (4). */
static int
look_twice(struct mailbox *box, struct scan *scan)
{
	scan_begin(scan, box->cur, box->new_mail, &box->uids);
	if (take_stamp(box->cur, &box->cur_stamp) != 0 || take_stamp(box->new_mail, &box->new_stamp) != 0)
		return -1;
	if (scan_pass(scan) != 0)
		return -1;
	if (scan_missing(scan) > 0 &&
	    !(is_as_stamped(box->cur, &box->cur_stamp) && is_as_stamped(box->new_mail, &box->new_stamp)) &&
	    scan_pass(scan) != 0)
		return -1;
	scan_sort_strangers(scan);
	return 0;
}

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

/* A hard link to a file that has a base already: the trace of a link-then-unlink that was cut short. */
static bool
is_second_link(struct mailbox *box, const struct scan_found *found, size_t count, const struct scan_stranger *s)
{
	size_t number = uidlist_find(&box->uids, s->name, filename_base_length(s->name));
	const struct scan_found *f = number < count ? &found[number] : NULL;
	struct stat a, b;

	return f && f->name && fstatat(f->in_new ? box->new_mail : box->cur, f->name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(s->in_new ? box->new_mail : box->cur, s->name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/*
 * Give UIDs to the strangers.  in_memory: nothing can be written, so bad ones are left out.
 * They are put behind the found ones, whose array the scan's memory makes longer.
 */
static void
assign(struct mailbox *box, struct scan *scan, bool in_memory)
{
	struct scan_found *all = arena_array(&scan->mem, scan->count + scan->strangers + 1, sizeof(*all));
	size_t count = scan->count;

	memcpy(all, scan->found, scan->count * sizeof(*all));
	if ((uint64_t)box->uids.next + scan->strangers >= UINT32_MAX - 1 && !in_memory)
		uidlist_renumber(&box->uids);
	for (size_t i = 0; i < scan->strangers; i++) {
		struct scan_stranger *s = &scan->stranger[i];
		uint32_t uid;

		if (s->is_bad && in_memory)
			continue;
		if (s->is_bad && is_second_link(box, all, count, s)) {
			if (unlinkat(s->in_new ? box->new_mail : box->cur, s->name, 0) == 0)
				guard_out(s->in_new ? &box->index.new_mail : &box->index.cur);
			continue;
		}
		if (s->is_bad && !mend_stranger(box, scan, s))
			continue;
		uid = uidlist_add(&box->uids, span_make(s->name, filename_base_length(s->name)), SPAN_NONE);
		if (uid)
			all[count++] = (struct scan_found){ s->name, SIZE_UNKNOWN, uid, s->in_new, true };
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
		box->uids.uidvalidity = (uint32_t)time(NULL) > box->uids.above ? (uint32_t)time(NULL) : box->uids.above + 1;
	assign(box, scan, true);
}

/* Under the lock. */
static int
settle(struct mailbox *box, struct scan *scan)
{
	scan_end(scan);
	if (refresh(box) != 0 || look_twice(box, scan) != 0)
		return -1;
	drop_missing(box, scan);
	assign(box, scan, false);
	for (size_t i = 0; i < scan->count; i++) /* both run alike; the UIDs are others after a renumbering */
		scan->found[i].uid = box->uids.record[i].uid;
	return uidlist_save(&box->uids, box->folder, store_root(box->store), box_does_sync(box));
}

/* The next look is a whole one, whatever the stamps say. */
static void
forget_stamps(struct mailbox *box)
{
	memset(&box->cur_stamp, 0, sizeof(box->cur_stamp));
	box->index.is_partial = true;
}

/* As first seen, without the lock. */
static int
look_without_lock(struct mailbox *box, struct scan *scan)
{
	scan_end(scan);
	return refresh(box) != 0 || look_twice(box, scan) != 0 ? -1 : 0;
}

static bool
is_never_writable(int error)
{
	return error == EROFS || error == EACCES || error == EPERM;
}

static int
settle_locked(struct mailbox *box, struct scan *scan)
{
	struct dotlock lock = DOTLOCK_NONE;
	bool is_first = box->uidvalidity == 0;
	int failed;

	if (!box->can_assign) {
		settle_in_memory(box, scan);
		return 0;
	}
	if (uidlist_lock(box->folder, is_first || scan->strangers ? LIMIT_LOCK_SECONDS : 0, &lock) == 0) {
		failed = settle(box, scan) == 0 ? 0 : errno;
		dotlock_release(&lock);
	} else {
		failed = errno;
	}
	if (!failed)
		return 0;
	if (failed == ESTALE)
		return box_lose(box);
	if (is_never_writable(failed)) {
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
	forget_stamps(box);
	return 0;
}

/* ---- new mail to cur/ ---- */

/* "x" becomes "x:2,"; a name too long for that moves as it is (W06). */
static void
move_to_cur(struct mailbox *box, struct scan *scan, struct scan_found *f)
{
	const char *name = strchr(f->name, ':') ? f->name : arena_printf(&scan->mem, "%s:2,", f->name);
	int failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;

	if (failed == ENAMETOOLONG) {
		name = f->name;
		failed = renameat(box->new_mail, f->name, box->cur, name) == 0 ? 0 : errno;
	}
	if (failed && failed != ENOENT)
		return;
	if (!failed)
		box_guard_move(box);
	/* ENOENT: another session was faster and has it as \Recent; that is its name now, most likely */
	f->name = name;
	f->in_new = false;
	f->is_first = f->is_first || !failed;
}

static void
move_new_mail(struct mailbox *box, struct scan *scan)
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

/* ---- what was found becomes news ---- */

/* A UID below the largest came back, or was missed: only a session that is yet to begin can number it. */
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
		it->shown.flags |= FLAG_RECENT;
	if (it->size == SIZE_UNKNOWN && f->size != SIZE_UNKNOWN)
		box_set_size(box, index, f->size, it->date);
	if (it->flags != flags || it->letters != letters)
		box_tell_flags(box, index);
}

static void
merge(struct mailbox *box, const struct scan *scan)
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

/* As merge() for names alone: what is not seen may have been given away by nobody, so nothing is gone. */
static void
merge_names(struct mailbox *box, const struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_found *f = &scan->found[i];
		uint32_t index = f->name ? box_index_of(box, f->uid) : UINT32_MAX;

		if (index != UINT32_MAX)
			compare_item(box, index, f);
	}
}

static int
look_at_names(struct mailbox *box)
{
	struct scan scan;
	int failed = look_twice(box, &scan);

	if (failed == 0)
		merge_names(box, &scan);
	forget_stamps(box);
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
		merge(box, scan);
	} else if (box->is_late) {
		box->index.is_off = true;
	}
	box->is_late = false;
}

static int
look_at_all(struct mailbox *box)
{
	struct scan scan;
	int failed = look_twice(box, &scan);

	if (failed == 0 && (scan.strangers > 0 || scan_missing(&scan) > 0 || box->uids.must_rewrite))
		failed = settle_locked(box, &scan);
	if (failed == 0 && box->uidvalidity && box->uids.uidvalidity != box->uidvalidity && !box->is_shown)
		box_index_discard(box);
	if (failed == 0 && box->uidvalidity && box->uids.uidvalidity != box->uidvalidity)
		failed = box_lose(box);
	if (failed == 0 && scan.letters & ~box_known_letters(box)) {
		failed = keywords_refresh(&box->keywords, box->folder);
		box_number_keywords(box);
		box_number_items(box);
	}
	if (failed == 0) {
		box->uidvalidity = box->uids.uidvalidity;
		box->letters_seen = scan.letters;
		move_new_mail(box, &scan);
		merge(box, &scan);
		merge_late(box, &scan);
		box->uidnext = box->uids.next;
		box->seen_uids = box->uids.generation;
		box->seen_count = box->uids.count;
		box->seen_keywords = box->keywords.generation;
		if (box->can_assign)
			uidlist_note(&box->uids, box->folder);
	}
	scan_end(&scan);
	return failed;
}

/* ---- with the index ---- */

void
box_guard_move(struct mailbox *box)
{
	guard_out(&box->index.new_mail);
	guard_in(&box->index.cur);
}

static bool
has_mail_to_move(const struct mailbox *box)
{
	return box->index.counters.in_new > 0 && box->mode == MAILBOX_READ_WRITE && box->is_writable;
}

/* False: some are not where they should be. */
static bool
move_known_mail(struct mailbox *box)
{
	for (uint32_t i = 0; has_mail_to_move(box) && i < box->items.count; i++) {
		struct item *it = items_at(&box->items, i);
		char name[NAME_MAX + 8];

		if (!it->in_new || it->is_gone)
			continue;
		snprintf(name, sizeof(name), "%s%s", box_name_of(box, it), it->is_odd ? "" : ":2,");
		if (renameat(box->new_mail, box_name_of(box, it), box->cur, name) != 0)
			return false;
		box_guard_move(box);
		box_set_name(box, i, name, false);
		if (i >= box->visible)
			it->shown.flags |= FLAG_RECENT;
	}
	return true;
}

static int
look_through(struct mailbox *box, enum look look)
{
	struct box_index *x = &box->index;
	int failed;

	if (look == LOOK_IF_CHANGED && x->is_current && move_known_mail(box))
		return 0;
	if (refresh(box) != 0)
		return -1;
	box_number_keywords(box);
	box_number_items(box);
	if (look == LOOK_IF_CHANGED && !x->is_locked && box->is_shown && is_unchanged(box))
		return 0;
	x->is_partial = false;
	failed = look_at_all(box);
	x->was_scanned = true;
	x->is_current = failed == 0 && !x->is_partial;
	return failed;
}

int
box_look(struct mailbox *box, enum look look)
{
	bool was_locked = box->index.is_locked;
	int failed;

	if (box->is_lost || !is_still_there(box))
		return box_lose(box);
	if (look == LOOK_NAMES)
		return look_at_names(box);
	if (look == LOOK_IF_CHANGED && !was_locked && box_index_follow(box) && !has_mail_to_move(box))
		return 0;
	if (!was_locked && box_index_begin(box, LIMIT_LOCK_SECONDS) != 0)
		errno = 0; /* the folder is read all the same */
	failed = look_through(box, look);
	if (!was_locked)
		box_index_end(box);
	return failed;
}
