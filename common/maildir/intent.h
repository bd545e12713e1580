/* intent.h - several messages enter a folder all together, whatever cuts it short */
#ifndef LINNET_MAILDIR_INTENT_H
#define LINNET_MAILDIR_INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/buf.h"

/*
 * Under the lock of the folder's uidlist, for more than one message:
 *
 *	intent_add(&i, ...) for each; intent_write(&i, folder, sync);
 *	... all renames, or all links, the fsync of cur/ and new/ ...
 *	intent_clear(folder);
 *
 * The UIDs of messages that are renamed are written before that, those of
 * links before intent_clear(), which is fsynced then.  Whoever takes the lock next calls
 * intent_finish() before looking at the folder.
 */
struct intent {
	struct buf text;
	size_t     count;
	bool       is_links; /* set before the first is added */
};
#define INTENT_EMPTY { BUF_EMPTY, 0, false }
void intent_free(struct intent *i);

/*
 * The file part/from of a folder below the root (name.h's name_to_dir; "": the
 * intent's own folder) is to become to_part/to of the intent's own folder.
 * Parts are "tmp", "cur" and "new".
 */
void intent_add(struct intent *i, const char *from_folder, const char *from_part, const char *from,
                const char *to_part, const char *to);

/*
 * From here on the renames happen, or all links are taken back that have no UIDs yet, even if
 * this process does not live to do it.  -1: nothing is promised.
 */
int intent_write(const struct intent *i, int folder, bool sync);

/* All is done, or all was taken back. */
void intent_clear(int folder);

bool intent_is_there(int folder);

/*
 * Do what an intent says that is still there, or take it back; costs one failing open when
 * there is none.  -1: something could not be done (ENOSPC, EIO), and the intent stays for the
 * next one.
 */
int intent_finish(int folder, int root, bool sync);

/* Its text; SPAN_NONE: there is none. */
int intent_read(int folder, struct arena *mem, struct span *text_out);

/* Each message of a good text is given to visit, until that says false.  False: a bad one. */
struct intent_entry {
	const char *from_folder, *from_part, *from, *to_part, *to;
};
bool intent_is_of_links(struct span text);
bool intent_parse(struct span text, bool (*visit)(void *context, const struct intent_entry *e),
                  void *context);

#endif
