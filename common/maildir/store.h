/* store.h - one user's mailboxes: list, create, delete, rename, subscribe */
#ifndef LINNET_STORE_H
#define LINNET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

/*
 * A store is one Maildir++ tree (design.md section 5).  Every path is opened
 * relative to the root's descriptor, one component at a time, without following
 * symlinks, so a store works the same under chroot and Landlock.
 *
 * All names are canonical (name.h).  Functions return 0, or -1 with errno:
 *	ENOENT        no such mailbox
 *	EEXIST        there is one already
 *	EINVAL        the name or the request cannot be (RENAME onto an own child)
 *	EPERM         not this mailbox (DELETE INBOX)
 *	ENAMETOOLONG, EMLINK   a limit of limits.h
 *	ETIMEDOUT     another process held a lock for LIMIT_LOCK_SECONDS
 *	EROFS ENOSPC EDQUOT EACCES EIO ...   what the system said
 * Nothing is logged below floor 4.
 */
struct store;

enum store_sync { STORE_SYNC, STORE_NO_SYNC /* mail_fsync = never */ };

/*
 * Open the tree at path (absolute, or relative to the working directory); make
 * it (cur new tmp, mode 0700, parents too) when create is set and it is absent.
 * *store_out is written on success and closed with store_close().
 */
int store_open(const char *path, bool create, enum store_sync sync, struct store **store_out);
struct store *store_close(struct store *s); /* NULL allowed; returns NULL */

/* The root's descriptor; stays with the store. */
int store_root(const struct store *s);
enum store_sync store_sync(const struct store *s);

struct store_folder {
	const char *name;
	/* false: a parent that only its children imply (\Noselect, \NonExistent) */
	bool        exists;
	bool        has_children;
	bool        subscribed;
};

/*
 * All mailboxes, sorted by name with INBOX first, in mem: *count_out of them
 * in an array that the caller borrows.  Subscribed names without a mailbox are
 * listed with exists == false, has_children == false, subscribed == true.  Where
 * the subscriptions cannot be read, nothing is subscribed.
 */
int store_list(struct store *s, struct arena *mem, struct store_folder **folders_out,
               size_t *count_out);

/* Can they be read?  -1 with errno; EFBIG: the file is larger than LIMIT_SUBSCRIPTIONS_BYTES. */
int store_check_subscriptions(struct store *s);

bool store_has(struct store *s, const char *name);

/*
 * Make a mailbox; missing parents are not made, they show as
 * non-existent (as Dovecot does with Maildir++).
 */
int store_create(struct store *s, const char *name);

/*
 * Remove a mailbox with all its messages.  Children stay.
 * ENOENT for a name that only children imply.
 */
int store_delete(struct store *s, const char *name);

/*
 * Rename with all children.  Renaming INBOX moves its messages into the new
 * mailbox and leaves INBOX empty (RFC 3501 s.6.3.5).  Repeating the command
 * after a crash finishes the rest.  UIDs go along, and UIDVALIDITY too, except
 * from INBOX, which keeps its own.
 */
int store_rename(struct store *s, const char *from, const char *to);

/*
 * Rewrites `subscriptions` under its lock by rename; unknown names
 * in it are kept.  No error when nothing changes.
 */
int store_subscribe(struct store *s, const char *name, bool on);

/*
 * Open the mailbox's own folder.  Returns a descriptor that the caller closes,
 * or -1 with errno (ELOOP, ENOTDIR: what stands there is no folder).
 */
int store_open_folder(struct store *s, const char *name);

#endif
