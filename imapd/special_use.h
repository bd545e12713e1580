/* special_use.h - what a mailbox is for (RFC 6154), and which are made by themselves */
#ifndef LINNET_IMAPD_SPECIAL_USE_H
#define LINNET_IMAPD_SPECIAL_USE_H

#include "imapd/session.h"

struct special_use;

/*
 * Read the mailboxes of the settings, and make (auto = create, subscribe) what is not there.
 * Called once, at the beginning of a session; what cannot be made is logged.
 */
void special_use_open(struct session *s);

/*
 * "\Sent" or "\Sent \Archive", in s->mem; "" for none: what the user gave the mailbox with CREATE
 * or SETMETADATA /private/specialuse, otherwise what the settings say.
 */
const char *special_use_of(struct session *s, const char *name);

/* The flags of a mailbox's /private/specialuse: known ones only, as RFC 6154 s.2 writes them. */
bool special_use_is_known(struct span flag);
bool special_use_are_known(struct span flags);

#endif
