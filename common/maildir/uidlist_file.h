/* uidlist_file.h - what uidlist.c and uidlist_write.c share */
#ifndef LINNET_MAILDIR_UIDLIST_FILE_H
#define LINNET_MAILDIR_UIDLIST_FILE_H

#include "common/maildir/uidlist.h"

extern const char uidlist_name[]; /* "dovecot-uidlist" */

/* realloc() for count elements of size; ends the process when there is no memory. */
void *uidlist_memory(void *old, size_t count, size_t size);

void uidlist_push(struct uidlist *u, struct uidlist_record r);
void uidlist_enter(struct uidlist *u, size_t number);
void uidlist_rebuild_table(struct uidlist *u);

/*
 * linnet.uids: UIDVALIDITY and the next UID, beside the uidlist and written
 * after every save, so that neither is lost with it.  Never fsynced and allowed
 * to fail: it is the second line of defence.
 */
bool uidlist_read_floor(int dir, uint32_t *uidvalidity_out, uint32_t *next_out);
void uidlist_write_floor(int dir, uint32_t uidvalidity, uint32_t next);

#endif
