/* target.c - a folder that messages are put into, by APPEND, COPY and MOVE */
#include "common/index/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/index/lock.h"
#include "common/index/recall.h"
#include "common/index/scan.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/index_place.h"
#include "common/maildir/intent.h"
#include "common/maildir/name.h"
#include "common/maildir/quota.h"

static bool
may_write(int dir)
{
	return faccessat(dir, ".", W_OK, 0) == 0;
}

int
target_open(struct store *s, const char *name, struct target *t)
{
	int failed;

	memset(t, 0, sizeof(*t));
	t->store = s;
	t->name = arena_string(&t->mem, span_of(name));
	t->lock = (struct dotlock)DOTLOCK_NONE;
	t->journal = (struct journal)JOURNAL_NONE;
	t->cur_guard = t->new_guard = (struct guard)GUARD_NONE;
	t->cur = t->new_mail = t->tmp = t->source_new = t->place = -1;
	uidlist_init(&t->uids);
	t->uids.recall = index_recall;
	keywords_init(&t->keywords);
	t->folder_name = name_to_dir(name, &t->mem);
	t->folder = store_open_folder(s, name);
	if (t->folder >= 0)
		t->place = index_place_open(s, t->folder, t->folder_name, true);
	t->uids.recall_place = t->place;
	if (t->folder >= 0 && (t->cur = dir_open(t->folder, "cur")) >= 0 &&
	    (t->new_mail = dir_make(t->folder, "new")) >= 0 &&
	    (t->tmp = dir_make(t->folder, "tmp")) >= 0 && may_write(t->folder) &&
	    may_write(t->cur) && may_write(t->tmp))
		return 0;
	failed = errno;
	target_close(t);
	errno = failed;
	return -1;
}

void
target_close(struct target *t)
{
	const int fds[] = { t->folder, t->cur, t->new_mail, t->tmp };

	target_unlock(t);
	index_place_close(t->place, t->folder);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	uidlist_free(&t->uids);
	keywords_free(&t->keywords);
	arena_free(&t->mem);
	t->folder = t->cur = t->new_mail = t->tmp = t->place = -1;
}

/* What is put into a folder that is just being deleted would be gone with it. */
static bool
is_still_there(const struct target *t)
{
	struct stat there, opened;

	return fstatat(store_root(t->store), t->folder_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(t->folder, &opened) == 0 && there.st_ino == opened.st_ino &&
	       there.st_dev == opened.st_dev;
}

/* Is the index as the folder is?  Then it knows what the uidlist would tell. */
static bool
find_index(struct target *t)
{
	struct index_folder f = { t->folder, t->cur, t->new_mail };
	const struct journal_state *s = &t->journal.state;

	if (!t->is_locked || journal_open(t->place, &t->journal) != 0)
		return false;
	return !(s->bits & JOURNAL_IS_FOLDED) && index_is_current(s, &f) &&
	       s->keywords == index_sum_of_keywords(t->keywords.name, LIMIT_KEYWORDS) &&
	       uidlist_adopt(&t->uids, t->folder, s->uidvalidity, s->uidnext);
}

static int
read_lists(struct target *t)
{
	if (!is_still_there(t)) {
		errno = ENOENT;
		return -1;
	}
	if (intent_finish(t->folder, store_root(t->store), store_sync(t->store) == STORE_SYNC) !=
	            0 ||
	    courier_take_keywords(t->folder, store_sync(t->store) == STORE_SYNC) != 0)
		return -1;
	if (keywords_refresh(&t->keywords, t->folder) != 0)
		return -1;
	t->is_indexed = find_index(t);
	return t->is_indexed ? 0 : uidlist_refresh(&t->uids, t->folder);
}

int
target_lock(struct target *t)
{
	int64_t patience = lock_patience();
	bool is_listed;

	t->is_locked = index_lock(t->cur, LIMIT_LOCK_SECONDS) == 0;
	if (!t->is_locked && errno == ETIMEDOUT) {
		uidlist_note_owner(t->folder);
		return -1;
	}
	guard_arm(&t->cur_guard, t->cur);
	guard_arm(&t->new_guard, t->new_mail);
	is_listed = uidlist_lock(t->folder, lock_seconds_left(patience), &t->lock) == 0;
	if (!is_listed && errno == ESTALE)
		errno = ENOENT;
	if (is_listed && read_lists(t) == 0)
		return 0;
	target_unlock(t);
	return -1;
}

void
target_unlock(struct target *t)
{
	int saved = errno;

	dotlock_release(&t->lock);
	guard_disarm(&t->cur_guard);
	guard_disarm(&t->new_guard);
	journal_close(&t->journal);
	if (t->is_locked)
		index_unlock(t->cur);
	t->is_locked = t->is_indexed = false;
	errno = saved;
}

int
target_letter(struct target *t, const char *keyword)
{
	int letter = keywords_find(&t->keywords, keyword);
	uint32_t in_use;

	if (letter >= 0)
		return letter;
	/*
	 * letters without a name may stand in file names here; only a new keyword costs that
	 * look
	 */
	if (t->is_indexed)
		in_use = t->journal.state.letters;
	else if (scan_letters(t->cur, &in_use) != 0)
		return -1;
	return keywords_add(&t->keywords, keyword, in_use);
}

static const char *
new_name(struct target *t, const struct incoming *in)
{
	struct file_flags flags = { in->system, in->letters };
	struct buf name = BUF_EMPTY;
	const char *text;

	if (in->system == 0 && in->letters == 0)
		return in->base;
	filename_with_flags(in->base, flags, UINT32_MAX, &name);
	text = arena_string(&t->mem, buf_view(&name));
	buf_free(&name);
	return text;
}

static int
dir_for(const struct target *t, const struct incoming *in)
{
	return in->system == 0 && in->letters == 0 ? t->new_mail : t->cur;
}

static int
put_one(struct target *t, struct incoming *in, target_find_again_fn *find_again, void *context)
{
	for (;;) {
		if (file_rename_new(in->from_dir, in->from, dir_for(t, in), new_name(t, in)) == 0) {
			in->is_in = true;
			guard_in(dir_for(t, in) == t->cur ? &t->cur_guard : &t->new_guard);
			return 0;
		}
		if (errno != ENOENT || !find_again)
			return -1;
		if (!find_again(context, in))
			return 0;
	}
}

/*
 * A disk may be too full even for a rename; what came from tmp/ is our own, and removing it
 * needs no room.
 */
static bool
undo_one(struct target *t, const struct incoming *in)
{
	int dir = dir_for(t, in);
	const char *name = new_name(t, in);

	return renameat(dir, name, in->from_dir, in->from) == 0 ||
	       (in->from_dir == t->tmp && unlinkat(dir, name, 0) == 0);
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

static int
give_uids(struct target *t, struct incoming *in, size_t count)
{
	if ((uint64_t)t->uids.next + count >= UINT32_MAX - 1)
		uidlist_renumber(&t->uids);
	for (size_t i = 0; i < count; i++) {
		in[i].uid = uidlist_add(&t->uids, span_of(in[i].base), fields_of(t, &in[i]));
		in[i].is_in = false;
		if (in[i].uid == 0)
			return -1;
	}
	if (keywords_save(&t->keywords, t->folder, store_sync(t->store) == STORE_SYNC) != 0)
		return -1;
	return uidlist_save(&t->uids, t->folder, store_root(t->store),
	                    store_sync(t->store) == STORE_SYNC);
}

static int
sync_target(struct target *t, const struct incoming *in, size_t count)
{
	bool sync = store_sync(t->store) == STORE_SYNC, in_new = false, in_cur = false;

	for (size_t i = 0; i < count; i++) {
		bool to_new = dir_for(t, &in[i]) == t->new_mail;

		in_new |= in[i].is_in && to_new;
		in_cur |= in[i].is_in && !to_new;
	}
	if (in_cur && dir_sync(t->cur, sync) != 0)
		return -1;
	return in_new ? dir_sync(t->new_mail, sync) : 0;
}

/* ---- telling the index ---- */

static void
count(struct counters *c, const struct incoming *in, bool in_new)
{
	c->messages++;
	c->in_new += in_new;
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
		bool in_new = dir_for(t, &in[i]) == t->new_mail;

		if (!in[i].is_in)
			continue;
		pending_item(&p, in[i].uid, in_new, new_name(t, &in[i]), in[i].octets, in[i].date,
		             s.highest);
		newest_add(&s.newest, in[i].base, strlen(in[i].base));
		s.bits |= in[i].guid ? JOURNAL_HAS_GUIDS : 0;
		count(&s.counters, &in[i], in_new);
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

/* One message needs no intent: it is one rename. */
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
	if (in[0].from_dir == t->tmp && dir_sync(t->tmp, store_sync(t->store) == STORE_SYNC) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!in[i].from[0])
			continue; /* another session removed it meanwhile */
		intent_add(&intent, in[i].from_dir == t->tmp ? "" : t->source, part_of(t, &in[i]),
		           in[i].from, dir_for(t, &in[i]) == t->new_mail ? "new" : "cur",
		           new_name(t, &in[i]));
	}
	failed = intent_write(&intent, t->folder, store_sync(t->store) == STORE_SYNC);
	intent_free(&intent);
	return failed;
}

static int
put_all(struct target *t, struct incoming *in, size_t count, target_find_again_fn *find_again,
        void *context)
{
	for (size_t i = 0; i < count; i++)
		if (put_one(t, &in[i], find_again, context) != 0)
			return -1;
	return sync_target(t, in, count);
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
	int failed;

	if (store_quota(t->store))
		sum = amount_of(in, count);
	if (!t->moved_from && quota_allow(t->store, t->name, sum.bytes, sum.messages) != 0)
		return -1;
	if (give_uids(t, in, count) != 0 || promise(t, in, count) != 0)
		return -1;
	failed = put_all(t, in, count, find_again, context);
	if (failed)
		take_back(t, in, count);
	if (count > 1)
		intent_clear(t->folder);
	if (!failed)
		tell_quota(t, &sum);
	if (!failed && t->is_indexed && journal_is_there(&t->journal, t->place))
		tell_index(t, in, count);
	return failed;
}
