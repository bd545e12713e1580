/*
 * mailbox_record.c - a change begins, and is written down in the index (invariants:
 * mailbox_index.c)
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/index/generation.h"
#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/index/sum.h"

int
box_index_begin(struct mailbox *box, int seconds)
{
	struct box_index *x = &box->index;

	if (x->is_off || x->is_locked)
		return 0;
	if (!box->can_assign)
		return 0;
	if (index_lock(box->cur, seconds) != 0) {
		if (errno == ETIMEDOUT) {
			uidlist_note_owner(box->folder);
			return -1;
		}
		x->is_off = true; /* a file system without locks */
		return 0;
	}
	x->is_locked = true;
	x->has_base = false;
	x->modseq = 0;
	x->was_scanned = x->was_uidlist_read = x->was_new_read = x->was_appended = false;
	guard_arm(&x->cur, box->cur);
	guard_arm(&x->new_mail, box->new_mail);
	x->is_current = box_index_follow(box);
	return 0;
}

static struct stamp
stamp_of_part(struct guard *g, const struct stamp *before, bool scanned,
              const struct box_stamp *seen)
{
	return index_stamp(g, before, scanned ? &seen->dir : NULL, scanned ? &seen->read_at : NULL);
}

/* For P fields mailbox_pop3_uidl() has to read the uidlist, for G fields mailbox_message_id(). */
static void
note_fields(struct mailbox *box)
{
	const struct uidlist *u = &box->uids;

	box->index.has_uidls = box->index.has_guids = false;
	for (size_t i = 0; i < u->count; i++) {
		const struct uidlist_record *r = &u->record[i];

		if (!r->ext[0] || (r->ext[0] == 'W' && !strchr(r->ext, ' ')))
			continue;
		box->index.has_uidls |= uidlist_field(r, 'P').at != NULL;
		box->index.has_guids |= uidlist_field(r, 'G').at != NULL;
	}
	box_take_id(box);
}

static void
make_state(struct mailbox *box, struct journal_state *s)
{
	struct box_index *x = &box->index;
	const struct stamp none = { 0 };

	s->cur = stamp_of_part(&x->cur, &s->cur, x->was_scanned, &box->cur_stamp);
	s->new_mail = stamp_of_part(&x->new_mail, &s->new_mail, x->was_scanned || x->was_new_read,
	                            &box->new_stamp);
	if (x->was_appended)
		s->uidlist = stamp_of_file(&x->appended);
	if (x->was_uidlist_read) {
		s->uidlist = box->uids.is_there && !box->uids.must_rewrite ?
		                     stamp_of_file(&box->uids.file) :
		                     none;
		s->uidnext = box->uids.next;
		note_fields(box);
		x->dead = box->uids.count > x->counters.messages ?
		                  box->uids.count - x->counters.messages :
		                  0;
	}
	if (!x->is_current)
		s->cur = s->new_mail = none;
	s->uidvalidity = box->uidvalidity;
	s->uidnext = box->uidnext > s->uidnext ? box->uidnext : s->uidnext;
	s->highest = box->highest;
	s->letters = box->letters_seen;
	s->bits = (x->has_uidls ? JOURNAL_HAS_UIDLS : 0U) | (x->has_guids ? JOURNAL_HAS_GUIDS : 0U);
	memcpy(s->id, box->id, sizeof(s->id));
	s->keywords = index_sum_of_keywords(box->keywords.name, LIMIT_KEYWORDS);
	s->counters = x->counters;
	s->gone_floor = x->gone_floor;
	s->newest = x->newest;
	s->dead = x->dead;
	s->ino_of_cur = box->ino_of_cur;
}

/* A new map with all that is known, and an empty journal behind it. */
static bool
write_anew(struct mailbox *box, const struct journal_state *state)
{
	struct box_index *x = &box->index;
	struct journal_state s = *state, folded;
	struct journal fresh;

	s.generation = generation_new(box, box->ino);
	box_bound_history(x);
	s.gone_floor = x->gone_floor;
	if (map_write(box->place, s.generation, &box->items, &box->names, x->gone,
	              x->gone_count) != 0)
		return false;
	if (journal_create(box->place, &s, &fresh) != 0)
		return false;
	if (x->is_live) {
		folded = x->journal.state;
		folded.bits |= JOURNAL_IS_FOLDED;
		folded.next = s.generation;
		journal_commit(&x->journal, &x->pending, &folded);
	}
	journal_close(&x->journal);
	x->journal = fresh;
	return true;
}

/* Invariant (5): what may have been told under another index is above all doubt changed now. */
static void
start_modseqs(struct mailbox *box)
{
	box->index.modseq = 0;
	box_modseq(box);
	box->index.gone_floor = box->highest;
	box->index.gone_count = 0;
	if (box->index.has_base)
		return;
	for (uint32_t i = 0; i < box->items.count; i++)
		box_take_modseq(box, i, box->highest);
}

static bool
has_news(const struct journal_state *a, const struct journal_state *b)
{
	return memcmp(a, b, offsetof(struct journal_state, own)) != 0;
}

static void
write_down(struct mailbox *box)
{
	struct box_index *x = &box->index;
	struct journal_state s = x->journal.state;

	if (!x->is_live) {
		if (!x->is_current || !box->uidvalidity || box->is_lost)
			return;
		memset(&s, 0, sizeof(s));
		start_modseqs(box);
		make_state(box, &s);
		x->is_live = write_anew(box, &s);
		x->is_off = !x->is_live; /* a full disk, most likely: not at every look again */
		return;
	}
	make_state(box, &s);
	if (x->pending.bytes.len == 0 && x->pending.group.len == 0 &&
	    !has_news(&s, &x->journal.state))
		return;
	if (journal_commit(&x->journal, &x->pending, &s) != 0) {
		box_index_leave(box);
		return;
	}
	if (journal_is_long(&x->journal.state)) {
		pending_free(&x->pending);
		x->is_live = write_anew(box, &x->journal.state);
	}
}

void
box_index_end(struct mailbox *box)
{
	struct box_index *x = &box->index;
	int saved = errno;

	if (x->is_locked) {
		if (!x->is_off && !box->is_lost)
			write_down(box);
		guard_disarm(&x->cur);
		guard_disarm(&x->new_mail);
		index_unlock(box->cur);
	}
	x->is_locked = x->is_current = false;
	x->modseq = 0;
	pending_free(&x->pending);
	errno = saved;
}

/*
 * Who only adds messages has not read the map; this is how its journal gets into it all the
 * same.
 */
void
box_index_fold(struct store *s, const char *name)
{
	struct mailbox *box;

	if (mailbox_open(s, name, MAILBOX_READ_ONLY, &box) != 0)
		return;
	if (box_index_begin(box, 0) == 0 && box->index.is_locked && box->index.is_live &&
	    journal_is_long(&box->index.journal.state))
		box->index.is_live = write_anew(box, &box->index.journal.state);
	box_index_end(box);
	mailbox_close(box);
}
