/* mailbox_inside.h - what the files of an open mailbox share */
#ifndef LINNET_INDEX_MAILBOX_INSIDE_H
#define LINNET_INDEX_MAILBOX_INSIDE_H

#include <sys/stat.h>

#include "common/index/items.h"
#include "common/index/mailbox.h"
#include "common/maildir/keywords.h"
#include "common/maildir/uidlist.h"

enum { BOX_KEYWORDS = 32 /* bits in a message's keywords */, BOX_TRIES = 10 };

/* A keyword as this session numbers it: the number never changes its name while the mailbox is open. */
struct box_keyword {
	const char *name;
	int         letter; /* 0 ... 25, -1: it has lost its letter */
};

/* When cur/ or new/ was last read. */
struct box_stamp {
	struct stat     dir;
	struct timespec read_at;
};

struct mailbox {
	struct store     *store;
	const char       *name, *folder_name;
	enum mailbox_mode mode;
	bool              is_writable; /* messages may be changed */
	bool              can_assign;  /* UIDs may be written, also when opened read-only */
	bool              is_lost;
	int               folder, cur, new_mail; /* directories; new_mail -1: there is none */
	dev_t             dev; /* of the folder */
	ino_t             ino;

	struct uidlist    uids;
	struct keywords   keywords;
	uint32_t          uidvalidity;
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

	const char       *trouble;
	bool              sizes_counted; /* some sizes wait to be written to the uidlist */
	int               watch;
	char             *base_text; /* what mailbox_message_base() gave last */
	struct arena      mem;   /* as long as the mailbox is open */
	struct arena      names; /* file names; copied to a new one when much of it is dead */
	size_t            names_dead;
};

/* Look through the folder. */
enum look {
	LOOK_IF_CHANGED, /* nothing changed: two or three stats */
	LOOK_ALWAYS,
	LOOK_NAMES       /* names and flags of known messages only: takes no lock, assigns nothing */
};
int box_look(struct mailbox *box, enum look look);

/* Move new mail to cur/, where this session may: what it moves is \Recent to it. */
struct scan;
void box_move_new_mail(struct mailbox *box, struct scan *scan);
/* Hold all that was found against the items: new ones, changed ones, gone ones. */
void box_merge(struct mailbox *box, const struct scan *scan);
/* As box_merge() for names and flags alone: nothing is new or gone. */
void box_merge_names(struct mailbox *box, const struct scan *scan);

/* As the folder is found to be gone or another one: is_lost, and errno ESTALE. */
int box_lose(struct mailbox *box);

/* Take over a new name for an item; flags and keywords follow from it. */
void box_rename_item(struct mailbox *box, struct item *it, const char *name, bool in_new);
void box_read_flags(struct mailbox *box, struct item *it);
void box_mark_gone(struct mailbox *box, uint32_t index);
void box_tell_flags(struct mailbox *box, uint32_t index);

/* Keywords of the file, numbered for this session. */
void box_number_keywords(struct mailbox *box);
/* Bits of letters for bits of keyword numbers and back. */
uint32_t box_letters_of(const struct mailbox *box, uint32_t keywords);
uint32_t box_keywords_of(const struct mailbox *box, uint32_t letters);
uint32_t box_known_letters(const struct mailbox *box);

/* Directory that holds the item's file. */
int box_dir_of(const struct mailbox *box, const struct item *it);

/* Write counted sizes to the uidlist, if its lock is free. */
void box_store_sizes(struct mailbox *box);

/* Take the records of gone messages out of the uidlist, if it can be done at once. */
void box_forget_gone(struct mailbox *box);

/* Read away what inotify has said. */
void box_drain_watch(struct mailbox *box);

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
bool box_walk(const struct mailbox *box, const struct ranges *uids, struct box_walk *w, uint32_t *index_out);

bool box_does_sync(const struct mailbox *box);

/* Index of the item with this UID, whether visible or waiting; UINT32_MAX for none. */
uint32_t box_index_of(const struct mailbox *box, uint32_t uid);

#endif
