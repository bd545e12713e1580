/* mailbox.h - an open mailbox: its view, its news, and every change to messages */
#ifndef LINNET_MAILBOX_H
#define LINNET_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/ranges.h"
#include "common/maildir/store.h"

/*
 * A mailbox is the view that one session has of one folder: an array of
 * messages in UID order, numbered from 1.  The view changes only in
 * mailbox_next_news(), one piece of news at a time, so sequence numbers hold still between two
 * calls.
 *
 * Messages are named by UID in every call that changes something.  UIDs that are
 * not in the view, or whose message another session removed, are left out in
 * silence unless the comment says otherwise.
 *
 * Functions that return int give 0, or -1 with errno as store.h lists them;
 * besides: EROFS for a change to a mailbox opened read-only, ESTALE when the
 * folder was deleted or replaced under us, EFBIG and EMSGSIZE for sizes.
 * A call that failed left nothing changed, or what it changed is in the view's news.
 */
struct mailbox;

enum {
	FLAG_ANSWERED = 1 << 0,
	FLAG_FLAGGED  = 1 << 1,
	FLAG_DELETED  = 1 << 2,
	FLAG_SEEN     = 1 << 3,
	FLAG_DRAFT    = 1 << 4,
	FLAG_RECENT   = 1 << 5, /* this session is the first to see it; never stored */
	FLAGS_SYSTEM  = FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DELETED | FLAG_SEEN | FLAG_DRAFT
};

struct message {
	uint32_t uid;
	uint32_t flags;    /* FLAG_... */
	uint32_t keywords; /* bit n: keyword n of mailbox_keyword() */
	uint64_t modseq;   /* grows with every change of the message */
};

enum mailbox_mode { MAILBOX_READ_ONLY, MAILBOX_READ_WRITE };

/*
 * Open name and bring the view up to date: new mail is given UIDs and moved from
 * new/ to cur/ (not moved when read-only).  A Maildir that cannot be written is
 * opened read-only also when READ_WRITE was asked for: mailbox_is_writable().
 */
int
mailbox_open(struct store *s, const char *name, enum mailbox_mode mode, struct mailbox **box_out);
/* NULL allowed; returns NULL.  Expunges nothing */
struct mailbox *mailbox_close(struct mailbox *box);

const char *mailbox_name(const struct mailbox *box);
bool     mailbox_is_writable(const struct mailbox *box);
uint32_t mailbox_uidvalidity(const struct mailbox *box);
uint32_t mailbox_uidnext(const struct mailbox *box);
uint64_t mailbox_highestmodseq(const struct mailbox *box);

/*
 * What had to be repaired on opening or looking ("its UIDs are not in order"), for one log
 * line; NULL: nothing.
 */
const char *mailbox_trouble(const struct mailbox *box);

uint32_t mailbox_count(const struct mailbox *box);  /* messages in the view */
uint32_t mailbox_recent(const struct mailbox *box); /* of them \Recent to this session */

/*
 * Message number 1 ... mailbox_count(), valid until the next call that looks at the
 * folder or at a message's file (open, size, date), takes news, or changes
 * anything: messages that are found meanwhile may move the whole array.
 */
const struct message *mailbox_message(const struct mailbox *box, uint32_t number);

/* Number of the first message that is not \Seen, 0 for none; costs less than looking at each. */
uint32_t mailbox_first_unseen(const struct mailbox *box);

/* The same from number on, for these flags and not those, \Deleted, and a modseq above since. */
uint32_t mailbox_next_with(const struct mailbox *box, uint32_t number, uint32_t has,
                           uint32_t lacks);
uint32_t mailbox_next_deleted(const struct mailbox *box, uint32_t number);
uint32_t mailbox_next_changed(const struct mailbox *box, uint32_t number, uint64_t since);

/* Number of the first message whose UID is uid or more; count + 1 when there is none. */
uint32_t mailbox_number_at_or_behind(const struct mailbox *box, uint32_t uid);
/* Number of this UID, or 0. */
uint32_t mailbox_number_of(const struct mailbox *box, uint32_t uid);

/* Keyword n as the client spells it, or NULL from mailbox_keyword_count() on. */
const char *mailbox_keyword(const struct mailbox *box, unsigned n);
unsigned    mailbox_keyword_count(const struct mailbox *box);
/* -1: not used here; ASCII case alike */
int         mailbox_find_keyword(const struct mailbox *box, const char *name);

/*
 * Octets as a client gets them (CRLF line ends): from the stored size (,W= or
 * the uidlist's W field), otherwise counted from the file once and remembered.
 * -1 with ENOENT when the file is gone.
 */
int mailbox_message_size(struct mailbox *box, uint32_t number, uint64_t *octets_out);
/* INTERNALDATE: the file's mtime, as Dovecot keeps it. */
int mailbox_message_date(struct mailbox *box, uint32_t number, time_t *date_out);

/*
 * Open the message's file for reading: a descriptor that the caller closes.
 * When another program renamed the file (flags), the folder is looked through
 * again by base name.  ENOENT: it is gone.
 */
int mailbox_message_open(struct mailbox *box, uint32_t number);

/*
 * A file whose size differs from what mailbox_message_size() said (a wrong
 * ,W= field): remember the counted size and repair what is stored.
 */
void mailbox_message_size_is(struct mailbox *box, uint32_t number, uint64_t octets);

/*
 * SAVEDATE (RFC 8514): when it came into this mailbox.  Its base name begins with
 * that time, also after COPY and MOVE; a base that says none has the INTERNALDATE.
 */
int mailbox_message_savedate(struct mailbox *box, uint32_t number, time_t *date_out);

/*
 * EMAILID (RFC 8474): the same for a message and its copies, wherever they are moved.
 * It is the uidlist's G field, as Dovecot keeps it, or follows from the base name.
 */
enum { MAILBOX_ID_SIZE = 40 };
int mailbox_message_id(struct mailbox *box, uint32_t number, char id_out[MAILBOX_ID_SIZE]);

/* MAILBOXID (RFC 8474): the G field of the uidlist's header.  It goes along with RENAME. */
const char *mailbox_id(struct mailbox *box);

/* POP3 UIDL from the uidlist's P field, kept through a change of server; NULL for none. */
const char *mailbox_pop3_uidl(struct mailbox *box, uint32_t number);
/* Base name of the file: up to ':' .  Valid until the next call. */
const char *mailbox_message_base(struct mailbox *box, uint32_t number);

/* ---- news ---- */

/*
 * Look at the folder again (cheap when nothing changed); what is found waits in
 * mailbox_next_news().
 */
int mailbox_sync(struct mailbox *box);

enum news_kind {
	NEWS_NONE,
	/*
	 * number and uid of a message that has just left the view; numbers above move down by
	 * one
	 */
	NEWS_EXPUNGED,
	NEWS_EXISTS,   /* number: messages there are now; comes once for all that were added */
	NEWS_RECENT,   /* number: messages \Recent to this session */
	/*
	 * the mailbox has a keyword more: FLAGS and PERMANENTFLAGS are to be sent before
	 * NEWS_FLAGS
	 */
	NEWS_KEYWORDS,
	/*
	 * flags or keywords of message number changed (not by this session's own
	 * mailbox_flags())
	 */
	NEWS_FLAGS,
	NEWS_LOST      /* the mailbox itself is gone or another one: the session must leave it */
};
struct news {
	enum news_kind kind;
	uint32_t       number, uid;
};

/*
 * Take the next piece of news and apply it to the view.  With may_expunge false
 * removed messages stay in the view (RFC 3501 s.7.4.1) until asked with true.
 * False when there is none.  Order: EXPUNGED, EXISTS, RECENT, KEYWORDS, FLAGS.
 */
bool mailbox_next_news(struct mailbox *box, bool may_expunge, struct news *news_out);

/*
 * Have messages left that the client was not told of yet, as mailbox_next_news() was not asked
 * for them?
 */
bool mailbox_holds_expunged(const struct mailbox *box);

/*
 * An inotify descriptor that becomes readable when the folder changes, -1 without inotify (poll
 * every few seconds then).
 */
int mailbox_watch(struct mailbox *box);

/* ---- changes ---- */

enum flags_how { FLAGS_SET, FLAGS_ADD, FLAGS_REMOVE };
struct flags_change {
	enum flags_how     how;
	uint32_t           flags;         /* FLAGS_SYSTEM only */
	const char *const *keyword;
	size_t             keyword_count;
	bool               has_condition; /* UNCHANGEDSINCE, RFC 7162 s.3.1.3: */
	uint64_t           unchanged_since;
};

struct flags_result {
	struct ranges gone;     /* of uids: they vanished meanwhile, whoever removed them */
	struct ranges modified; /* not changed, for their modseq is larger than the condition's */
};

/*
 * Change flags of all uids in one pass.  EMLINK: more than LIMIT_KEYWORDS
 * keywords would be in use; nothing was changed.  FLAGS_SET leaves \Recent alone.
 * result_out may be NULL; it is written also when the call failed midway.
 */
int mailbox_flags(struct mailbox *box, const struct ranges *uids,
                  const struct flags_change *change, struct arena *mem,
                  struct flags_result *result_out);

/*
 * Which of known (NULL: 1 ... uidnext - 1) left the mailbox after modseq since.  Where
 * the history does not reach back so far: all of known that are not there.
 */
int mailbox_vanished(struct mailbox *box, uint64_t since, const struct ranges *known,
                     struct arena *mem, struct ranges *uids_out);

/* Remove those of uids (NULL: all) that are \Deleted now.  They leave the view as news. */
int mailbox_expunge(struct mailbox *box, const struct ranges *uids);

/*
 * Remove uids whatever their flags are (RFC 1939 s.6).  What cannot be removed stays as it was,
 * all others leave: -1 then, with errno of the first.  *removed_out: how many, also behind -1.
 */
int mailbox_remove(struct mailbox *box, const struct ranges *uids, uint32_t *removed_out);

/* UIDs of source and copy pair up in order (UIDPLUS' COPYUID, RFC 4315 s.3). */
struct copied {
	uint32_t      uidvalidity;
	struct ranges from, to;
};

/* Have step() called for each message of mailbox_copy(); it returns, and touches no mailbox. */
void mailbox_on_step(struct mailbox *box, void (*step)(void *context), void *context);

/*
 * Copy (move: then remove here) all uids into the mailbox target, which may be
 * this one.  All or none become visible.  Flags, keywords and INTERNALDATE go
 * along.  ENOENT: no such target.
 */
int mailbox_copy(struct mailbox *box, const struct ranges *uids, const char *target, bool move,
                 struct arena *mem, struct copied *copied_out);

/* ---- without opening it ---- */

struct mailbox_status {
	uint32_t messages, recent, unseen, deleted, uidnext, uidvalidity;
	uint64_t highestmodseq;
	/* octets, of all and of \Deleted ones: only when asked for */
	uint64_t size, deleted_storage;
	char     id[MAILBOX_ID_SIZE];   /* MAILBOXID */
};
enum { STATUS_WITH_SIZE = 1 << 0, STATUS_WITH_DELETED_STORAGE = 1 << 1 };
int
mailbox_status(struct store *s, const char *name, unsigned what, struct mailbox_status *status_out);

/* ---- append: one message or several as a unit (RFC 3502) ---- */

struct append;

/* Is the target there and writable?  Asked before the client sends the literal. */
int append_open(struct store *s, const char *name, struct append **append_out);

/* Begin the next message.  date < 0: now.  keyword strings are copied. */
int append_message(struct append *a, uint32_t flags, const char *const *keyword,
                   size_t keyword_count, time_t date);

/* More bytes of it, to tmp/.  A failed write is remembered and told by append_commit() too. */
int append_write(struct append *a, const char *bytes, size_t n);

/* All messages become visible with the next UIDs, fsynced, or none does. */
int append_commit(struct append *a, struct arena *mem, uint32_t *uidvalidity_out,
                  struct ranges *uids_out);

/* After commit, or to give up: removes what is still in tmp/.  NULL allowed; returns NULL. */
struct append *append_close(struct append *a);

#endif
