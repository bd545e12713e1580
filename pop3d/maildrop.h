/* maildrop.h - INBOX as POP3 sees it: numbered once, changed only at the end */
#ifndef LINNET_POP3_MAILDROP_H
#define LINNET_POP3_MAILDROP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/maildir/store.h"

/*
 * A maildrop is INBOX, locked against other POP3 sessions, as it was at login:
 * messages are numbered from 1 to maildrop_count() and keep their numbers
 * whatever other programs do (RFC 1939 s.4, s.5).  Marks are kept here and become
 * changes only in maildrop_update().
 */
struct maildrop;
struct mailbox;

struct maildrop_how {
	bool     is_shared;     /* do not keep other POP3 sessions out */
	uint64_t delay_seconds; /* least time since the last login (RFC 2449 s.6.5) */
};

/*
 * 0, or -1 with errno as in mailbox.h; EAGAIN: another POP3 session has it (LIMIT_MAILDROP_MS);
 * EALREADY: the last login was less than delay_seconds ago.
 */
int maildrop_open(struct store *s, const struct maildrop_how *how, struct maildrop **drop_out);

/* The next session may begin. */
void maildrop_unlock(struct maildrop *d);

/* NULL allowed; writes nothing; returns NULL. */
struct maildrop *maildrop_close(struct maildrop *d);

/* The mailbox itself, with the same numbers; stays with the maildrop. */
struct mailbox *maildrop_mailbox(struct maildrop *d);

uint32_t maildrop_count(const struct maildrop *d);   /* at login */
uint32_t maildrop_deleted(const struct maildrop *d); /* of them marked to be deleted */

/* Is there such a message, not marked as deleted? */
bool maildrop_has(const struct maildrop *d, uint32_t number);

/*
 * Octets of a message as RETR sends it, before dots are stuffed.  A message that
 * another session has removed counts as what it was, or 0 when nobody had asked before.
 * 0, or -1 with errno when a file cannot be read.
 */
int maildrop_size(struct maildrop *d, uint32_t number, uint64_t *octets_out);
int maildrop_total(struct maildrop *d, uint64_t *octets_out); /* without those marked deleted */

/* RETR counted other octets than the name or the uidlist says: remember it for all sessions. */
void maildrop_size_is(struct maildrop *d, uint32_t number, uint64_t octets);

/* For the log at the end: sizes known by now of all messages there were at login. */
uint64_t maildrop_size_known(const struct maildrop *d);

void maildrop_delete(struct maildrop *d, uint32_t number);
void maildrop_undelete_all(struct maildrop *d);
void maildrop_mark_read(struct maildrop *d, uint32_t number);

/*
 * Mark as deleted what EXPIRE (RFC 2449 s.6.7) says: messages that are \Seen and
 * came more than days ago; with days 0 those marked as read.
 */
void maildrop_expire(struct maildrop *d, uint64_t days);

/*
 * Write \Seen to the messages marked as read, one pass for all, where it can be written.
 * Repeating costs nothing.
 * 0, or -1 with errno.
 */
int maildrop_write_seen(struct maildrop *d);

/*
 * The UPDATE state: remove exactly the messages marked as deleted, in one pass.
 * Messages that only an IMAP session flagged \Deleted stay.  0, or -1 with errno
 * when some could not be removed: they stay as they are, the rest is removed.
 * *removed_out: how many of them this session removed.
 */
int maildrop_remove_deleted(struct maildrop *d, uint32_t *removed_out);

#endif
