/* target_deliver.c - messages enter a folder, all or none: by rename, or as links */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/index/lock.h"
#include "common/index/target.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/intent.h"
#include "common/maildir/quota.h"

static bool
does_sync(const struct target *t)
{
	return store_sync(t->store) == STORE_SYNC;
}

/* Without flags it goes to new/: \Recent for the next session. */
static void
name_one(struct target *t, struct incoming *in)
{
	struct file_flags flags = { in->system, in->letters };
	struct buf name = BUF_EMPTY;

	in->to_new = in->system == 0 && in->letters == 0;
	in->name = in->base;
	if (in->to_new)
		return;
	filename_with_flags(in->base, flags, UINT32_MAX, &name);
	in->name = arena_string(&t->mem, buf_view(&name));
	buf_free(&name);
}

static int
dir_for(const struct target *t, const struct incoming *in)
{
	return in->to_new ? t->new_mail : t->cur;
}

static int
put_one(struct target *t, struct incoming *in, target_find_again_fn *find_again, void *context)
{
	int (*put)(int, const char *, int, const char *) = t->is_linking ? file_link_new :
	                                                                   file_rename_new;

	while (put(in->from_dir, in->from, dir_for(t, in), in->name) != 0) {
		if (errno != ENOENT || !find_again)
			return -1;
		if (!find_again(context, in))
			return 0;
		name_one(t, in);
	}
	in->is_in = true;
	guard_in(in->to_new ? &t->new_guard : &t->cur_guard);
	return 0;
}

/*
 * A disk may be too full even for a rename; what came from tmp/ is our own, as a link is, and
 * removing it needs no room.
 */
static bool
undo_one(struct target *t, const struct incoming *in)
{
	int dir = dir_for(t, in);

	if (!t->is_linking && renameat(dir, in->name, in->from_dir, in->from) == 0)
		return true;
	return (t->is_linking || in->from_dir == t->tmp) && unlinkat(dir, in->name, 0) == 0;
}

static void
take_back(struct target *t, struct incoming *in, size_t count)
{
	int saved = errno;

	for (size_t i = 0; i < count; i++)
		if (in[i].is_in && undo_one(t, &in[i]))
			in[i].is_in = false;
	errno = saved;
}

static struct span
fields_of(struct target *t, const struct incoming *in)
{
	return in->guid ? span_of(arena_printf(&t->mem, "G%s", in->guid)) : SPAN_NONE;
}

/* A link that is not in is that of a message which has left its mailbox. */
static int
give_uids(struct target *t, struct incoming *in, size_t count)
{
	if ((uint64_t)t->uids.next + count >= UINT32_MAX - 1)
		uidlist_renumber(&t->uids);
	for (size_t i = 0; i < count; i++) {
		if (t->is_linking && !in[i].is_in)
			continue;
		in[i].uid = uidlist_add(&t->uids, span_of(in[i].base), fields_of(t, &in[i]));
		if (in[i].uid == 0)
			return -1;
	}
	return uidlist_save(&t->uids, t->folder, store_root(t->store), does_sync(t));
}

static int
sync_target(struct target *t, const struct incoming *in, size_t count)
{
	bool in_new = false, in_cur = false;

	for (size_t i = 0; i < count; i++) {
		in_new |= in[i].is_in && in[i].to_new;
		in_cur |= in[i].is_in && !in[i].to_new;
	}
	if (in_cur && dir_sync(t->cur, does_sync(t)) != 0)
		return -1;
	return in_new ? dir_sync(t->new_mail, does_sync(t)) : 0;
}

/* ---- telling the index ---- */

static void
count(struct counters *c, const struct incoming *in)
{
	c->messages++;
	c->in_new += in->to_new;
	c->unseen += !(in->system & FLAG_SEEN);
	c->deleted += (in->system & FLAG_DELETED) != 0;
	if (in->octets == SIZE_UNKNOWN) {
		c->sizes_unknown++;
		c->deleted_unknown += (in->system & FLAG_DELETED) != 0;
	} else {
		c->octets += in->octets;
		c->deleted_octets += in->system & FLAG_DELETED ? in->octets : 0;
	}
}

/* A failure leaves the index behind the folder: whoever opens it next sees that, and looks. */
static void
tell_index(struct target *t, const struct incoming *in, size_t count_in)
{
	struct journal_state s = t->journal.state;
	struct pending p = PENDING_NONE;

	s.highest = index_next_modseq(s.highest);
	for (size_t i = 0; i < count_in; i++) {
		if (!in[i].is_in)
			continue;
		pending_item(&p, in[i].uid, in[i].to_new, in[i].name, in[i].octets, in[i].date,
		             s.highest);
		newest_add(&s.newest, in[i].base, strlen(in[i].base));
		s.bits |= in[i].guid ? JOURNAL_HAS_GUIDS : 0;
		count(&s.counters, &in[i]);
		s.letters |= in[i].letters;
	}
	s.uidnext = t->uids.next;
	s.uidlist = stamp_of_file(&t->uids.file);
	s.keywords = index_sum_of_keywords(t->keywords.name, LIMIT_KEYWORDS);
	s.cur = index_stamp(&t->cur_guard, &s.cur, NULL, NULL);
	s.new_mail = index_stamp(&t->new_guard, &s.new_mail, NULL, NULL);
	journal_commit(&t->journal, &p, &s);
	t->must_fold = journal_is_long(&t->journal.state);
	pending_free(&p);
}

/* ---- all or none ---- */

static const char *
part_of(const struct target *t, const struct incoming *in)
{
	if (in->from_dir == t->tmp)
		return "tmp";
	return in->from_dir == t->source_new ? "new" : "cur";
}

/* One message needs no intent: it is one rename, or one link. */
static int
promise(struct target *t, const struct incoming *in, size_t count)
{
	struct intent intent = INTENT_EMPTY;
	int failed;

	if (count < 2)
		return 0;
	/*
	 * a promised file must have its name, or the others would come without it after a power
	 * cut
	 */
	if (in[0].from_dir == t->tmp && dir_sync(t->tmp, does_sync(t)) != 0)
		return -1;
	intent.is_links = t->is_linking;
	for (size_t i = 0; i < count; i++) {
		if (!in[i].from[0])
			continue; /* another session removed it meanwhile */
		intent_add(&intent, in[i].from_dir == t->tmp ? "" : t->source, part_of(t, &in[i]),
		           in[i].from, in[i].to_new ? "new" : "cur", in[i].name);
	}
	failed = intent_write(&intent, t->folder, does_sync(t));
	intent_free(&intent);
	return failed;
}

/*
 * An intent of links that came back after a power cut would bring back what was removed since.
 * All are in by now, so a disk that fails here is no reason to refuse.
 */
static void
end_promise(struct target *t, size_t count)
{
	int saved = errno;

	if (count < 2)
		return;
	intent_clear(t->folder);
	if (t->is_linking)
		dir_sync(t->folder, does_sync(t));
	errno = saved;
}

static int
put_all(struct target *t, struct incoming *in, size_t count, target_find_again_fn *find_again,
        void *context)
{
	for (size_t i = 0; i < count; i++) {
		if (t->step)
			t->step(t->step_context);
		if (put_one(t, &in[i], find_again, context) != 0)
			return -1;
	}
	return sync_target(t, in, count);
}

/* The order in which UIDs are written is intent.c's (4) and (8). */
static int
bring_in(struct target *t, struct incoming *in, size_t count, target_find_again_fn *find_again,
         void *context)
{
	int failed;

	if (keywords_save(&t->keywords, t->folder, does_sync(t)) != 0)
		return -1;
	if ((!t->is_linking && give_uids(t, in, count) != 0) || promise(t, in, count) != 0)
		return -1;
	failed = put_all(t, in, count, find_again, context);
	if (!failed && t->is_linking)
		failed = give_uids(t, in, count);
	if (failed)
		take_back(t, in, count);
	end_promise(t, count);
	return failed;
}

/* ---- the quota ---- */

/* What they are on disk. */
static struct quota_amounts
amount_of(const struct incoming *in, size_t count)
{
	struct quota_amounts sum = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		if (!in[i].from[0])
			continue;
		sum.bytes += quota_size_of(in[i].from_dir, in[i].from);
		sum.messages++;
	}
	return sum;
}

/*
 * Out of a mailbox that counts into one that does not, or the other way, a move changes what is
 * used.
 */
static void
tell_quota(const struct target *t, const struct quota_amounts *sum)
{
	int factor = quota_counts(t->store, t->name) -
	             (t->moved_from && quota_counts(t->store, t->moved_from));

	quota_change(t->store, factor * (int64_t)sum->bytes, factor * (int64_t)sum->messages);
}

int
target_deliver(struct target *t, struct incoming *in, size_t count,
               target_find_again_fn *find_again, void *context)
{
	struct quota_amounts sum = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		in[i].is_in = false;
		name_one(t, &in[i]);
	}
	if (store_quota(t->store))
		sum = amount_of(in, count);
	if (!t->moved_from && quota_allow(t->store, t->name, sum.bytes, sum.messages) != 0)
		return -1;
	if (bring_in(t, in, count, find_again, context) != 0)
		return -1;
	tell_quota(t, &sum);
	if (t->is_indexed && journal_is_there(&t->journal, t->place))
		tell_index(t, in, count);
	return 0;
}
