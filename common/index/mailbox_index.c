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
 *     plus its microseconds, and so above what any earlier index has given.  In a new one all messages have
 *     that value: who asks what changed is told too much rather than too little.
 * (6) An index whose cur/ is another directory than ours came with a copy, or
 *     from a backup: it is not used.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/index/mailbox_inside.h"
#include "common/index/lock.h"
#include "common/index/sum.h"

enum { READ_AT_ONCE = 4096 /* messages */, FOLD_LEAST = 64 * 1024, FOLD_MOST = 512 * 1024 };

uint64_t
box_modseq(struct mailbox *box)
{
	if (box->index.modseq)
		return box->index.modseq;
	box->highest = index_next_modseq(box->highest);
	box->index.modseq = box->highest;
	return box->index.modseq;
}

/* ---- reading it ---- */

bool
box_knows_keywords(const struct mailbox *box)
{
	return box->index.journal.state.keywords ==
	       index_sum_of_keywords(box->keywords.name, LIMIT_KEYWORDS);
}

static bool
is_current(const struct mailbox *box)
{
	struct index_folder f = { box->folder, box->cur, box->new_mail };

	return index_is_current(&box->index.journal.state, &f) && box_knows_keywords(box);
}

static void
refresh_keywords(struct mailbox *box)
{
	unsigned before = box->keywords.generation;

	if (keywords_refresh(&box->keywords, box->folder) != 0 || before == box->keywords.generation)
		return;
	box_number_keywords(box);
	box_number_items(box);
}

/* The journal was folded: its successor begins where it ended (journal.c (5)). */
static bool
follow_fold(struct mailbox *box)
{
	struct journal next;

	if (journal_open(box->folder, &next) != 0)
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

static void
take_state(struct mailbox *box)
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
	       s->uidnext > box->top_uid && s->highest > 0 && (stamp_is_none(&s->cur) || s->cur.ino == box->ino_of_cur);
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
	for (uint32_t i = 0; i < box->items.count && box->items.count <= READ_AT_ONCE; i += ITEMS_PART)
		items_at(&box->items, i);
	return !items_are_damaged(&box->items);
}

/* Map and journal into an empty mailbox. */
static bool
load_empty(struct mailbox *box)
{
	struct map m;
	struct journal j;

	if (map_read(box->folder, &m) != 0)
		return false;
	if (journal_open(box->folder, &j) != 0) {
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
	box->index.counters.messages = box->items.count; /* the rest is taken from the state below */
	if (!read_tail(box) || !is_consistent(box) || items_are_damaged(&box->items))
		return false;
	box->index.counters = box->index.journal.state.counters;
	take_state(box);
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

/* ---- a session that knows something already, and comes back to the index ---- */

static void
take_modseq(struct mailbox *box, uint32_t index, uint64_t modseq)
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
		else if (box_take(box, o->shown.uid, box_name_of(other, o), o->in_new, o->size, o->date, false))
			take_modseq(box, box->items.count - 1, o->shown.modseq);
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
			take_modseq(box, i, box_modseq(box));
		else if (it->shown.modseq < o->shown.modseq)
			take_modseq(box, i, o->shown.modseq);
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
	take_state(box);
}

static void
load_again(struct mailbox *box)
{
	struct mailbox other;

	memset(&other, 0, sizeof(other));
	other.folder = box->folder;
	other.cur = box->cur;
	other.new_mail = box->new_mail;
	other.ino_of_cur = box->ino_of_cur;
	other.mode = MAILBOX_READ_WRITE;
	other.index.journal = (struct journal)JOURNAL_NONE;
	keywords_init(&other.keywords);
	if (load_empty(&other) && other.uidvalidity == box->uidvalidity && names_load(&other.names)) {
		if (is_current(&other))
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

static void
load(struct mailbox *box)
{
	journal_close(&box->index.journal);
	if (box->is_shown) {
		load_again(box);
	} else if (box->items.count == 0 && load_empty(box)) {
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
	if (x->is_live && (!read_tail(box) || (x->is_locked && !journal_is_there(&x->journal, box->folder))))
		box_index_leave(box);
	if (!x->is_live)
		load(box);
	if (!x->is_live)
		return false;
	take_state(box);
	return is_current(box);
}

/* ---- writing it ---- */

int
box_index_begin(struct mailbox *box, int seconds)
{
	struct box_index *x = &box->index;

	if (x->is_off || x->is_locked)
		return 0;
	if (!box->can_assign)
		return 0;
	if (index_lock(box->cur, seconds) != 0) {
		if (errno == ETIMEDOUT)
			return -1;
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
stamp_of_part(struct guard *g, const struct stamp *before, bool scanned, const struct box_stamp *seen)
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
		s->uidlist = box->uids.is_there && !box->uids.must_rewrite ? stamp_of_file(&box->uids.file) : none;
		s->uidnext = box->uids.next;
		note_fields(box);
		x->dead = box->uids.count > x->counters.messages ? box->uids.count - x->counters.messages : 0;
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
}

static uint64_t
new_generation(const struct mailbox *box)
{
	struct timespec now;
	uint64_t seed[4];

	clock_gettime(CLOCK_REALTIME, &now);
	seed[0] = (uint64_t)now.tv_sec;
	seed[1] = (uint64_t)now.tv_nsec;
	seed[2] = (uint64_t)getpid();
	seed[3] = (uint64_t)(uintptr_t)box;
	return sum_of(seed, sizeof(seed), box->ino);
}

/* The oldest are forgotten; who knows less than that is told everything. */
static void
bound_history(struct box_index *x)
{
	size_t over = x->gone_count > LIMIT_INDEX_GONE ? x->gone_count - LIMIT_INDEX_GONE / 2 : 0;

	if (over == 0)
		return;
	x->gone_floor = x->gone[over - 1].modseq;
	memmove(x->gone, x->gone + over, (x->gone_count - over) * sizeof(*x->gone));
	x->gone_count -= over;
}

/* A new map with all that is known, and an empty journal behind it. */
static bool
write_anew(struct mailbox *box, const struct journal_state *state)
{
	struct box_index *x = &box->index;
	struct journal_state s = *state, folded;
	struct journal fresh;

	s.generation = new_generation(box);
	bound_history(x);
	s.gone_floor = x->gone_floor;
	if (map_write(box->folder, s.generation, &box->items, &box->names, x->gone, x->gone_count) != 0)
		return false;
	if (journal_create(box->folder, &s, &fresh) != 0)
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
		take_modseq(box, i, box->highest);
}

/* Bytes of a journal that is folded: a share of the map, and not more than a session may read at each opening. */
static uint64_t
fold_at(const struct mailbox *box)
{
	uint64_t share = (uint64_t)box->items.count * sizeof(struct item) / 4;

	return share < FOLD_LEAST ? FOLD_LEAST : share > FOLD_MOST ? FOLD_MOST : share;
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
	if (x->pending.bytes.len == 0 && x->pending.group.len == 0 && !has_news(&s, &x->journal.state))
		return;
	if (journal_commit(&x->journal, &x->pending, &s) != 0) {
		box_index_leave(box);
		return;
	}
	if (s.end > fold_at(box)) {
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
