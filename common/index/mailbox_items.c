/*
 * mailbox_items.c - every change to what the items say of the disk
 *
 * It comes from three sides: from the folder (a look through it, a rename of our
 * own), then it gets a modseq and goes to the journal; or from the journal, with the modseq
 * that another
 * session gave it.  The counters follow in either case.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/filename.h"

/* ---- counting ---- */

static void
count(struct counters *c, const struct item *it, uint32_t by)
{
	c->messages += by;
	c->in_new += it->in_new ? by : 0;
	c->unseen += it->flags & FLAG_SEEN ? 0 : by;
	c->deleted += it->flags & FLAG_DELETED ? by : 0;
	if (it->size == SIZE_UNKNOWN) {
		c->sizes_unknown += by;
		c->deleted_unknown += it->flags & FLAG_DELETED ? by : 0;
	} else {
		c->octets += by == 1 ? it->size : 0 - it->size;
		c->deleted_octets += !(it->flags & FLAG_DELETED) ? 0 :
		                     by == 1 ? it->size : 0 - it->size;
	}
}

static void
count_in(struct mailbox *box, const struct item *it)
{
	count(&box->index.counters, it, 1);
}

static void
count_out(struct mailbox *box, const struct item *it)
{
	count(&box->index.counters, it, UINT32_MAX);
}

void
box_count(struct mailbox *box)
{
	memset(&box->index.counters, 0, sizeof(box->index.counters));
	for (uint32_t i = 0; i < box->items.count; i++)
		if (!items_at(&box->items, i)->is_gone)
			count_in(box, items_at(&box->items, i));
}

/* ---- noting it for the index ---- */

static uint32_t
uid_before(const struct mailbox *box, uint32_t index)
{
	return index > 0 ? items_at(&box->items, index - 1)->shown.uid : 0;
}

/* True: the journal is to be told. */
static bool
is_noted(struct mailbox *box)
{
	if (box->index.is_live && !box->index.is_locked)
		box_index_leave(box);
	return box->index.is_live;
}

const char *
box_name_of(struct mailbox *box, const struct item *it)
{
	return names_of(&box->names, it);
}

static void
note_item(struct mailbox *box, const struct item *it)
{
	if (is_noted(box))
		pending_item(&box->index.pending, it->shown.uid, it->in_new, box_name_of(box, it),
		             it->size, it->date, it->shown.modseq);
}

void
box_bound_history(struct box_index *x)
{
	size_t over = x->gone_count > LIMIT_INDEX_GONE ? x->gone_count - LIMIT_INDEX_GONE / 2 : 0;

	if (over == 0)
		return;
	x->gone_floor = x->gone[over - 1].modseq;
	memmove(x->gone, x->gone + over, (x->gone_count - over) * sizeof(*x->gone));
	x->gone_count -= over;
}

static void
remember_gone(struct mailbox *box, uint32_t first, uint32_t last, uint64_t modseq)
{
	struct box_index *x = &box->index;
	struct vanished *end = x->gone_count ? &x->gone[x->gone_count - 1] : NULL;

	if (end && end->modseq == modseq && end->last == first - 1) {
		end->last = last;
		return;
	}
	if (x->gone_count >= 2 * LIMIT_INDEX_GONE)
		box_bound_history(x);
	if (x->gone_count == x->gone_room) {
		x->gone_room = x->gone_room ? x->gone_room * 2 : 64;
		x->gone = realloc(x->gone, x->gone_room * sizeof(*x->gone));
		if (!x->gone)
			die("out of memory: %zu expunged ranges", x->gone_room);
	}
	x->gone[x->gone_count++] = (struct vanished){ first, last, modseq };
}

/* ---- changes ---- */

static bool
has_same_flags(const struct item *a, const struct item *b)
{
	return a->flags == b->flags && a->letters == b->letters;
}

void
box_set_name(struct mailbox *box, uint32_t index, const char *name, bool in_new)
{
	struct item *it = items_at(&box->items, index), old = *it;
	bool same_base;

	names_set(&box->names, it, name, in_new);
	same_base = old.base_length == it->base_length &&
	            (old.name_at == it->name_at ||
	             memcmp(names_base(&box->names, &old), names_base(&box->names, it),
	                    it->base_length) == 0);
	it->keywords = box_keywords_of(box, it->letters);
	if (!same_base)
		newest_add(&box->index.newest, name, it->base_length);
	if (!same_base) { /* another file under this UID: nothing of the old one holds */
		it->size = SIZE_UNKNOWN;
		it->date = DATE_UNKNOWN;
	}
	if (!old.is_gone) {
		count_out(box, &old);
		count_in(box, it);
	}
	if (!has_same_flags(&old, it) || !same_base)
		it->shown.modseq = box_modseq(box);
	items_mark(&box->items, index);
	if (!same_base || it->is_odd || old.is_odd)
		note_item(box, it);
	else if ((!has_same_flags(&old, it) || old.in_new != it->in_new) && is_noted(box))
		pending_flags(&box->index.pending, it, uid_before(box, index), it->shown.modseq);
	names_compact(&box->names, &box->items);
}

void
box_set_size(struct mailbox *box, uint32_t index, uint64_t size, int64_t date)
{
	struct item *it = items_at(&box->items, index);

	if (!it->is_gone)
		count_out(box, it);
	it->size = size;
	it->date = date;
	if (!it->is_gone)
		count_in(box, it);
	if (!it->is_gone && box->index.is_live && box->index.is_locked) {
		pending_size(&box->index.pending, it, box->highest);
	} else {
		it->is_counted = true;
		box->sizes_counted = true;
	}
}

static struct item *
push(struct mailbox *box, uint32_t uid, const char *name, bool in_new, uint64_t size, int64_t date,
     uint64_t modseq)
{
	struct item *it = items_push(&box->items, uid);

	it->shown.modseq = modseq;
	it->size = size;
	it->date = date;
	it->is_told = true;
	names_set(&box->names, it, name, in_new);
	it->keywords = box_keywords_of(box, it->letters);
	it->shown.flags = it->flags;
	it->shown.keywords = it->keywords;
	items_mark(&box->items, box->items.count - 1);
	count_in(box, it);
	newest_add(&box->index.newest, name, it->base_length);
	box->top_uid = uid;
	return it;
}

/* False: it cannot be put between numbers already given. */
bool
box_take(struct mailbox *box, uint32_t uid, const char *name, bool in_new, uint64_t size,
         int64_t date, bool is_recent)
{
	struct item *it;

	if (uid <= box->top_uid)
		return false;
	it = push(box, uid, name, in_new, size, date, box_modseq(box));
	it->shown.flags |= is_recent ? FLAG_RECENT : 0;
	items_mark(&box->items, box->items.count - 1);
	note_item(box, it);
	return true;
}

void
box_make_recent(struct mailbox *box, uint32_t index)
{
	items_at(&box->items, index)->shown.flags |= FLAG_RECENT;
	items_mark(&box->items, index);
}

static void
hide(struct mailbox *box, uint32_t index)
{
	struct item *it = items_at(&box->items, index);

	it->is_gone = true;
	items_mark(&box->items, index);
	count_out(box, it);
	if (index >= box->visible)
		return;
	box->gone_left++;
	if (!it->is_told) {
		it->is_told = true;
		box->tell_left--;
	}
}

void
box_mark_gone(struct mailbox *box, uint32_t index)
{
	struct item *it = items_at(&box->items, index);

	if (it->is_gone)
		return;
	hide(box, index);
	box->index.dead++;
	remember_gone(box, it->shown.uid, it->shown.uid, box_modseq(box));
	if (is_noted(box))
		pending_gone(&box->index.pending, it->shown.uid, uid_before(box, index),
		             box_modseq(box));
}

void
box_tell_flags(struct mailbox *box, uint32_t index)
{
	struct item *it = items_at(&box->items, index);

	if (index >= box->visible) {
		it->shown.flags = it->flags | (it->shown.flags & FLAG_RECENT);
		it->shown.keywords = it->keywords;
	} else if (it->is_told) {
		it->is_told = false;
		items_mark(&box->items, index);
		box->tell_left++;
	}
}

void
box_number_items(struct mailbox *box)
{
	for (uint32_t i = 0; (i = items_next(&box->items, i, ITEMS_IN_MEMORY)) < box->items.count;
	     i++) {
		struct item *it = items_at(&box->items, i);
		uint32_t keywords = it->letters ? box_keywords_of(box, it->letters) : 0;

		if (keywords == it->keywords || it->is_gone)
			continue;
		it->keywords = keywords;
		box_tell_flags(box, i);
	}
}

/* ---- from the journal ---- */

static bool
apply_flags(void *context, const struct journal_flags *f, uint64_t modseq)
{
	struct mailbox *box = context;

	for (uint32_t i = items_at_or_behind(&box->items, f->first); i < box->items.count; i++) {
		struct item *it = items_at(&box->items, i);
		bool same = it->flags == f->flags && it->letters == f->letters;

		if (it->shown.uid > f->last)
			break;
		if (it->is_gone)
			continue;
		if (it->is_odd)
			return false;
		count_out(box, it);
		it->flags = f->flags;
		it->letters = f->letters;
		it->in_new = f->in_new != 0;
		it->keywords = box_keywords_of(box, it->letters);
		count_in(box, it);
		if (!same)
			it->shown.modseq = modseq;
		items_mark(&box->items, i);
		if (same)
			continue;
		box_tell_flags(box, i);
	}
	return true;
}

static bool
apply_gone(void *context, uint32_t first, uint32_t last, uint64_t modseq)
{
	struct mailbox *box = context;

	remember_gone(box, first, last, modseq);
	for (uint32_t i = items_at_or_behind(&box->items, first); i < box->items.count; i++) {
		if (items_at(&box->items, i)->shown.uid > last)
			break;
		if (!items_at(&box->items, i)->is_gone)
			hide(box, i);
	}
	return true;
}

static bool
apply_item(void *context, const struct journal_item *j, uint64_t modseq)
{
	struct mailbox *box = context;
	uint32_t index = box_index_of(box, j->uid);
	struct item *it = index == UINT32_MAX ? NULL : items_at(&box->items, index), old;

	if (!it && j->uid <= box->top_uid)
		return false;
	if (!it) {
		it = push(box, j->uid, j->name, j->in_new != 0, j->octets, j->date, modseq);
		if (it->in_new && box->mode == MAILBOX_READ_ONLY)
			it->shown.flags |= FLAG_RECENT;
		return true;
	}
	if (it->is_gone)
		return false;
	old = *it;
	count_out(box, it);
	names_set(&box->names, it, j->name, j->in_new != 0);
	it->keywords = box_keywords_of(box, it->letters);
	it->size = j->octets;
	it->date = j->date;
	count_in(box, it);
	if (!has_same_flags(&old, it))
		it->shown.modseq = modseq;
	items_mark(&box->items, index);
	if (has_same_flags(&old, it))
		return true;
	box_tell_flags(box, index);
	return true;
}

static bool
apply_size(void *context, const struct journal_size *s)
{
	struct mailbox *box = context;
	uint32_t index = box_index_of(box, (uint32_t)s->uid);
	struct item *it = index == UINT32_MAX ? NULL : items_at(&box->items, index);

	if (!it || it->is_gone)
		return true;
	count_out(box, it);
	it->size = s->octets;
	it->date = s->date;
	count_in(box, it);
	return true;
}

const struct journal_reader box_reader = { NULL, apply_flags, apply_gone, apply_item, apply_size };
