/* target.c - a folder that messages are put into, by APPEND, COPY and MOVE */
#include "common/index/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/index/scan.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
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
	t->lock = (struct dotlock)DOTLOCK_NONE;
	t->cur = t->new_mail = t->tmp = -1;
	uidlist_init(&t->uids);
	keywords_init(&t->keywords);
	t->folder_name = name_to_dir(name, &t->mem);
	t->folder = store_open_folder(s, name);
	if (t->folder >= 0 && (t->cur = dir_open(t->folder, "cur")) >= 0 && (t->new_mail = dir_make(t->folder, "new")) >= 0 &&
	    (t->tmp = dir_make(t->folder, "tmp")) >= 0 && may_write(t->folder) && may_write(t->cur) && may_write(t->tmp))
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

	dotlock_release(&t->lock);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	uidlist_free(&t->uids);
	keywords_free(&t->keywords);
	arena_free(&t->mem);
	t->folder = t->cur = t->new_mail = t->tmp = -1;
}

/* What is put into a folder that is just being deleted would be gone with it. */
static bool
is_still_there(const struct target *t)
{
	struct stat there, opened;

	return fstatat(store_root(t->store), t->folder_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(t->folder, &opened) == 0 && there.st_ino == opened.st_ino && there.st_dev == opened.st_dev;
}

int
target_lock(struct target *t)
{
	if (uidlist_lock(t->folder, LIMIT_LOCK_SECONDS, &t->lock) != 0) {
		errno = errno == ESTALE ? ENOENT : errno;
		return -1;
	}
	if (!is_still_there(t)) {
		dotlock_release(&t->lock);
		errno = ENOENT;
		return -1;
	}
	if (uidlist_refresh(&t->uids, t->folder) == 0 && keywords_refresh(&t->keywords, t->folder) == 0)
		return 0;
	dotlock_release(&t->lock);
	return -1;
}

int
target_letter(struct target *t, const char *keyword)
{
	int letter = keywords_find(&t->keywords, keyword);
	uint32_t in_use;

	if (letter >= 0)
		return letter;
	/* letters without a name may stand in file names here; only a new keyword costs that look */
	if (scan_letters(t->cur, &in_use) != 0)
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
		if (renameat(in->from_dir, in->from, dir_for(t, in), new_name(t, in)) == 0) {
			in->is_in = true;
			return 0;
		}
		if (errno != ENOENT || !find_again)
			return -1;
		if (!find_again(context, in))
			return 0;
	}
}

static void
take_back(struct target *t, struct incoming *in, size_t count)
{
	int saved = errno;

	for (size_t i = 0; i < count; i++) {
		if (in[i].is_in && renameat(dir_for(t, &in[i]), new_name(t, &in[i]), in[i].from_dir, in[i].from) == 0)
			in[i].is_in = false;
	}
	errno = saved;
}

static int
give_uids(struct target *t, struct incoming *in, size_t count)
{
	if ((uint64_t)t->uids.next + count >= UINT32_MAX - 1)
		uidlist_renumber(&t->uids);
	for (size_t i = 0; i < count; i++) {
		in[i].uid = uidlist_add(&t->uids, span_of(in[i].base), SPAN_NONE);
		in[i].is_in = false;
		if (in[i].uid == 0)
			return -1;
	}
	if (keywords_save(&t->keywords, t->folder, store_sync(t->store) == STORE_SYNC) != 0)
		return -1;
	return uidlist_save(&t->uids, t->folder, store_root(t->store), store_sync(t->store) == STORE_SYNC);
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

int
target_deliver(struct target *t, struct incoming *in, size_t count, target_find_again_fn *find_again, void *context)
{
	if (give_uids(t, in, count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (put_one(t, &in[i], find_again, context) != 0) {
			take_back(t, in, i);
			return -1;
		}
	}
	if (sync_target(t, in, count) == 0)
		return 0;
	take_back(t, in, count);
	return -1;
}
