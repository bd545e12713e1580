/* expunge.h - removing \Deleted messages, for EXPUNGE and CLOSE */
#ifndef LINNET_IMAPD_EXPUNGE_H
#define LINNET_IMAPD_EXPUNGE_H

struct ranges;
struct session;

/* mailbox_expunge() of the selected mailbox, counted for the log line.  0, or -1 with errno. */
int expunge_deleted(struct session *s, const struct ranges *uids);

#endif
