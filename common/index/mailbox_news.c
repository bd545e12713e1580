/*
 * mailbox_news.c - what has changed, told one piece at a time
 *
 * Removed messages are told from the last to the first: numbers below stay as
 * they are, and the array behind moves only once in all (items.h).
 */
#include <errno.h>

#include "common/index/mailbox_inside.h"

int
mailbox_sync(struct mailbox *box)
{
	box_drain_watch(box);
	if (box_look(box, LOOK_IF_CHANGED) == 0)
		return 0;
	return box->is_lost ? 0 : -1; /* that is news, not a failure */
}

bool
mailbox_holds_expunged(const struct mailbox *box)
{
	return box->gone_left > 0;
}

/* ---- one function for each kind; false: nothing of it ---- */

static bool
next_lost(struct mailbox *box, struct news *n)
{
	if (!box->is_lost || box->lost_told)
		return false;
	box->lost_told = true;
	n->kind = NEWS_LOST;
	return true;
}

static bool
next_expunged(struct mailbox *box, struct news *n)
{
	if (box->gone_left == 0)
		return false;
	for (;;) {
		struct item *it;

		box->gone_sweep = items_below(&box->items, box->gone_sweep, ITEMS_GONE);
		if (box->gone_sweep == 0 || box->gone_sweep > box->visible)
			box->gone_sweep = items_below(&box->items, box->visible, ITEMS_GONE);
		it = items_at(&box->items, --box->gone_sweep);
		if (!it->is_gone)
			continue;
		if (it->shown.flags & FLAG_RECENT)
			box->recent--;
		*n = (struct news){ NEWS_EXPUNGED, box->gone_sweep + 1, it->shown.uid };
		items_remove(&box->items, box->gone_sweep);
		box->visible--;
		box->gone_left--;
		return true;
	}
}

/* Those that came and went before anybody was told leave in silence. */
static void
remove_unseen(struct mailbox *box)
{
	for (uint32_t i = box->items.count; i > box->visible; i--)
		if (items_at(&box->items, i - 1)->is_gone)
			items_remove(&box->items, i - 1);
}

static bool
next_exists(struct mailbox *box, struct news *n)
{
	if (box->items.count == box->visible)
		return false;
	remove_unseen(box);
	if (box->items.count == box->visible)
		return false;
	for (; box->visible < box->items.count; box->visible++)
		if (items_at(&box->items, box->visible)->shown.flags & FLAG_RECENT)
			box->recent++;
	*n = (struct news){ NEWS_EXISTS, box->visible, 0 };
	return true;
}

static bool
next_recent(struct mailbox *box, struct news *n)
{
	if (box->recent == box->recent_told)
		return false;
	box->recent_told = box->recent;
	*n = (struct news){ NEWS_RECENT, box->recent, 0 };
	return true;
}

static bool
next_keywords(struct mailbox *box, struct news *n)
{
	if (!box->keyword_news)
		return false;
	box->keyword_news = false;
	n->kind = NEWS_KEYWORDS;
	return true;
}

static bool
next_flags(struct mailbox *box, struct news *n)
{
	while (box->tell_left > 0) {
		struct item *it;
		uint32_t index;

		box->tell_sweep = items_next(&box->items, box->tell_sweep, ITEMS_UNTOLD);
		if (box->tell_sweep >= box->visible)
			box->tell_sweep = items_next(&box->items, 0, ITEMS_UNTOLD);
		index = box->tell_sweep++;
		it = items_at(&box->items, index);
		if (it->is_told)
			continue;
		it->is_told = true;
		box->tell_left--;
		it->shown.flags = it->flags | (it->shown.flags & FLAG_RECENT);
		it->shown.keywords = it->keywords;
		*n = (struct news){ NEWS_FLAGS, index + 1, it->shown.uid };
		return true;
	}
	return false;
}

bool
mailbox_next_news(struct mailbox *box, bool may_expunge, struct news *news_out)
{
	struct news n = { NEWS_NONE, 0, 0 };

	if (next_lost(box, &n) || (may_expunge && next_expunged(box, &n)) || next_exists(box, &n) ||
	    next_recent(box, &n) || next_keywords(box, &n) || next_flags(box, &n)) {
		*news_out = n;
		return true;
	}
	*news_out = n;
	return false;
}
