/*
 * mailbox_expunge.c - removing messages
 *
 * A file is unlinked by the very name that shows it as deleted, so a message
 * that another session just undeleted stays.  Nothing new is written for it:
 * it works on a full disk (K14).  The uidlist is cleared of the records afterwards,
 * where that can be done; where not, the next look does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/index/mailbox_inside.h"
#include "common/maildir/dir.h"
#include "common/maildir/quota.h"

struct removal {
	const struct ranges *uids;
	bool    is_any;          /* also what is not \Deleted */
	bool    is_again;        /* some had other names than we knew */
	int     error;           /* of the first that could not be removed */
	int64_t bytes, messages; /* what left, for the quota */
};

enum { DEAD_SHARE = 8, DEAD_LEAST = 100 };

/* Parts of the map in which no message is \Deleted need not be read. */
static void
skip_undeleted(const struct mailbox *box, struct box_walk *walk)
{
	walk->next = items_next(&box->items, walk->next, ITEMS_DELETED);
}

static bool
next_to_remove(const struct mailbox *box, const struct removal *r, struct box_walk *walk,
               uint32_t *index_out)
{
	if (!r->is_any)
		skip_undeleted(box, walk);
	return box_walk(box, r->uids, walk, index_out);
}

/* One pass: what cannot be removed stays, all others leave (D04). */
static void
unlink_all(struct mailbox *box, struct removal *r)
{
	struct box_walk walk = BOX_WALK_START;
	bool is_counted = quota_counts(box->store, box->name);
	uint32_t index;

	r->is_again = false;
	while (next_to_remove(box, r, &walk, &index)) {
		struct item *it = items_at(&box->items, index);
		uint64_t size;

		if (it->is_gone || !(r->is_any || it->flags & FLAG_DELETED))
			continue;
		size = is_counted ? quota_size_of(box_dir_of(box, it), box_name_of(box, it)) : 0;
		if (unlinkat(box_dir_of(box, it), box_name_of(box, it), 0) == 0) {
			r->bytes += (int64_t)size;
			r->messages++;
			guard_out(it->in_new ? &box->index.new_mail : &box->index.cur);
			box_mark_gone(box, index);
		} else if (errno == ENOENT) {
			r->is_again = true;
		} else if (r->error == 0) {
			r->error = errno;
		}
	}
}

/* Numbers first, then dropping: a dropped record has no UID to search by. */
static void
drop_records(struct mailbox *box)
{
	size_t *number = calloc(box->uids.count + 1, sizeof(*number)), count = 0;

	for (uint32_t i = 0; number; i++) {
		const struct item *it;
		size_t at;

		i = items_next(&box->items, i, ITEMS_GONE);
		if (i == box->items.count)
			break;
		it = items_at(&box->items, i);
		at = it->is_gone ? uidlist_find_uid(&box->uids, it->shown.uid) : SIZE_MAX;
		if (at != SIZE_MAX)
			number[count++] = at;
	}
	while (count > 0)
		uidlist_drop(&box->uids, number[--count]);
	free(number);
}

/* Reading and writing the whole uidlist for one message would cost more than all the rest. */
static bool
can_wait(const struct mailbox *box)
{
	const struct box_index *x = &box->index;
	uint64_t most = x->counters.messages / DEAD_SHARE;

	return x->is_live && x->is_locked && x->is_current &&
	       x->dead <= (most > DEAD_LEAST ? most : DEAD_LEAST);
}

void
box_forget_gone(struct mailbox *box)
{
	bool is_held, done = false;

	if (can_wait(box))
		return;
	is_held = box_lists_lock(box, box->index.is_held ? 0 : 1) == 0;

	if (is_held && uidlist_refresh(&box->uids, box->folder) == 0 &&
	    box->uids.uidvalidity == box->uidvalidity) {
		box->index.was_uidlist_read = true;
		drop_records(box);
		done = uidlist_save(&box->uids, box->folder, store_root(box->store),
		                    box_does_sync(box)) == 0;
	}
	if (is_held)
		box_lists_unlock(box);
	if (!done)
		box->index.is_current = false; /* the next look does it */
}

static int
sync_parts(const struct mailbox *box)
{
	bool sync = box_does_sync(box);

	return dir_sync(box->cur, sync) != 0 ||
	                       (box->new_mail >= 0 && dir_sync(box->new_mail, sync) != 0) ?
	             -1 :
	             0;
}

static int
expunge(struct mailbox *box, struct removal *r)
{
	if (box_look(box, LOOK_IF_CHANGED) != 0 && box->is_lost)
		return -1;
	unlink_all(box, r);
	for (int tries = 0; r->is_again; tries++) {
		bool has_failed = box_look(box, LOOK_ALWAYS) != 0;

		if (has_failed || tries == 10 * BOX_TRIES) {
			/* ETIMEDOUT: somebody renames faster than we can look */
			r->error = has_failed ? errno : ETIMEDOUT;
			break;
		}
		unlink_all(box, r);
	}
	if (quota_counts(box->store, box->name))
		quota_change(box->store, -r->bytes, -r->messages);
	if (r->messages > 0 && sync_parts(box) != 0 && r->error == 0)
		r->error = errno;
	if (r->messages > 0)
		box_forget_gone(box);
	errno = r->error;
	return r->error == 0 ? 0 : -1;
}

static int
remove_from(struct mailbox *box, struct removal *r)
{
	int failed;

	if (!box->is_writable || box->is_lost) {
		errno = box->is_lost ? ESTALE : EROFS;
		return -1;
	}
	if (box_index_begin(box, LIMIT_LOCK_SECONDS) != 0)
		return -1;
	failed = expunge(box, r);
	box_index_end(box);
	return failed;
}

int
mailbox_expunge(struct mailbox *box, const struct ranges *uids)
{
	struct removal r = { .uids = uids };

	return remove_from(box, &r);
}

int
mailbox_remove(struct mailbox *box, const struct ranges *uids, uint32_t *removed_out)
{
	struct removal r = { .uids = uids, .is_any = true };
	int failed = remove_from(box, &r);

	*removed_out = (uint32_t)r.messages;
	return failed;
}
