/* mailbox_inside.h - what the files of an open mailbox share */
#ifndef LINNET_INDEX_MAILBOX_INSIDE_H
#define LINNET_INDEX_MAILBOX_INSIDE_H

#include <sys/stat.h>

#include "common/index/guard.h"
#include "common/index/items.h"
#include "common/index/journal.h"
#include "common/index/mailbox.h"
#include "common/index/map.h"
#include "common/index/names.h"
#include "common/maildir/keywords.h"
#include "common/maildir/uidlist.h"

enum { BOX_KEYWORDS = 32 /* bits in a message's keywords */, BOX_TRIES = 10 };

/*
 * A keyword as this session numbers it: the number never changes its name while the mailbox is
 * open.
 */
struct box_keyword {
	const char *name;
	int         letter; /* 0 ... 25, -1: it has lost its letter */
};

/* When cur/ or new/ was last read. */
struct box_stamp {
	struct stat     dir;
	struct timespec read_at;
};

/*
 * The folder's index, as far as this session follows it (mailbox_index.c).
 * While it is live, what the items say of the disk is what map and journal say up to journal.at.
 */
struct box_index {
	bool           is_off;     /* this session does without */
	bool           is_live;
	bool           is_held;    /* by another process, for longer than a look waits */
	bool           is_locked;  /* this session may write it now */
	/* under the lock: the directories are as the state says, or were looked through since */
	bool           is_current;
	/* the last look left something out: there may be more than the items say */
	bool           is_partial;
	bool           has_base;   /* modseqs were taken over from an index that was behind */
	bool           was_scanned, was_uidlist_read; /* under the lock */
	bool           was_new_read, was_appended;    /* by box_look_new() */
	struct stat    appended;   /* the uidlist then */
	struct newest  newest;
	uint64_t       dead;       /* records of the uidlist whose messages were removed */
	struct journal journal;
	struct pending pending;
	uint64_t       modseq;     /* of the change under way; 0: none was needed yet */
	struct guard   cur, new_mail;
	struct counters counters;
	struct vanished   *gone;       /* removed messages, for QRESYNC */
	size_t         gone_count, gone_room;
	uint64_t       gone_floor;
	bool           has_uidls, has_guids; /* the uidlist's records have P, or G, fields */
};

struct mailbox {
	struct store     *store;
	const char       *name, *folder_name;
	enum mailbox_mode mode;
	bool              is_writable; /* messages may be changed */
	bool              can_assign;  /* UIDs may be written, also when opened read-only */
	bool              is_lost;
	bool              is_late;     /* a look found what cannot be numbered any more */
	bool              has_recent;  /* new mail that the index knew */
	bool              has_looked;  /* through the folder, at least once */
	bool              is_shown;    /* the client knows it: numbers are given */
	int               folder, cur, new_mail; /* directories; new_mail -1: there is none */
	int               place; /* of the index: folder, or below index_dir; -1: there is none */
	dev_t             dev; /* of the folder */
	ino_t             ino, ino_of_cur;

	struct uidlist    uids;
	struct dotlock    lists; /* held while lists_depth is above 0 */
	unsigned          lists_depth;
	int64_t           patience; /* of the command under way: lock_seconds_left() */
	struct keywords   keywords;
	struct box_index  index;
	uint32_t          uidvalidity, uidnext;
	uint64_t          highest; /* MODSEQ */
	uint32_t          top_uid; /* the largest one in items so far */

	/* items [0, visible) are the view, those behind it wait for NEWS_EXISTS */
	struct items      items;
	uint32_t          visible;
	uint32_t          gone_left, tell_left;      /* in the view, not yet told */
	uint32_t          gone_sweep, tell_sweep;    /* where the search for them goes on */
	uint32_t          recent, recent_told;
	bool              keyword_news, lost_told;

	struct box_keyword keyword[BOX_KEYWORDS];
	unsigned          keyword_count;
	int               number_of_letter[LIMIT_KEYWORDS]; /* -1: no keyword */
	uint32_t          letters_seen; /* in file names at the last look */

	struct box_stamp  cur_stamp, new_stamp;
	unsigned          seen_uids, seen_keywords; /* generations at the last look */
	size_t            seen_count;

	void            (*step)(void *context); /* of a long change; NULL: nobody asks */
	void             *step_context;
	const char       *trouble;
	bool              sizes_counted; /* some sizes wait to be written to the uidlist */
	int               watch;
	char              id[MAILBOX_ID_SIZE]; /* "": not known yet */
	char             *base_text; /* what mailbox_message_base() gave last */
	struct cache     *cache;     /* NULL until it is asked for (cache.c) */
	struct arena      mem;   /* as long as the mailbox is open */
	struct names      names;
};

/* Look through the folder. */
enum look {
	LOOK_IF_CHANGED, /* nothing changed: two or three stats */
	LOOK_ALWAYS,
	/* names and flags of known messages only: takes no lock, assigns nothing */
	LOOK_NAMES
};
int box_look(struct mailbox *box, enum look look);

struct scan;
/* Read the lists anew; hold the folder against them (scan_end() follows in either case). */
int  box_refresh(struct mailbox *box);
int  box_scan(struct mailbox *box, struct scan *scan);
/* The next look is a whole one, whatever the stamps say. */
void box_forget_stamps(struct mailbox *box);
/*
 * Files without a UID get one, records without a file go, as far as the locks and the disk let
 * us.
 */
int  box_settle(struct mailbox *box, struct scan *scan);

/*
 * Under the index's lock: take in new mail where new/ alone has changed.  False: look through
 * the folder.
 */
bool box_look_new(struct mailbox *box);
int  box_take_stamp(int dir, struct box_stamp *stamp);
bool box_knows_keywords(const struct mailbox *box);

/* Move new mail to cur/, where this session may: what it moves is \Recent to it. */
void box_move_new_mail(struct mailbox *box, struct scan *scan);
/* Hold all that was found against the items: new ones, changed ones, gone ones. */
void box_merge(struct mailbox *box, const struct scan *scan);
/* As box_merge() for names and flags alone: nothing is new or gone. */
void box_merge_names(struct mailbox *box, const struct scan *scan);

/* As the folder is found to be gone or another one: is_lost, and errno ESTALE. */
int box_lose(struct mailbox *box);

/*
 * What changes an item's state on disk: counted, given a modseq, and noted for the index
 * (mailbox_items.c).
 * size SIZE_UNKNOWN and date DATE_UNKNOWN for what is not known.
 */
void box_set_name(struct mailbox *box, uint32_t index, const char *name, bool in_new);
bool box_take(struct mailbox *box, uint32_t uid, const char *name, bool in_new, uint64_t size,
              int64_t date, bool is_recent);
void box_mark_gone(struct mailbox *box, uint32_t index);
void box_make_recent(struct mailbox *box, uint32_t index);
void box_tell_flags(struct mailbox *box, uint32_t index);

/* Its size became known; it goes to the index with the next change. */
void box_set_size(struct mailbox *box, uint32_t index, uint64_t size, int64_t date);
/* Tell the guards: a message of new/ went to cur/. */
void box_guard_move(struct mailbox *box);
/* The name of its file; valid until the next call. */
const char *box_name_of(struct mailbox *box, const struct item *it);

/* Apply what another session wrote to the journal; the context is the mailbox. */
extern const struct journal_reader box_reader;
/* Count all items anew. */
void box_count(struct mailbox *box);
/* Items follow new keyword numbers. */
void box_number_items(struct mailbox *box);

/*
 * Begin a change: take the index's lock (waiting up to seconds), read what
 * others changed, watch the directories.  -1 with ETIMEDOUT.  Without an index it does nothing.
 * box_index_end() writes down what was changed meanwhile.
 */
int  box_index_begin(struct mailbox *box, int seconds);
void box_index_end(struct mailbox *box);
/* Bring the items up to date from the index alone.  True: nothing else changed in the folder. */
bool box_index_follow(struct mailbox *box);
void box_index_free(struct mailbox *box);
/* A change that the index does not hear of: it is not followed any more. */
void box_index_leave(struct mailbox *box);
/*
 * The look through the folder just made shows that the index is another mailbox's, or cannot be
 * used by a new session.
 */
void box_index_discard(struct mailbox *box);
uint64_t box_modseq(struct mailbox *box); /* for what changes now */

/* Map and journal into an empty mailbox.  False: they are none, or not to be trusted. */
bool box_index_load(struct mailbox *box);
/* The same, for a session that shows messages already. */
void box_index_load_again(struct mailbox *box);
bool box_index_is_current(const struct mailbox *box);
void box_index_take_state(struct mailbox *box);
void box_take_modseq(struct mailbox *box, uint32_t index, uint64_t modseq);
/* The oldest expunges are forgotten; who knows less than that is told everything. */
void box_bound_history(struct box_index *x);
/* Fold a journal that grew too long by messages that came in. */
void box_index_fold(struct store *s, const char *name);

/* Give the message's file a shorter base, for there is no room for flags: W06.  -1 with errno. */
int box_shorten_name(struct mailbox *box, uint32_t index);

/* Keywords of the file, numbered for this session. */
void box_number_keywords(struct mailbox *box);
/* Bits of letters for bits of keyword numbers and back. */
uint32_t box_letters_of(const struct mailbox *box, uint32_t keywords);
uint32_t box_keywords_of(const struct mailbox *box, uint32_t letters);
uint32_t box_known_letters(const struct mailbox *box);

/* As stat(); a file that was renamed is looked for.  -1: ENOENT, it is gone. */
int box_stat(struct mailbox *box, uint32_t number, struct stat *st_out);

/* Directory that holds the item's file. */
int box_dir_of(const struct mailbox *box, const struct item *it);

/* Write counted sizes to the uidlist, if its lock is free. */
void box_store_sizes(struct mailbox *box);

/*
 * Take the records of gone messages out of the uidlist, if it can be done at once.  Where the
 * index knows that they are dead, only when they are many.
 */
void box_forget_gone(struct mailbox *box);

/* Read away what inotify has said. */
void box_drain_watch(struct mailbox *box);

/* As mailbox_message_id(), of an item. */
void box_message_id(struct mailbox *box, uint32_t index, char id_out[MAILBOX_ID_SIZE]);
/* Take the mailbox's id from the uidlist just read. */
void box_take_id(struct mailbox *box);

/*
 * Take dovecot-uidlist.lock, waiting up to seconds; may be taken again while held,
 * then be given back as often.  -1 with errno as dotlock_take() says; nothing is to be given
 * back then.
 */
int  box_lists_lock(struct mailbox *box, int seconds);
void box_lists_unlock(struct mailbox *box);

/* Give keywords letters that they do not have yet: takes the lock.  EMLINK. */
int box_add_keywords(struct mailbox *box, const char *const *keyword, size_t count);

/*
 * Walk the view's items with these UIDs (NULL: all), gone ones too:
 *	struct box_walk w = BOX_WALK_START;
 *	while (box_walk(box, uids, &w, &index)) ...
 */
struct box_walk {
	size_t   range;
	uint32_t next;
};
#define BOX_WALK_START { 0, 0 }
bool box_walk(const struct mailbox *box, const struct ranges *uids, struct box_walk *w,
              uint32_t *index_out);

bool box_does_sync(const struct mailbox *box);

/* Index of the item with this UID, whether visible or waiting; UINT32_MAX for none. */
uint32_t box_index_of(const struct mailbox *box, uint32_t uid);

#endif
