/* uidlist_file.h - what the files of the uidlist share */
#ifndef LINNET_MAILDIR_UIDLIST_FILE_H
#define LINNET_MAILDIR_UIDLIST_FILE_H

#include "common/maildir/uidlist.h"

extern const char uidlist_name[]; /* "dovecot-uidlist" */

/* realloc() for count elements of size; ends the process when there is no memory. */
void *uidlist_memory(void *old, size_t count, size_t size);

void uidlist_push(struct uidlist *u, struct uidlist_record r);
void uidlist_enter(struct uidlist *u, size_t number);
void uidlist_rebuild_table(struct uidlist *u);

/* The file is damaged: what (constant text).  The next save replaces it. */
void uidlist_complain(struct uidlist *u, const char *what);

/* The first line; false: UIDVALIDITY or next could not be read. */
bool uidlist_parse_header(struct uidlist *u, struct span line);

/* All whole lines of text, which is cut into strings in place; they are pushed as they come. */
void uidlist_parse_records(struct uidlist *u, char *text, size_t length);

/* Invariant (3), for records [from, count). */
void uidlist_bring_to_order(struct uidlist *u, size_t from);

/* After loading what is lost or damaged: take from recall what it knows better. */
void uidlist_mend(struct uidlist *u, int dir);

/* Close the ranks over dropped records. */
void uidlist_compact(struct uidlist *u);

/*
 * linnet.uids: UIDVALIDITY and the next UID, beside the uidlist and written
 * after every save, so that neither is lost with it.  Never fsynced and allowed
 * to fail: it is the second line of defence.
 */
bool uidlist_read_floor(int dir, uint32_t *uidvalidity_out, uint32_t *next_out);
void uidlist_write_floor(int dir, uint32_t uidvalidity, uint32_t next);

#endif
