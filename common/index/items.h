/* items.h - the messages of a view: parts of an array, read from the map when they are needed */
#ifndef LINNET_INDEX_ITEMS_H
#define LINNET_INDEX_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/index/mailbox.h"

#define SIZE_UNKNOWN UINT64_MAX
#define DATE_UNKNOWN INT64_MIN

/*
 * As in memory, so in linnet.map, but for what belongs to a session alone:
 * shown, keywords, is_gone, is_told, is_counted.
 */
struct item {
	struct message shown;    /* as the client knows it; uid and modseq are right always */
	uint64_t       size;     /* octets with CRLF */
	int64_t        date;     /* the file's mtime */
	/* as they are on disk now; keywords by this session's numbers */
	uint32_t       flags, keywords;
	uint32_t       letters;  /* keywords as letters of the name: bit n: 'a' + n */
	/* in the names (names.h): the base, or the whole name when is_odd */
	uint32_t       name_at;
	uint8_t        name_length, base_length;
	uint8_t        in_new : 1;   /* the file is in new/, not in cur/ */
	uint8_t        is_odd : 1;   /* the name is not the one that base and flags make */
	uint8_t        is_gone : 1;  /* expunged, but maybe still in the view */
	/* 0: flags differ from what the client knows and are to be told */
	uint8_t        is_told : 1;
	/* size or date was learnt from the file and waits to be stored */
	uint8_t        is_counted : 1;
	uint8_t        pad[5];
};

enum { ITEMS_PART = 1024 /* messages of a part at most */ };

/* What is known of a part before it is read. */
struct items_part {
	uint32_t first_uid, last_uid, count;
	uint32_t unseen, in_new, deleted; /* messages of it that are */
	uint64_t modseq; /* the largest */
};

/*
 * Where parts come from.  Reading may fail long after opening, when somebody cut
 * the file; the messages are gone ones then, and is_damaged says that nothing here holds.
 */
struct items_source {
	bool (*read)(struct items_source *s, uint32_t part, struct item *to, uint32_t count);
	void (*close)(struct items_source *s); /* frees it, too */
	/* sets what is of the session alone; NULL: none */
	void (*arrive)(void *context, struct item *it);
	void  *context;
	bool   is_damaged;
};

/*
 * Removing items from the back to the front costs O(count) altogether, however
 * many they are: each part has a gap that just moves along.
 */
struct items {
	struct items_chunk  *chunk; /* items.c */
	uint32_t             chunks, room;
	uint32_t             count; /* messages in all */
	struct items_source *source; /* NULL: all are in memory */
};

/* All parts of a source, which is taken over; l is empty before. */
void items_from(struct items *l, struct items_source *source, const struct items_part *part,
                uint32_t parts);
void items_free(struct items *l);

/* Reads its part where that has not been done. */
struct item *items_at(const struct items *l, uint32_t index);
/*
 * The same, for one that will only be looked at: items_let_go() forgets what was read for that
 * alone.
 */
const struct item *items_look(const struct items *l, uint32_t index);
void items_let_go(const struct items *l);

/* Cleared but for its UID, which is above all others; valid until the next push or remove. */
struct item *items_push(struct items *l, uint32_t uid);
void         items_remove(struct items *l, uint32_t index);

/* Index of the first item with this UID or a larger one; count when there is none. */
uint32_t items_at_or_behind(const struct items *l, uint32_t uid);
uint32_t items_last_uid(const struct items *l); /* 0: none */

bool items_are_damaged(const struct items *l);

/*
 * Walking over those of interest only, without reading the others: the first index not
 * below this one whose part may have messages of these kinds; count when there is none.
 */
enum items_kind {
	ITEMS_UNSEEN = 1 << 0, ITEMS_IN_NEW = 1 << 1, ITEMS_DELETED = 1 << 2,
	ITEMS_GONE = 1 << 3, ITEMS_UNTOLD = 1 << 4, ITEMS_RECENT = 1 << 5,
	ITEMS_IN_MEMORY = 1 << 6
};
uint32_t items_next(const struct items *l, uint32_t index, unsigned kinds);
/* The same for parts that may have a modseq above since. */
uint32_t items_next_changed(const struct items *l, uint32_t index, uint64_t since);
/* The next one that the client knows with all of these flags and none of those. */
uint32_t items_next_with(const struct items *l, uint32_t index, uint32_t has, uint32_t lacks);
/* Backwards: the largest i not above index of which i - 1 is in such a part; 0: none. */
uint32_t items_below(const struct items *l, uint32_t index, unsigned kinds);

/* This item has changed: its part has messages of its kinds. */
void items_mark(const struct items *l, uint32_t index);

#endif
