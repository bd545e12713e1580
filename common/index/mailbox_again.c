/*
 * mailbox_again.c - a session that knows something already comes back to the index
 *
 * Where the index is as the folder is, all it says is taken over and followed from
 * then on.  Where it is behind, a look through the folder decides what is there,
 * and only modseqs are taken over.
 */
#include <stdlib.h>
#include <string.h>

#include "common/index/mailbox_inside.h"

void
box_take_modseq(struct mailbox *box, uint32_t index, uint64_t modseq)
{
	items_at(&box->items, index)->shown.modseq = modseq;
	items_mark(&box->items, index);
}

static void
absorb_item(struct mailbox *box, uint32_t index, struct mailbox *other, const struct item *o)
{
	struct item *it = items_at(&box->items, index);
	uint32_t flags = it->flags, letters = it->letters;
	uint64_t modseq = it->shown.modseq > o->shown.modseq ? it->shown.modseq : o->shown.modseq;

	if (it->is_gone)
		return;
	if (!names_is(&box->names, it, box_name_of(other, o), o->in_new))
		box_set_name(box, index, box_name_of(other, o), o->in_new);
	if (it->flags != flags || it->letters != letters)
		box_tell_flags(box, index);
	it->size = o->size;
	it->date = o->date;
	it->shown.modseq = modseq;
	items_mark(&box->items, index);
}

static void
absorb(struct mailbox *box, struct mailbox *other)
{
	uint32_t at = 0, known = box->items.count;

	for (uint32_t i = 0; i < other->items.count; i++) {
		const struct item *o = items_at(&other->items, i);

		if (o->is_gone)
			continue;
		while (at < known && items_at(&box->items, at)->shown.uid < o->shown.uid)
			box_mark_gone(box, at++);
		if (at < known && items_at(&box->items, at)->shown.uid == o->shown.uid)
			absorb_item(box, at++, other, o);
		else if (box_take(box, o->shown.uid, box_name_of(other, o), o->in_new, o->size,
		                  o->date, false))
			box_take_modseq(box, box->items.count - 1, o->shown.modseq);
		else
			box->index.is_off = true;
	}
	while (at < known)
		box_mark_gone(box, at++);
	box_count(box);
}

/*
 * The index is behind the folder, so a look through it decides what is there.  Only
 * modseqs are taken over; a message of which index and session do not say the
 * same has changed.
 */
static void
take_modseqs(struct mailbox *box, struct mailbox *other)
{
	if (box->highest < other->highest)
		box->highest = other->highest;
	for (uint32_t i = 0; i < box->items.count; i++) {
		const struct item *it = items_at(&box->items, i);
		uint32_t index = box_index_of(other, it->shown.uid);
		const struct item *o = index == UINT32_MAX ? NULL : items_at(&other->items, index);

		if (!o || o->is_gone || o->flags != it->flags || o->letters != it->letters)
			box_take_modseq(box, i, box_modseq(box));
		else if (it->shown.modseq < o->shown.modseq)
			box_take_modseq(box, i, o->shown.modseq);
	}
	box->index.has_base = true;
}

/* All that the index says is so, and the session follows it again. */
static void
follow_again(struct mailbox *box, struct mailbox *other)
{
	struct box_index *x = &box->index;
	uint64_t highest = box->highest;

	absorb(box, other);
	x->modseq = 0; /* it gave none: they came with the items */
	box->highest = highest;
	free(x->gone);
	x->gone = other->index.gone;
	x->gone_count = other->index.gone_count;
	x->gone_room = other->index.gone_room;
	x->journal = other->index.journal;
	other->index.gone = NULL;
	other->index.journal = (struct journal)JOURNAL_NONE;
	x->is_live = !x->is_off;
	box_index_take_state(box);
}

void
box_index_load_again(struct mailbox *box)
{
	struct mailbox other;

	memset(&other, 0, sizeof(other));
	other.folder = box->folder;
	other.place = box->place;
	other.cur = box->cur;
	other.new_mail = box->new_mail;
	other.ino_of_cur = box->ino_of_cur;
	other.mode = MAILBOX_READ_WRITE;
	other.index.journal = (struct journal)JOURNAL_NONE;
	keywords_init(&other.keywords);
	if (box_index_load(&other) && other.uidvalidity == box->uidvalidity &&
	    names_load(&other.names)) {
		if (box_index_is_current(&other))
			follow_again(box, &other);
		else if (box->index.is_locked)
			take_modseqs(box, &other);
	}
	free(other.index.gone);
	journal_close(&other.index.journal);
	items_free(&other.items);
	names_free(&other.names);
	keywords_free(&other.keywords);
	arena_free(&other.mem);
}
