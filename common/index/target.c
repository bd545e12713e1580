/* target.c - a folder that messages are put into, by APPEND, COPY and MOVE */
#include "common/index/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/index/lock.h"
#include "common/index/recall.h"
#include "common/index/scan.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/index_place.h"
#include "common/maildir/intent.h"
#include "common/maildir/name.h"

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
