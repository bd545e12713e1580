/* items.h - the messages of a view: an array with a gap that removals leave behind */
#ifndef LINNET_INDEX_ITEMS_H
#define LINNET_INDEX_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/index/mailbox.h"

#define SIZE_UNKNOWN UINT64_MAX

struct item {
	struct message shown;    /* as the client knows it; uid and modseq are right always */
	const char    *name;     /* of the file, in struct mailbox's names */
	uint64_t       size;     /* octets with CRLF */
	uint32_t       flags, keywords; /* as they are on disk now; keywords by this session's numbers */
	uint16_t       base_length;
	bool           in_new;   /* the file is in new/, not in cur/ */
	bool           is_gone;  /* expunged, but maybe still in the view */
	bool           is_told;  /* false: flags differ from what the client knows and are to be told */
	bool           is_counted; /* size was counted from the file and waits to be stored */
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

/* Index of the first item with this UID or a larger one; count when there is none. */
uint32_t     items_at_or_behind(const struct items *l, uint32_t uid);

#endif
