/* list.h - LIST and LSUB: what is asked, and which mailboxes answer it */
#ifndef LINNET_IMAPD_LIST_H
#define LINNET_IMAPD_LIST_H

#include "imapd/session.h"
#include "imapd/status.h"

enum { /* options of RFC 5258, 5819, 6154: selection, RETURN, or both */
	LIST_SUBSCRIBED  = 1 << 0,
	LIST_SPECIAL_USE = 1 << 1,
	LIST_CHILDREN    = 1 << 2,
	LIST_STATUS      = 1 << 3,
	LIST_REMOTE      = 1 << 4, /* there are no remote ones */
	LIST_RECURSIVE   = 1 << 5  /* RECURSIVEMATCH */
};

struct list_args {
	unsigned            select, give;
	bool                is_extended;
	struct span         reference;
	struct span        *pattern;
	size_t              count, room;
	struct status_items status;
};

/* One mailbox of the answer. */
struct list_answer {
	const struct store_folder *folder;
	const char                *use;      /* "\Sent", or "" */
	bool                       is_selected;  /* meets the selection criteria itself */
	bool                       has_selected; /* something below it does: CHILDINFO */
};

/*
 * All mailboxes that match a pattern and meet the selection criteria, or with LIST_RECURSIVE have
 * something below them that does and does not match (RFC 5258 s.3.3), in s->mem, parents first.
 * 0, or -1 with errno.
 */
int list_find(struct session *s, const struct list_args *a, struct list_answer **answers_out,
              size_t *count_out);

/*
 * "* LIST (...)" of one mailbox that nobody asked for, with the name that it had, or NULL
 * (RFC 5465 s.5.4, 5.5).
 */
void put_list_folder(struct session *s, const struct store_folder *folder, const char *old_name);

#endif
