/* notify.h - NOTIFY (RFC 5465): what a client wants to hear of without asking */
#ifndef LINNET_IMAPD_NOTIFY_H
#define LINNET_IMAPD_NOTIFY_H

#include "imapd/session.h"

enum {
	EVENT_NEW          = 1 << 0, /* MessageNew */
	EVENT_EXPUNGE      = 1 << 1,
	EVENT_FLAGS        = 1 << 2,
	EVENT_NAME         = 1 << 3, /* MailboxName */
	EVENT_SUBSCRIPTION = 1 << 4,
	EVENT_METADATA     = 1 << 5, /* MailboxMetadataChange */
	EVENT_SERVER       = 1 << 6, /* ServerMetadataChange */
	EVENTS_OF_MESSAGES = EVENT_NEW | EVENT_EXPUNGE | EVENT_FLAGS,
	EVENTS_OF_FOLDERS  = EVENT_NAME | EVENT_SUBSCRIPTION | EVENT_METADATA | EVENT_SERVER
};

enum notify_filter {
	FILTER_SELECTED,
	FILTER_SELECTED_DELAYED,
	FILTER_PERSONAL, /* "inboxes" are the same: mail may be delivered to any mailbox */
	FILTER_SUBSCRIBED,
	FILTER_SUBTREE,
	FILTER_MAILBOXES
};

/* event-group: which mailboxes, which events of them */
struct notify_group {
	enum notify_filter filter;
	unsigned           events;
	const char       **name; /* FILTER_SUBTREE, FILTER_MAILBOXES */
	size_t             count, room;
};

struct notify_args {
	bool                 is_none;
	bool                 status;     /* SET STATUS */
	bool                 is_unknown; /* an event that there is none of here */
	struct notify_group *group;
	size_t               count, room;
	struct span          attributes; /* "(UID FLAGS)" of MessageNew, SPAN_NONE for none */
};

/* Does this group speak of a mailbox that is not selected? */
bool notify_group_covers(const struct notify_group *g, const char *name, bool is_subscribed);

struct notify;

/* Watch what args ask for from now on; 0, or -1 with errno EMLINK: too many mailboxes. */
int notify_begin(struct session *s, const struct notify_args *args);
void notify_end(struct session *s);

/* Another folder or subscription is this session's own doing: nothing to tell. */
void notify_absorb(struct session *s);

/*
 * New mail of this session's own making: no STATUS of another mailbox tells of it (RFC 5465 s.5),
 * and of the selected one's nothing is fetched (s.5.2).  uids live as long as the command.
 */
void notify_own_mail(struct session *s, const char *mailbox, const struct ranges *uids);

/* The selected mailbox is about to be left: what is gone from it the client knows or need not. */
void notify_leave(struct session *s);

/* What has happened to mailboxes that are not selected. */
void notify_tell(struct session *s);

/* Descriptor that becomes readable with the next news, or -1. */
int notify_watch(const struct notify *n);
/* How long to wait before asking all the same; -1: for ever. */
int notify_wait_ms(const struct notify *n);

/* Of the selected mailbox: EVENT_... that the client wants; all of them without NOTIFY. */
unsigned notify_selected(const struct session *s);

/* May its expunges be told while no command runs? */
bool notify_expunges_at_once(const struct session *s);

/*
 * report_news(), with what MessageNew was to tell of new messages.  Nothing where the client wants
 * to hear nothing of the selected mailbox, unless is_own: a command of its own may have caused it.
 */
void notify_report(struct session *s, bool may_expunge, bool is_own);

#endif
