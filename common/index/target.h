/* target.h - a folder that messages are put into, by APPEND, COPY and MOVE */
#ifndef LINNET_INDEX_TARGET_H
#define LINNET_INDEX_TARGET_H

#include "common/base/ranges.h"
#include "common/index/guard.h"
#include "common/index/journal.h"
#include "common/maildir/keywords.h"
#include "common/maildir/store.h"
#include "common/maildir/uidlist.h"

struct target {
	struct store   *store;
	const char     *folder_name;
	int             folder, cur, new_mail, tmp;
	int             place; /* of the index */
	struct uidlist  uids;
	struct keywords keywords;
	struct dotlock  lock;
	bool            is_locked;  /* the index */
	bool            is_indexed; /* the index is there and current: it hears of what comes in */
	/* its journal has become long: box_index_fold(), when no lock is held */
	bool            must_fold;
	struct journal  journal;
	struct guard    cur_guard, new_guard;
	bool            is_linking; /* COPY: a link for each, its source stays */
	const char     *source;     /* the folder messages come from, and its new/ */
	int             source_new;
	const char     *name;       /* the mailbox, for the quota */
	const char     *moved_from; /* MOVE: the mailbox they leave: its quota is the same one */
	void          (*step)(void *context); /* for each message; NULL: nobody asks */
	void           *step_context;
	struct arena    mem;
};

/* One message on its way in. */
struct incoming {
	int         from_dir;  /* borrowed: tmp/, or the source's cur/ or new/ */
	const char *from;      /* name there */
	const char *base;      /* name to be */
	const char *guid;      /* the id that it had; NULL: its base name gives one */
	uint32_t    system;    /* FLAG_... */
	uint32_t    letters;   /* of the target's keywords */
	uint64_t    octets;    /* SIZE_UNKNOWN */
	int64_t     date;      /* mtime; DATE_UNKNOWN */
	/* by target_deliver(): */
	const char *name;      /* base and flags */
	bool        to_new;
	uint32_t    uid;
	bool        is_in;     /* without it it was left out */
};

/* Finds another name of a source that is gone from where it was; false: it is gone altogether. */
typedef bool target_find_again_fn(void *context, struct incoming *in);

/* ENOENT: no such mailbox; EACCES, EROFS: it cannot be written. */
int  target_open(struct store *s, const char *name, struct target *t);
void target_close(struct target *t); /* releases the lock, too */

/*
 * Lock index and uidlist, and read the lists anew.  With a current index the
 * uidlist is not read, only appended to.  ENOENT: it was deleted or renamed since.
 */
int  target_lock(struct target *t);
void target_unlock(struct target *t); /* does nothing when not locked */

/* Letter of a keyword, giving one where needed; -1 with EMLINK.  Under the lock. */
int target_letter(struct target *t, const char *keyword);

/*
 * Under the lock: give all a UID, write the uidlist, rename each into new/ (no
 * flags: \Recent for the next session) or cur/, fsync.  UIDs are written first, so a
 * process killed in between leaves records without files, which the next look
 * drops, never a message whose UID goes to another.  Links come first, and then their
 * UIDs (intent.c).  When it fails, all is taken back.  Several are in all together or
 * not at all, also when the process is killed.  The index is told when all is done.
 * find_again NULL: a missing source is a failure.
 * EDQUOT: the user's quota does not allow it (a move within the account always is).
 */
int target_deliver(struct target *t, struct incoming *in, size_t count,
                   target_find_again_fn *find_again, void *context);

#endif
