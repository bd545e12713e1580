/* items.c - the messages of a view: parts of an array, read from the map when they are needed */
#include "common/index/items.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/die.h"

struct items_chunk {
	struct item *at;       /* NULL: not read, or nothing is left of it */
	uint32_t start;        /* index of its first */
	uint32_t count, room;
	uint32_t gap;          /* items [0, gap) stand in front of the gap */
	uint32_t part;         /* of the source */
	uint32_t first_uid, last_uid; /* of those that ever were in it */
	/* more than looked at: what it says may be other than in the source */
	bool     is_kept;
	uint8_t  kinds;        /* of messages that it may have */
	uint64_t modseq;       /* the largest it may have */
};

static struct item *
item_memory(struct item *old, uint32_t count)
{
	struct item *at = realloc(old, count * sizeof(*at));

	if (!at)
		die("out of memory: a mailbox of many messages");
	return at;
}

/* ---- reading parts ---- */

/* Nothing is known of them: they count as gone, and the mailbox is given up. */
static void
make_gone(struct items_chunk *c)
{
	memset(c->at, 0, c->count * sizeof(*c->at));
	for (uint32_t i = 0; i < c->count; i++) {
		c->at[i].shown.uid = c->first_uid + i;
		c->at[i].is_gone = c->at[i].is_odd = c->at[i].is_told = true;
		c->at[i].name_at = UINT32_MAX;
	}
}

static void
load(const struct items *l, struct items_chunk *c)
{
	struct items_source *s = l->source;

	c->at = item_memory(NULL, c->count);
	c->room = c->gap = c->count;
	if (s->is_damaged || !s->read(s, c->part, c->at, c->count)) {
		s->is_damaged = c->is_kept = true;
		make_gone(c);
		return;
	}
	for (uint32_t i = 0; s->arrive && i < c->count; i++)
		s->arrive(s->context, &c->at[i]);
}

static struct items_chunk *
push_chunk(struct items *l)
{
	if (l->chunks == l->room) {
		l->room = l->room ? l->room * 2 : 4;
		l->chunk = l->room < UINT32_MAX / 2 ?
		                   realloc(l->chunk, l->room * sizeof(*l->chunk)) :
		                   NULL;
		if (!l->chunk)
			die("out of memory: a mailbox of %u messages", l->count);
	}
	memset(&l->chunk[l->chunks], 0, sizeof(*l->chunk));
	l->chunk[l->chunks].start = l->count;
	return &l->chunk[l->chunks++];
}

static uint8_t
kinds_of_part(const struct items_part *p)
{
	return (uint8_t)((p->unseen ? ITEMS_UNSEEN : 0) | (p->in_new ? ITEMS_IN_NEW : 0) |
	                 (p->deleted ? ITEMS_DELETED : 0));
}

void
items_from(struct items *l, struct items_source *source, const struct items_part *part,
           uint32_t parts)
{
	items_free(l);
	l->source = source;
	for (uint32_t i = 0; i < parts; i++) {
		struct items_chunk *c = push_chunk(l);

		c->part = i;
		c->first_uid = part[i].first_uid;
		c->last_uid = part[i].last_uid;
		c->kinds = kinds_of_part(&part[i]);
		c->modseq = part[i].modseq;
		c->count = part[i].count;
		l->count += c->count;
	}
}

void
items_free(struct items *l)
{
	for (uint32_t i = 0; i < l->chunks; i++)
		free(l->chunk[i].at);
	free(l->chunk);
	if (l->source)
		l->source->close(l->source);
	memset(l, 0, sizeof(*l));
}

bool
items_are_damaged(const struct items *l)
{
	return l->source && l->source->is_damaged;
}

/* ---- by index ---- */

/*
 * No part has more than ITEMS_PART, so it is the guessed one, or one behind it where messages
 * have left.
 */
static struct items_chunk *
chunk_of(const struct items *l, uint32_t index)
{
	uint32_t low = index / ITEMS_PART, high = l->chunks;

	if (low < high && index - l->chunk[low].start < l->chunk[low].count)
		return &l->chunk[low];
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (l->chunk[middle].start <= index)
			low = middle;
		else
			high = middle;
	}
	return &l->chunk[low]; /* of several that start there, the last is the only one not empty */
}

static struct item *
item_in(const struct items_chunk *c, uint32_t place)
{
	return &c->at[place < c->gap ? place : place + c->room - c->count];
}

struct item *
items_at(const struct items *l, uint32_t index)
{
	struct items_chunk *c = chunk_of(l, index);

	if (!c->at)
		load(l, c);
	c->is_kept = true;
	return item_in(c, index - c->start);
}

const struct item *
items_look(const struct items *l, uint32_t index)
{
	struct items_chunk *c = chunk_of(l, index);

	if (!c->at)
		load(l, c);
	return item_in(c, index - c->start);
}

void
items_let_go(const struct items *l)
{
	for (uint32_t i = 0; i < l->chunks; i++) {
		if (l->chunk[i].is_kept)
			continue;
		free(l->chunk[i].at);
		l->chunk[i].at = NULL;
	}
}

/* ---- coming and going ---- */

static void
move_gap(struct items_chunk *c, uint32_t to)
{
	uint32_t length = c->room - c->count;

	if (length > 0 && to < c->gap)
		memmove(c->at + to + length, c->at + to, (c->gap - to) * sizeof(*c->at));
	else if (length > 0 && to > c->gap)
		memmove(c->at + c->gap, c->at + c->gap + length, (to - c->gap) * sizeof(*c->at));
	c->gap = to;
}

/* The last chunk, with room for one more. */
static struct items_chunk *
chunk_for_push(struct items *l)
{
	struct items_chunk *c = l->chunks ? &l->chunk[l->chunks - 1] : NULL;

	if (!c || !c->at || c->count == ITEMS_PART)
		c = push_chunk(l);
	move_gap(c, c->count);
	if (c->count == c->room) {
		c->room = c->room == 0 ? 16 : c->room * 2;
		c->room = c->room < ITEMS_PART ? c->room : ITEMS_PART;
		c->at = item_memory(c->at, c->room);
	}
	return c;
}

struct item *
items_push(struct items *l, uint32_t uid)
{
	struct items_chunk *c = chunk_for_push(l);
	struct item *it = &c->at[c->count];

	if (c->first_uid == 0)
		c->first_uid = uid;
	c->last_uid = uid;
	c->is_kept = true;
	c->gap = ++c->count;
	l->count++;
	memset(it, 0, sizeof(*it));
	it->shown.uid = uid;
	return it;
}

void
items_remove(struct items *l, uint32_t index)
{
	struct items_chunk *c = chunk_of(l, index), *end = l->chunk + l->chunks;

	if (!c->at)
		load(l, c);
	c->is_kept = true;
	move_gap(c, index - c->start + 1);
	c->gap--;
	c->count--;
	l->count--;
	if (c->count == 0) {
		free(c->at);
		c->at = NULL;
		c->room = c->gap = 0;
	}
	for (c++; c < end; c++)
		c->start--;
}

/* ---- by UID ---- */

static uint32_t
place_of(const struct items_chunk *c, uint32_t uid)
{
	uint32_t low = 0, high = c->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (item_in(c, middle)->shown.uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
items_at_or_behind(const struct items *l, uint32_t uid)
{
	uint32_t low = 0, high = l->chunks;
	struct items_chunk *c;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->chunk[middle].last_uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->chunks)
		return l->count;
	c = &l->chunk[low];
	if (c->count == 0 || uid <= c->first_uid)
		return c->start;
	if (!c->at)
		load(l, c);
	c->is_kept = true;
	return c->start + place_of(c, uid);
}

uint32_t
items_last_uid(const struct items *l)
{
	return l->chunks ? l->chunk[l->chunks - 1].last_uid : 0;
}

/* ---- walking ---- */

static bool
is_of_kind(const struct items_chunk *c, unsigned kinds)
{
	return c->count > 0 && ((c->kinds & kinds) != 0 || (kinds & ITEMS_IN_MEMORY && c->at));
}

uint32_t
items_next(const struct items *l, uint32_t index, unsigned kinds)
{
	const struct items_chunk *c, *end;

	if (index >= l->count)
		return l->count;
	c = chunk_of(l, index);
	end = l->chunk + l->chunks;
	if (is_of_kind(c, kinds))
		return index;
	for (c++; c < end; c++)
		if (is_of_kind(c, kinds))
			return c->start;
	return l->count;
}

uint32_t
items_next_with(const struct items *l, uint32_t index, uint32_t has, uint32_t lacks)
{
	unsigned kinds = has & FLAG_DELETED ? ITEMS_DELETED : lacks & FLAG_SEEN ? ITEMS_UNSEEN : 0;

	while (index < l->count && (has || lacks)) {
		struct items_chunk *c = chunk_of(l, index);
		uint32_t end = c->start + c->count;

		if (kinds && !is_of_kind(c, kinds)) {
			index = end;
			continue;
		}
		if (!c->at)
			load(l, c);
		c->is_kept = true;
		for (; index < end; index++) {
			uint32_t flags = item_in(c, index - c->start)->shown.flags;

			if ((flags & has) == has && !(flags & lacks))
				return index;
		}
	}
	return index < l->count ? index : l->count;
}

uint32_t
items_below(const struct items *l, uint32_t index, unsigned kinds)
{
	const struct items_chunk *c;

	if (index == 0 || l->count == 0)
		return 0;
	if (index > l->count)
		index = l->count;
	c = chunk_of(l, index - 1);
	if (is_of_kind(c, kinds))
		return index;
	while (c > l->chunk) {
		c--;
		if (is_of_kind(c, kinds))
			return c->start + c->count;
	}
	return 0;
}

uint32_t
items_next_changed(const struct items *l, uint32_t index, uint64_t since)
{
	const struct items_chunk *c, *end;

	if (index >= l->count)
		return l->count;
	c = chunk_of(l, index);
	end = l->chunk + l->chunks;
	if (c->modseq > since)
		return index;
	for (c++; c < end; c++)
		if (c->count > 0 && c->modseq > since)
			return c->start;
	return l->count;
}

void
items_mark(const struct items *l, uint32_t index)
{
	struct items_chunk *c = chunk_of(l, index);
	const struct item *it = item_in(c, index - c->start);

	if (c->modseq < it->shown.modseq)
		c->modseq = it->shown.modseq;
	c->kinds |= (uint8_t)((it->flags & FLAG_SEEN ? 0 : ITEMS_UNSEEN) |
	                      (it->in_new ? ITEMS_IN_NEW : 0) |
	                      (it->flags & FLAG_DELETED ? ITEMS_DELETED : 0) |
	                      (it->is_gone ? ITEMS_GONE : 0) | (it->is_told ? 0 : ITEMS_UNTOLD) |
	                      (it->shown.flags & FLAG_RECENT ? ITEMS_RECENT : 0));
}
