/* status.h - STATUS items: read, looked up and told, by STATUS, LIST and NOTIFY */
#ifndef LINNET_IMAPD_STATUS_H
#define LINNET_IMAPD_STATUS_H

#include "imapd/session.h"

struct cursor;

struct status_items {
	unsigned items;   /* bit n: row n of the table */
	unsigned what;    /* asked of mailbox_status() besides */
	unsigned enables; /* ENABLED_... that asking for them switches on */
};

/* "(" status-att *(SP status-att) ")" */
struct status_items take_status_items(struct cursor *c);

/* The bit of an item by its name, for who asks for items without a client. */
struct status_items status_items_of(const char *const *names, size_t count);

/* "* STATUS name (...)"; false with errno when the mailbox does not tell. */
bool put_status(struct session *s, const char *name, const struct status_items *items);

/* The same with numbers at hand. */
void put_status_of(struct session *s, const char *name, const struct mailbox_status *status,
                   const struct status_items *items);

#endif
