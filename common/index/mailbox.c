/* mailbox.c - opening a mailbox, and what its view says */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/index/cache.h"
#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/index/recall.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/index_place.h"
#include "common/maildir/name.h"
#include "common/maildir/tmp_clean.h"

/* filename.h and mailbox.h name the same bits, so that no flag needs translating */
enum {
	FLAGS_ARE_ALIKE =
		1 / ((int)FILE_ANSWERED == (int)FLAG_ANSWERED &&
	             (int)FILE_FLAGGED == (int)FLAG_FLAGGED &&
	             (int)FILE_DELETED == (int)FLAG_DELETED && (int)FILE_SEEN == (int)FLAG_SEEN &&
	             (int)FILE_DRAFT == (int)FLAG_DRAFT)
};

static bool
may_write(int dir)
{
	return faccessat(dir, ".", W_OK, 0) == 0;
}

/* new/ and tmp/ are made where they are missing; a folder without new/ is served all the same. */
static int
open_parts(struct mailbox *box)
{
	struct stat st;
	int tmp;

	if (fstat(box->folder, &st) != 0)
		return -1;
	box->dev = st.st_dev;
	box->ino = st.st_ino;
	box->cur = dir_open(box->folder, "cur");
	if (box->cur < 0)
		return -1;
	if (fstat(box->cur, &st) != 0)
		return -1;
	box->ino_of_cur = st.st_ino;
	box->can_assign = may_write(box->folder);
	box->place = index_place_open(box->store, box->folder, box->folder_name, true);
	box->uids.recall_place = box->place;
	box->index.is_off = box->place < 0;
	box->new_mail =
		box->can_assign ? dir_make(box->folder, "new") : dir_open(box->folder, "new");
	if (box->new_mail < 0 && errno != ENOENT && errno != EACCES && errno != EROFS)
		return -1;
	box->is_writable = box->mode == MAILBOX_READ_WRITE && box->can_assign &&
	                   may_write(box->cur) && (box->new_mail < 0 || may_write(box->new_mail));
	tmp = box->is_writable ? dir_make(box->folder, "tmp") : -1;
	if (tmp >= 0)
		close(tmp);
	return 0;
}

static struct mailbox *
new_mailbox(struct store *s, const char *name, enum mailbox_mode mode)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	if (!box)
		die("out of memory: a mailbox");
	box->store = s;
	box->mode = mode;
	box->folder = box->cur = box->new_mail = box->watch = box->place = -1;
	box->name = arena_string(&box->mem, span_of(name));
	box->folder_name = name_to_dir(name, &box->mem);
	box->base_text = arena_alloc(&box->mem, NAME_MAX + 1);
	box->index.journal = (struct journal)JOURNAL_NONE;
	box->index.cur = box->index.new_mail = (struct guard)GUARD_NONE;
	uidlist_init(&box->uids);
	box->uids.recall = index_recall;
	box->lists = (struct dotlock)DOTLOCK_NONE;
	keywords_init(&box->keywords);
	for (int i = 0; i < LIMIT_KEYWORDS; i++)
		box->number_of_letter[i] = -1;
	return box;
}

/* The index had them, or they left while it was read. */
static void
remove_gone(struct mailbox *box)
{
	for (uint32_t i = box->items.count; box->items.count != box->index.counters.messages; i--) {
		i = items_below(&box->items, i, ITEMS_GONE);
		if (i == 0)
			break;
		if (items_at(&box->items, i - 1)->is_gone)
			items_remove(&box->items, i - 1);
	}
}

/* What the first look found is the view; nothing of it is news. */
static void
show_all(struct mailbox *box)
{
	box->is_shown = true;
	remove_gone(box);
	box->visible = box->items.count;
	for (uint32_t i = 0; box->has_looked || box->has_recent; i++) {
		struct item *it;

		i = items_next(&box->items, i, ITEMS_IN_NEW | ITEMS_RECENT);
		if (i == box->visible)
			break;
		it = items_at(&box->items, i);
		if (it->in_new && box->mode == MAILBOX_READ_ONLY)
			it->shown.flags |= FLAG_RECENT;
		if (it->shown.flags & FLAG_RECENT)
			box->recent++;
	}
	box->recent_told = box->recent;
	box->keyword_news = false;
}

int
mailbox_open(struct store *s, const char *name, enum mailbox_mode mode, struct mailbox **box_out)
{
	struct mailbox *box = new_mailbox(s, name, mode);

	box->patience = lock_patience();
	box->folder = store_open_folder(s, name);
	if (box->folder < 0 || open_parts(box) != 0 || box_look(box, LOOK_IF_CHANGED) != 0) {
		int failed = errno;

		mailbox_close(box);
		errno = failed;
		return -1;
	}
	show_all(box);
	if (box->is_writable && tmp_clean_is_due(box->folder, time(NULL)))
		tmp_clean(box->folder, time(NULL));
	*box_out = box;
	return 0;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct mailbox *
mailbox_close(struct mailbox *box)
{
	if (!box)
		return NULL;
	box_store_sizes(box);
	cache_close(box);
	index_place_close(box->place, box->folder);
	close_if_open(box->folder);
	close_if_open(box->cur);
	close_if_open(box->new_mail);
	close_if_open(box->watch);
	uidlist_free(&box->uids);
	keywords_free(&box->keywords);
	items_free(&box->items);
	names_free(&box->names);
	box_index_free(box);
	arena_free(&box->mem);
	free(box);
	return NULL;
}

const char *
mailbox_name(const struct mailbox *box)
{
	return box->name;
}

bool
mailbox_is_writable(const struct mailbox *box)
{
	return box->is_writable;
}

uint32_t
mailbox_uidvalidity(const struct mailbox *box)
{
	return box->uidvalidity;
}

uint32_t
mailbox_uidnext(const struct mailbox *box)
{
	return box->uidnext;
}

uint64_t
mailbox_highestmodseq(const struct mailbox *box)
{
	return box->highest;
}

const char *
mailbox_trouble(const struct mailbox *box)
{
	return box->trouble;
}

uint32_t
mailbox_count(const struct mailbox *box)
{
	return box->visible;
}

uint32_t
mailbox_recent(const struct mailbox *box)
{
	return box->recent;
}

const struct message *
mailbox_message(const struct mailbox *box, uint32_t number)
{
	if (number == 0 || number > box->visible)
		bug("message number %u of %u", number, box->visible);
	return &items_at(&box->items, number - 1)->shown;
}

uint32_t
mailbox_next_with(const struct mailbox *box, uint32_t number, uint32_t has, uint32_t lacks)
{
	uint32_t index = items_next_with(&box->items, number - 1, has, lacks);

	return index < box->visible ? index + 1 : 0;
}

uint32_t
mailbox_first_unseen(const struct mailbox *box)
{
	return mailbox_next_with(box, 1, 0, FLAG_SEEN);
}

uint32_t
mailbox_next_deleted(const struct mailbox *box, uint32_t number)
{
	return mailbox_next_with(box, number, FLAG_DELETED, 0);
}

uint32_t
mailbox_next_changed(const struct mailbox *box, uint32_t number, uint64_t since)
{
	for (uint32_t i = number - 1;; i++) {
		i = items_next_changed(&box->items, i, since);
		if (i >= box->visible)
			return 0;
		if (items_at(&box->items, i)->shown.modseq > since)
			return i + 1;
	}
}

uint32_t
mailbox_number_at_or_behind(const struct mailbox *box, uint32_t uid)
{
	uint32_t index = items_at_or_behind(&box->items, uid);

	return (index < box->visible ? index : box->visible) + 1;
}

uint32_t
mailbox_number_of(const struct mailbox *box, uint32_t uid)
{
	uint32_t index = box_index_of(box, uid);

	return index < box->visible ? index + 1 : 0;
}

uint32_t
box_index_of(const struct mailbox *box, uint32_t uid)
{
	uint32_t index = items_at_or_behind(&box->items, uid);

	return index < box->items.count && items_at(&box->items, index)->shown.uid == uid ?
	               index :
	               UINT32_MAX;
}

const char *
mailbox_message_base(struct mailbox *box, uint32_t number)
{
	const struct item *it = items_at(&box->items, number - 1);

	if (!names_has(&box->names, it)) {
		box_look(box, LOOK_ALWAYS);
		it = items_at(&box->items, number - 1);
	}
	memcpy(box->base_text, names_base(&box->names, it), it->base_length);
	box->base_text[it->base_length] = '\0';
	return box->base_text;
}

bool
box_walk(const struct mailbox *box, const struct ranges *uids, struct box_walk *w,
         uint32_t *index_out)
{
	for (; w->next < box->visible && (!uids || w->range < uids->count); w->range++) {
		uint32_t first, uid;

		if (!uids) {
			*index_out = w->next++;
			return true;
		}
		first = items_at_or_behind(&box->items, uids->range[w->range].first);
		if (w->next < first)
			w->next = first;
		if (w->next >= box->visible)
			return false;
		uid = items_at(&box->items, w->next)->shown.uid;
		if (uid <= uids->range[w->range].last) {
			*index_out = w->next++;
			return true;
		}
	}
	return false;
}

int
box_dir_of(const struct mailbox *box, const struct item *it)
{
	return it->in_new ? box->new_mail : box->cur;
}

bool
box_does_sync(const struct mailbox *box)
{
	return store_sync(box->store) == STORE_SYNC;
}
