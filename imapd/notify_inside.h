/* notify_inside.h - what the files of NOTIFY share: the state of what is watched */
#ifndef LINNET_IMAPD_NOTIFY_INSIDE_H
#define LINNET_IMAPD_NOTIFY_INSIDE_H

#include "common/maildir/metadata.h"
#include "imapd/notify.h"

/* A mailbox that some group covers. */
struct notify_box {
	const char           *name;
	unsigned              events;
	struct mailbox_status told;    /* what the client knows, or could */
	struct metadata       entries; /* with EVENT_METADATA */
	bool                  has_news, has_entries_news;
};

/* What an inotify watch stands for. */
enum notify_place { PLACE_ROOT, PLACE_MESSAGES, PLACE_FOLDER };
struct notify_wd {
	int               wd;
	enum notify_place place;
	size_t            box; /* of PLACE_MESSAGES and PLACE_FOLDER */
};

struct notify_renamed {
	const char *from, *to;
	uint32_t    cookie;
};

/*
 * All of it is made anew when folders come or go: what is known of mailboxes is carried over, and
 * each is looked at once more, so that nothing is missed between two watches.
 */
struct notify_state {
	struct arena           mem;
	int                    watch; /* inotify; -1: there is none to be had, look now and then */
	struct notify_wd      *wd;
	size_t                 wds, wd_room;
	struct notify_box     *box;
	size_t                 boxes, box_room;
	struct store_folder   *folder; /* sorted by strcmp() */
	size_t                 folders;
	struct metadata        server;
	struct notify_renamed *renamed; /* since the state was made */
	size_t                 renames, renamed_room;
	bool                   folders_changed, server_changed;
	unsigned               looks; /* a folder is being made: look so many times more */
};

struct notify {
	struct arena         asked; /* the groups, as long as the NOTIFY */
	struct notify_group *group;
	size_t               count;
	const char          *attributes; /* "(UID FLAGS)", or NULL */
	unsigned             selected;   /* events of the selected mailbox */
	bool                 is_delayed;
	struct ranges        own; /* UIDs that a command has just given to the selected mailbox */
	struct notify_state *state;
};

/* notify_state.c */

/* -1 with errno; EMLINK: more than LIMIT_NOTIFY_MAILBOXES.  old: what is known already, or NULL. */
int notify_state_make(struct session *s, const struct notify *n, const struct notify_state *old,
                      struct notify_state **state_out);
struct notify_state *notify_state_free(struct notify_state *st); /* NULL allowed; returns NULL */
void notify_state_drain(struct notify_state *st); /* what inotify has, marked where it belongs */

/* All events that groups want of a mailbox when it is not selected. */
unsigned notify_events_of(const struct notify *n, const struct store_folder *folder);

const struct store_folder *notify_find_folder(const struct notify_state *st, const char *name);

#endif
