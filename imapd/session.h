/* session.h - one logged-in client: its streams, its mailbox, the reply to the command at hand */
#ifndef LINNET_SESSION_H
#define LINNET_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/ranges.h"
#include "common/index/mailbox.h"
#include "common/io/in.h"
#include "common/io/out.h"
#include "common/start/login.h"
#include "imapd/names.h"

struct seq_set;

enum reply_kind { REPLY_NONE, REPLY_OK, REPLY_NO, REPLY_BAD };

enum { /* ENABLE (RFC 5161) */
	ENABLED_CONDSTORE = 1 << 0,
	ENABLED_QRESYNC   = 1 << 1,
	ENABLED_UTF8      = 1 << 2,
	ENABLED_IMAP4REV2 = 1 << 3,
	ENABLED_UIDONLY   = 1 << 4  /* RFC 9586: no message numbers, in neither direction */
};

/*
 * A literal that was announced and stays in the stream for the command to read
 * (STREAMS); see command_reader.h.
 */
struct pending_literal {
	bool     is_there;
	bool     is_sync; /* the client waits for "+ " before it sends it */
	uint64_t left;    /* bytes still to come */
};

struct session {
	struct in           in;
	struct out          out;
	const struct login *login;
	struct store       *store;
	struct mailbox     *box;  /* the selected one, NULL in the authenticated state */
	struct notify      *notify; /* what the client wants to hear of (notify.h), or NULL */
	bool                holds_flags; /* changed flags are not told: NOTIFY without FlagChange */
	struct arena        kept; /* as long as the session */
	struct names        names; /* how the namespace looks to the client */
	/* mailboxes of the settings with what they are for: special_use.h */
	const struct special_use *special_use;
	size_t                    special_uses;
	struct arena        mem;  /* of the command at hand: reset behind its tagged reply */
	struct span         tag;  /* of the command at hand */
	unsigned            enabled;
	bool                is_over; /* LOGOUT: leave the loop behind the tagged reply */

	/* text of the command at hand; spans of its arguments point here */
	struct buf             command;
	struct pending_literal literal;
	struct append         *append;  /* being filled: given up when the client goes */
	unsigned               bad_commands;  /* in a row */
	/* how many of box's keywords the client has seen in FLAGS */
	unsigned               keywords_told;
	bool                   box_is_blind;  /* looking for news failed and was logged */
	/* MODSEQ up to which the client has been told all that happened to box */
	uint64_t               modseq_told;
	uint64_t               expunges_told; /* for the command at hand */
	struct ranges         *flags_told;    /* UIDs whose FLAGS report_news() told, or NULL */
	/* no EXPUNGE behind the command at hand, whose numbers it would change */
	bool                   holds_expunge;
	/* the tagged OK carries [HIGHESTMODSEQ] where expunges were told (RFC 7162 s.3.2.7) */
	bool                   ends_with_modseq;

	/* what SEARCH left for later commands; gone with the selected mailbox */
	struct ranges          saved;     /* UIDs of "$" (RFC 5182); some may have left */
	struct arena           saved_mem;
	struct search_context *context;   /* searches that are kept up to date (search_context.h) */

	/* the tagged reply, which the dispatcher sends */
	enum reply_kind reply;
	const char     *reply_code; /* "READ-ONLY", or NULL; without brackets */
	const char     *reply_text;
	void          (*after_reply)(struct session *s); /* what is to be done behind it; or NULL */

	/* numbers for the log line at the end */
	uint64_t fetched_headers, fetched_header_bytes, fetched_bodies, fetched_body_bytes;
	uint64_t deleted, expunged, appended;
	uint64_t trashed; /* nothing is: the name is Dovecot's */
};

/*
 * Set the tagged reply; texts are constant or in s->mem; code is without its
 * brackets, NULL for none.
 */
void reply_ok(struct session *s, const char *code, const char *text);
void reply_no(struct session *s, const char *code, const char *text);
void reply_bad(struct session *s, const char *text);

/*
 * A store call failed with errno: one log line where it is the system's fault,
 * and NO with the code of the one table (errno -> NONEXISTENT, ALREADYEXISTS,
 * CANNOT, NOPERM, OVERQUOTA, INUSE, LIMIT, SERVERBUG ...).  operation and name
 * are for the log: reply_errno(s, "append to", "Sent").
 */
void reply_errno(struct session *s, const char *operation, const char *name);
/* The same for a mailbox that messages go to: a missing one is [TRYCREATE]. */
void reply_target_errno(struct session *s, const char *operation, const char *name);

/* A name that cannot be: NO [CANNOT] with its reason is set, and false. */
struct mailbox_name;
bool name_is_usable(struct session *s, const struct mailbox_name *name);

/* "* BYE text", one log line with it, and the process ends. */
void session_bye(struct session *s, const char *text) __attribute__((noreturn));

/*
 * Tell news until the client sends something: in IDLE, and between commands of a client that has
 * used NOTIFY (cmd_idle.c).
 */
void session_wait(struct session *s, bool is_idle);

/* Leave the selected mailbox, if there is one: "* OK [CLOSED] ...". */
void session_close_box(struct session *s);
void session_leave_box(struct session *s); /* the same, and the client knows */

/*
 * The UIDs that a sequence set stands for in the selected mailbox, in s->mem.
 * By number a number that does not exist is the client's mistake: false, and
 * the reply is BAD.  By UID unknown UIDs are left out.
 */
bool session_uids(struct session *s, const struct seq_set *set, bool by_uid,
                  struct ranges *uids_out);

/* "$" is empty from now on. */
void session_forget_saved(struct session *s);

/* Writing strings: astring as atom, quoted or literal; nstring with NIL for SPAN_NONE. */
void put_astring(struct out *o, struct span s);
void put_string(struct out *o, struct span s);  /* quoted, or a literal where it must be */
void put_nstring(struct out *o, struct span s);
void put_quoted(struct out *o, struct span s);  /* whatever its bytes are */
void put_literal(struct out *o, struct span s); /* NUL goes out as 0x80: RFC 3501 s.4.3 has none */
void put_mailbox(struct session *s, const char *name);       /* as the client is to see it */
void put_flags(struct session *s, const struct message *m);  /* "(\Seen work)" */

/* "* n FETCH (FLAGS (...))", with UID where by_uid or news of UID-aware sessions want it. */
void put_fetch_flags(struct session *s, uint32_t number, bool with_uid);

/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)] Flags permitted." */
void put_mailbox_flags(struct session *s);

/*
 * Switch extensions on for the rest of the session, with what they bring along
 * (cmd_enable.c): ENABLE, and the CONDSTORE-enabling commands of RFC 7162 s.3.1.
 */
void session_enable(struct session *s, unsigned bits);

/* "* OK [HIGHESTMODSEQ n]": up to where the client knows all of the selected mailbox. */
void put_highestmodseq(struct session *s);

/* "* VANISHED 1:3", or with (EARLIER): RFC 7162 s.3.2.10.  No response for no UIDs. */
void put_vanished(struct session *s, const struct ranges *uids, bool is_earlier);

/*
 * "* n FETCH (", or "* uid UIDFETCH (" where UIDONLY is on (RFC 9586 s.3.3); the
 * caller writes the items and the closing parenthesis.
 */
void put_fetch_start(struct session *s, uint32_t number);
/* What a FETCH response that nobody asked for begins with: "UID n MODSEQ (m) ", as wanted. */
void put_fetch_known(struct session *s, uint32_t number, bool with_uid);
/* A whole one of MODSEQ (and UID) alone, for a client that is CONDSTORE-aware. */
void put_fetch_modseq(struct session *s, uint32_t number);

/*
 * Look for news of the selected mailbox and tell the client all of them.  report_keywords() tells
 * only of new keywords, before a FETCH response that uses one.
 */
void report_news(struct session *s, bool may_expunge);
void report_keywords(struct session *s);

#endif
