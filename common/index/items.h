/* items.h - the messages of a view: an array with a gap that removals leave behind */
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
	uint32_t       flags, keywords; /* as they are on disk now; keywords by this session's numbers */
	uint32_t       letters;  /* keywords as letters of the name: bit n: 'a' + n */
	uint32_t       name_at;  /* in the names (names.h): the base, or the whole name when is_odd */
	uint8_t        name_length, base_length;
	uint8_t        in_new : 1;   /* the file is in new/, not in cur/ */
	uint8_t        is_odd : 1;   /* the name is not the one that base and flags make */
	uint8_t        is_gone : 1;  /* expunged, but maybe still in the view */
	uint8_t        is_told : 1;  /* 0: flags differ from what the client knows and are to be told */
	uint8_t        is_counted : 1; /* size or date was learnt from the file and waits to be stored */
	uint8_t        pad[5];
};

/*
 * Removing items from the back to the front costs O(count) altogether, however
 * many they are, as the gap just moves along.
 */
struct items {
	struct item *at;
	uint32_t     count, room;
	uint32_t     gap; /* items [0, gap) stand in front of it */
};

struct item *items_at(const struct items *l, uint32_t index);
struct item *items_push(struct items *l); /* cleared; valid until the next push or remove */
void         items_remove(struct items *l, uint32_t index);
void         items_free(struct items *l);
/* Room for count items at once: the array to fill, all of them visible from now on.  l is empty before. */
struct item *items_fill(struct items *l, uint32_t count);

/* Index of the first item with this UID or a larger one; count when there is none. */
uint32_t     items_at_or_behind(const struct items *l, uint32_t uid);

#endif
