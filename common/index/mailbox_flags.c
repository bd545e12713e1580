/*
 * mailbox_flags.c - changing flags: a rename for each message
 *
 * The name is the state, so a rename from the name last seen succeeds only if
 * nobody changed the flags meanwhile.  ENOENT means that somebody did: the folder
 * is looked through, and the change is made to what is there now.  Two
 * sessions that each add a flag both get theirs in (S03, S18).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"

/* What is to be done, in this session's numbers. */
struct work {
	const struct flags_change *change;
	uint32_t keywords;
	bool     from_new, in_cur; /* directories that were changed */
	struct arena  *mem;
	struct ranges  left;       /* had other names than we knew: to be done again */
	struct ranges *modified;
};

int
box_add_keywords(struct mailbox *box, const char *const *keyword, size_t count)
{
	bool all_known = true;
	int failed = 0;

	for (size_t i = 0; i < count; i++)
		all_known = all_known && keywords_find(&box->keywords, keyword[i]) >= 0;
	if (all_known)
		return 0;
	if (box_lists_lock(box, lock_seconds_left(box->patience)) != 0)
		return errno == ESTALE ? box_lose(box) : -1;
	failed = keywords_refresh(&box->keywords, box->folder);
	for (size_t i = 0; !failed && i < count; i++)
		failed = keywords_add(&box->keywords, keyword[i], box->letters_seen) < 0 ? -1 : 0;
	if (!failed)
		failed = keywords_save(&box->keywords, box->folder, box_does_sync(box));
	if (failed) { /* none of them was given */
		int saved = errno;

		keywords_refresh(&box->keywords, box->folder);
		errno = saved;
	}
	box_lists_unlock(box);
	box_number_keywords(box);
	return failed;
}

static uint32_t
keyword_bits(const struct mailbox *box, const struct flags_change *change)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < change->keyword_count; i++) {
		int n = mailbox_find_keyword(box, change->keyword[i]);

		if (n >= 0)
			bits |= 1U << n;
	}
	return bits;
}

static uint32_t
apply(enum flags_how how, uint32_t old, uint32_t bits)
{
	return how == FLAGS_ADD ? old | bits : how == FLAGS_REMOVE ? old & ~bits : bits;
}

/*
 * A change that changes nothing is true only while the name is the one last seen: another
 * session may have undone it.
 */
static int
check_name(struct mailbox *box, const struct item *it)
{
	struct stat st;

	return fstatat(box_dir_of(box, it), box_name_of(box, it), &st, AT_SYMLINK_NOFOLLOW) == 0 ?
	               0 :
	               errno;
}

/* Two files with one base that nobody could mend yet (W05): one must not be put over the other. */
static bool
is_of_another(struct mailbox *box, const struct item *it, const char *name)
{
	struct stat there, own;

	return fstatat(box->cur, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(box_dir_of(box, it), box_name_of(box, it), &own, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (there.st_ino != own.st_ino || there.st_dev != own.st_dev);
}

/* 0, or errno; ENOENT: the name is no longer the one last seen. */
static int
change_one(struct mailbox *box, uint32_t index, struct work *w)
{
	struct item *it = items_at(&box->items, index);
	struct file_flags wanted;
	struct buf name = BUF_EMPTY;
	int failed = 0;

	wanted.system = apply(w->change->how, it->flags, w->change->flags & FLAGS_SYSTEM);
	wanted.letters = box_letters_of(box, apply(w->change->how, it->keywords, w->keywords));
	if (wanted.system == it->flags && wanted.letters == box_letters_of(box, it->keywords))
		return check_name(box, it);
	filename_with_flags(box_name_of(box, it), wanted, box_known_letters(box), &name);
	/* else every name is known */
	if (!box->index.is_current && is_of_another(box, it, name.data)) {
		failed = EBUSY;
	} else if (renameat(box_dir_of(box, it), box_name_of(box, it), box->cur, name.data) != 0) {
		failed = errno;
		/* with a shorter base it is as if another program had renamed it: try again */
		if (failed == ENAMETOOLONG)
			failed = box_shorten_name(box, index) == 0 ? ENOENT : errno;
	} else {
		w->from_new |= it->in_new;
		w->in_cur = true;
		if (it->in_new)
			box_guard_move(box);
		else
			guard_renamed(&box->index.cur);
		box_set_name(box, index, name.data, false);
	}
	buf_free(&name);
	return failed;
}

/*
 * RFC 7162 s.3.1.3.  A foreign change that is found by ENOENT has given it a new modseq
 * meanwhile.
 */
static bool
is_modified(const struct item *it, const struct flags_change *change)
{
	return change->has_condition && it->shown.modseq > change->unchanged_since;
}

/* One pass over uids; what is to be done again is put into w->left. */
static int
change_all(struct mailbox *box, const struct ranges *uids, struct work *w)
{
	struct box_walk walk = BOX_WALK_START;
	uint32_t index;

	w->left = (struct ranges)RANGES_EMPTY;
	while (box_walk(box, uids, &walk, &index)) {
		const struct item *it = items_at(&box->items, index);
		uint32_t uid = it->shown.uid;
		int failed = 0;

		if (!it->is_gone && is_modified(it, w->change))
			ranges_add(w->modified, w->mem, uid, uid);
		else if (!it->is_gone)
			failed = change_one(box, index, w);
		if (failed == ENOENT)
			ranges_add(&w->left, w->mem, uid, uid);
		if (failed && failed != ENOENT) {
			errno = failed;
			return -1;
		}
	}
	return 0;
}

/*
 * The client knows its own change from the answer to its command, unless that
 * failed.  What others changed in the same messages stays news.
 */
static void
settle_view(struct mailbox *box, const struct ranges *uids, bool done, struct ranges *gone,
            struct arena *mem)
{
	struct box_walk walk = BOX_WALK_START;
	uint32_t index;

	while (box_walk(box, uids, &walk, &index)) {
		struct item *it = items_at(&box->items, index);

		if (it->is_gone) {
			ranges_add(gone, mem, it->shown.uid, it->shown.uid);
		} else if (!done && (it->flags != (it->shown.flags & FLAGS_SYSTEM) ||
		                     it->keywords != it->shown.keywords)) {
			box_tell_flags(box, index);
		} else if (done) {
			it->shown.flags = it->flags | (it->shown.flags & FLAG_RECENT);
			it->shown.keywords = it->keywords;
		}
	}
}

static int
sync_directories(struct mailbox *box, const struct work *w)
{
	bool sync = box_does_sync(box);

	if (w->in_cur && dir_sync(box->cur, sync) != 0)
		return -1;
	return w->from_new ? dir_sync(box->new_mail, sync) : 0;
}

static int
change_flags(struct mailbox *box, const struct ranges *uids, struct work *w)
{
	const struct flags_change *change = w->change;
	int failed = 0;

	if (change->how != FLAGS_REMOVE &&
	    box_add_keywords(box, change->keyword, change->keyword_count) != 0)
		return -1;
	w->keywords = keyword_bits(box, change);
	for (int tries = 0; !failed; tries++) {
		struct ranges left = w->left;

		failed = change_all(box, tries ? &left : uids, w);
		if (failed || w->left.count == 0)
			break;
		failed = box_look(box, LOOK_ALWAYS);
		if (!failed && tries == 10 * BOX_TRIES) {
			errno = ETIMEDOUT; /* somebody renames faster than we can look */
			failed = -1;
		}
	}
	return sync_directories(box, w) != 0 ? -1 : failed;
}

/* Without the lock where none can be made, as on a full disk: taking flags away must work there. */
static int
change_locked(struct mailbox *box, const struct ranges *uids, struct work *w)
{
	bool is_held = box_lists_lock(box, lock_seconds_left(box->patience)) == 0;
	int failed;

	if (!is_held && errno == ETIMEDOUT)
		return -1;
	if (!is_held && errno == ESTALE)
		return box_lose(box);
	failed = change_flags(box, uids, w);
	if (is_held)
		box_lists_unlock(box);
	return failed;
}

int
mailbox_flags(struct mailbox *box, const struct ranges *uids, const struct flags_change *change,
              struct arena *mem, struct flags_result *result_out)
{
	struct flags_result result = { RANGES_EMPTY, RANGES_EMPTY };
	struct work w = { .change = change, .mem = mem, .modified = &result.modified };
	int failed;

	if (result_out)
		*result_out = result;
	if (!box->is_writable || box->is_lost) {
		errno = box->is_lost ? ESTALE : EROFS;
		return -1;
	}
	box->patience = lock_patience();
	if (box_index_begin(box, LIMIT_LOCK_SECONDS) != 0)
		return -1;
	failed = box->index.is_locked ? box_look(box, LOOK_IF_CHANGED) : 0;
	if (!failed)
		failed = change_locked(box, uids, &w);
	box_index_end(box);
	settle_view(box, uids, failed == 0, &result.gone, mem);
	if (result_out)
		*result_out = result;
	return failed;
}
