/*
 * mailbox_index.c - how a session uses the folder's index
 *
 * (1) The lock is a flock() on cur/: it dies with its owner, needs no file and
 *     no room on a full disk, and stays the same when somebody deletes the
 *     index.  It is taken before the uidlist's lock, never while holding that, and
 *     a second folder's only by trying once: nobody waits in a circle.
 * (2) Whoever changes the folder holds it from before the first rename until the
 *     journal says so.  So the journal's order is the order of what happened.
 * (3) The state has stamps of cur/, new/ and the uidlist only when all names
 *     in them are known to be as map and journal say: each directory was as stamped, or was
 *     looked through, at a time when the guard was armed, and the guard saw no
 *     change but ours since.  Whatever is uncertain leaves no stamp, and the next session looks.
 * (4) A session that cannot follow (damage, a file of another mailbox, no
 *     right to write) looks through the folder, as if there were no index.
 * (5) MODSEQ: the next is one more, but never below the clock's seconds << 20
 *     plus its microseconds, and so above what any earlier index has given.  In a new one all
 *     messages have
 *     that value: who asks what changed is told too much rather than too little.
 * (6) An index whose cur/ is another directory than ours came with a copy, or
 *     from a backup, or is what another mailbox of the same name has left below index_dir: it is
 *     not used.  A cur/ that got the number of a removed one has another UIDVALIDITY.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"

enum { READ_AT_ONCE = 4096 /* messages */ };

uint64_t
box_modseq(struct mailbox *box)
{
	if (box->index.modseq)
		return box->index.modseq;
	box->highest = index_next_modseq(box->highest);
	box->index.modseq = box->highest;
	return box->index.modseq;
}

bool
box_knows_keywords(const struct mailbox *box)
{
	return box->index.journal.state.keywords ==
	       index_sum_of_keywords(box->keywords.name, LIMIT_KEYWORDS);
}

bool
box_index_is_current(const struct mailbox *box)
{
	struct index_folder f = { box->folder, box->cur, box->new_mail };

	return index_is_current(&box->index.journal.state, &f) && box_knows_keywords(box);
}

static void
refresh_keywords(struct mailbox *box)
{
	unsigned before = box->keywords.generation;

	if (keywords_refresh(&box->keywords, box->folder) != 0 ||
	    before == box->keywords.generation)
		return;
	box_number_keywords(box);
	box_number_items(box);
}

/* The journal was folded: its successor begins where it ended (journal.c (5)). */
static bool
follow_fold(struct mailbox *box)
{
	struct journal next;

	if (journal_open(box->place, &next) != 0)
		return false;
	if (next.state.generation != box->index.journal.state.next) {
		journal_close(&next);
		return false;
	}
	journal_close(&box->index.journal);
	box->index.journal = next;
	return true;
}

static bool
read_tail(struct mailbox *box)
{
	struct journal_reader reader = box_reader;
	struct journal *j = &box->index.journal;

	reader.context = box;
	do {
		if (!journal_refresh(j))
			return false;
		refresh_keywords(box);
		if (journal_read(j, &reader) != 0)
			return false;
	} while (j->state.bits & JOURNAL_IS_FOLDED && follow_fold(box));
	return !(j->state.bits & JOURNAL_IS_FOLDED);
}

void
box_index_take_state(struct mailbox *box)
{
	const struct journal_state *s = &box->index.journal.state;

	box->uidvalidity = s->uidvalidity;
	box->uidnext = s->uidnext;
	if (box->highest < s->highest)
		box->highest = s->highest;
	box->letters_seen = s->letters;
	box->index.gone_floor = s->gone_floor;
	box->index.newest = s->newest;
	box->index.dead = s->dead;
	box->index.has_uidls = (s->bits & JOURNAL_HAS_UIDLS) != 0;
	box->index.has_guids = (s->bits & JOURNAL_HAS_GUIDS) != 0;
	if (s->id[0])
		memcpy(box->id, s->id, sizeof(box->id));
}

static bool
is_consistent(const struct mailbox *box)
{
	const struct journal_state *s = &box->index.journal.state;

	return s->counters.messages == box->index.counters.messages && s->uidvalidity > 0 &&
	       s->uidnext > box->top_uid && s->highest > 0 &&
	       s->ino_of_cur == box->ino_of_cur;
}

/*
 * A message's part of the map was just read.  What the journal says of it is
 * applied later, or is why it was read.
 */
static void
arrive(void *context, struct item *it)
{
	struct mailbox *box = context;

	if (it->letters)
		it->shown.keywords = it->keywords = box_keywords_of(box, it->letters);
}

/* Small ones are read whole: no accident to the file can touch them any more (map.c (5)). */
static bool
take_items(struct mailbox *box, struct items *items)
{
	box->items = *items;
	box->items.source->arrive = arrive;
	box->items.source->context = box;
	for (uint32_t i = 0; i < box->items.count && box->items.count <= READ_AT_ONCE;
	     i += ITEMS_PART)
		items_at(&box->items, i);
	return !items_are_damaged(&box->items);
}

/* Map and journal into an empty mailbox. */
bool
box_index_load(struct mailbox *box)
{
	struct map m;
	struct journal j;

	if (map_read(box->place, &m) != 0)
		return false;
	if (journal_open(box->place, &j) != 0) {
		map_free(&m);
		return false;
	}
	if (j.state.generation != m.generation) {
		journal_close(&j);
		map_free(&m);
		return false;
	}
	box->names = m.names;
	box->index.gone = m.gone;
	box->index.gone_count = box->index.gone_room = m.gone_count;
	box->index.journal = j;
	if (!take_items(box, &m.items))
		return false;
	box->top_uid = items_last_uid(&box->items);
	/* the rest is taken from the state below */
	box->index.counters.messages = box->items.count;
	if (!read_tail(box) || !is_consistent(box) || items_are_damaged(&box->items))
		return false;
	box->index.counters = box->index.journal.state.counters;
	box_index_take_state(box);
	return true;
}

void
box_index_discard(struct mailbox *box)
{
	struct box_index *x = &box->index;

	journal_close(&x->journal);
	x->is_live = false;
	pending_free(&x->pending);
	free(x->gone);
	x->gone = NULL;
	x->gone_count = x->gone_room = 0;
	if (box->is_shown)
		return;
	items_free(&box->items);
	names_free(&box->names);
	memset(&x->counters, 0, sizeof(x->counters));
	box->top_uid = 0;
	box->uidvalidity = box->uidnext = 0;
}

static void
load(struct mailbox *box)
{
	journal_close(&box->index.journal);
	if (box->is_shown) {
		box_index_load_again(box);
	} else if (box->items.count == 0 && box_index_load(box)) {
		box->index.is_live = true;
		box->has_recent = box->index.counters.in_new > 0;
	} else {
		box_index_discard(box);
	}
}

bool
box_index_follow(struct mailbox *box)
{
	struct box_index *x = &box->index;

	if (x->is_off)
		return false;
	refresh_keywords(box);
	if (x->is_live &&
	    (!read_tail(box) || (x->is_locked && !journal_is_there(&x->journal, box->place))))
		box_index_leave(box);
	if (!x->is_live)
		load(box);
	if (!x->is_live)
		return false;
	box_index_take_state(box);
	return box_index_is_current(box);
}

void
box_index_leave(struct mailbox *box)
{
	box->index.is_live = box->index.is_current = false;
	pending_free(&box->index.pending);
	journal_close(&box->index.journal);
}

void
box_index_free(struct mailbox *box)
{
	box_index_leave(box);
	free(box->index.gone);
}
