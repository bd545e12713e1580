/* mailbox_file.c - one message's file: opening, size, date */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/number.h"
#include "common/index/cache.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/mime/source.h"

/* ENOENT is final only after the folder was looked through for the base name (W01). */
int
box_stat(struct mailbox *box, uint32_t number, struct stat *st_out)
{
	for (int tries = 0; tries < BOX_TRIES; tries++) {
		const struct item *it = items_at(&box->items, number - 1);

		if (fstatat(box_dir_of(box, it), box_name_of(box, it), st_out,
		            AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
		if (errno != ENOENT || it->is_gone || box_look(box, LOOK_ALWAYS) != 0)
			return -1;
		errno = ENOENT;
	}
	return -1;
}

int
mailbox_message_open(struct mailbox *box, uint32_t number)
{
	for (int tries = 0; tries < BOX_TRIES; tries++) {
		const struct item *it = items_at(&box->items, number - 1);
		int fd =
			file_open(box_dir_of(box, it), box_name_of(box, it), O_RDONLY | O_NONBLOCK);

		if (fd >= 0)
			return fd;
		if (errno != ENOENT || it->is_gone || box_look(box, LOOK_ALWAYS) != 0)
			return -1;
		errno = ENOENT;
	}
	return -1;
}

int
mailbox_message_date(struct mailbox *box, uint32_t number, time_t *date_out)
{
	const struct item *it = items_at(&box->items, number - 1);
	struct stat st;

	if (it->date != DATE_UNKNOWN) {
		*date_out = (time_t)it->date;
		return 0;
	}
	if (box_stat(box, number, &st) != 0)
		return -1;
	box_set_size(box, number - 1, items_at(&box->items, number - 1)->size, st.st_mtime);
	*date_out = st.st_mtime;
	return 0;
}

static int
count_octets(struct mailbox *box, uint32_t number, uint64_t *octets_out)
{
	int fd = mailbox_message_open(box, number), failed;
	struct source *src = fd >= 0 ? source_open(fd) : NULL;
	uint64_t bare, lines, size;

	if (!src)
		return -1;
	size = source_size(src);
	source_count(src, 0, size, &bare, &lines);
	failed = source_error(src);
	source_close(src);
	if (failed) {
		errno = failed;
		return -1;
	}
	*octets_out = size + bare;
	return 0;
}

int
mailbox_message_size(struct mailbox *box, uint32_t number, uint64_t *octets_out)
{
	const struct item *it = items_at(&box->items, number - 1);
	uint64_t octets;

	if (it->size == SIZE_UNKNOWN) {
		if (!filename_size(box_name_of(box, it), 'W', &octets) &&
		    count_octets(box, number, &octets) != 0)
			return -1;
		mailbox_message_size_is(box, number, octets);
	}
	*octets_out = items_at(&box->items, number - 1)->size;
	return 0;
}

void
mailbox_message_size_is(struct mailbox *box, uint32_t number, uint64_t octets)
{
	const struct item *it = items_at(&box->items, number - 1);

	if (it->size == octets)
		return;
	if (it->size != SIZE_UNKNOWN)
		cache_drop(box, number); /* the file is not the one that it was (W07) */
	it = items_at(&box->items, number - 1);
	box_set_size(box, number - 1, octets, it->date);
}

static void
put_sizes(struct mailbox *box)
{
	for (uint32_t i = 0; (i = items_next(&box->items, i, ITEMS_IN_MEMORY)) < box->items.count;
	     i++) {
		struct item *it = items_at(&box->items, i);
		size_t number =
			it->is_counted ? uidlist_find_uid(&box->uids, it->shown.uid) : SIZE_MAX;

		if (number != SIZE_MAX && it->size != SIZE_UNKNOWN)
			uidlist_set_field(&box->uids, number, 'W', it->size);
		it->is_counted = false;
	}
}

/* To the index, at no cost worth mentioning; only where there is none, to the uidlist. */
static bool
note_sizes(struct mailbox *box)
{
	bool done;

	if (box_index_begin(box, 0) != 0)
		return true; /* somebody is busy there; they will be counted again */
	done = box->index.is_live && box->index.is_locked;
	for (uint32_t i = 0;
	     done && (i = items_next(&box->items, i, ITEMS_IN_MEMORY)) < box->items.count; i++) {
		const struct item *it = items_at(&box->items, i);

		if (it->is_counted && !it->is_gone)
			pending_size(&box->index.pending, it, box->highest);
	}
	box_index_end(box);
	return done;
}

void
box_store_sizes(struct mailbox *box)
{
	if (!box->sizes_counted || !box->can_assign || box->is_lost)
		return;
	box->sizes_counted = false;
	if (note_sizes(box) || box_lists_lock(box, 0) != 0)
		return;
	if (uidlist_refresh(&box->uids, box->folder) == 0 &&
	    box->uids.uidvalidity == box->uidvalidity) {
		put_sizes(box);
		uidlist_save(&box->uids, box->folder, store_root(box->store), box_does_sync(box));
	}
	box_lists_unlock(box);
}

const char *
mailbox_pop3_uidl(struct mailbox *box, uint32_t number)
{
	uint32_t uid = items_at(&box->items, number - 1)->shown.uid;
	struct span field;
	size_t at;

	if (box->index.is_live && !box->index.has_uidls)
		return NULL;
	if (box->uids.generation == 0)
		uidlist_refresh(&box->uids, box->folder);
	at = uidlist_find_uid(&box->uids, uid);
	if (at == SIZE_MAX)
		return NULL;
	field = uidlist_field(&box->uids.record[at], 'P');
	if (!field.at || field.len == 0 || field.len > NAME_MAX)
		return NULL;
	memcpy(box->base_text, field.at, field.len);
	box->base_text[field.len] = '\0';
	return box->base_text;
}
