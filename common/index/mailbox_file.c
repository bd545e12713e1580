/* mailbox_file.c - one message's file: opening, size, date */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/number.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/filename.h"
#include "common/mime/source.h"

/* ENOENT is final only after the folder was looked through for the base name (W01). */
static int
stat_file(struct mailbox *box, uint32_t number, struct stat *st_out)
{
	for (int tries = 0; tries < BOX_TRIES; tries++) {
		const struct item *it = items_at(&box->items, number - 1);

		if (fstatat(box_dir_of(box, it), it->name, st_out, AT_SYMLINK_NOFOLLOW) == 0)
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
		int fd = openat(box_dir_of(box, it), it->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

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
	struct stat st;

	if (stat_file(box, number, &st) != 0)
		return -1;
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
	struct item *it = items_at(&box->items, number - 1);
	uint64_t octets;

	if (it->size == SIZE_UNKNOWN && !filename_size(it->name, 'W', &it->size)) {
		it->size = SIZE_UNKNOWN;
		if (count_octets(box, number, &octets) != 0)
			return -1;
		mailbox_message_size_is(box, number, octets);
	}
	*octets_out = items_at(&box->items, number - 1)->size;
	return 0;
}

void
mailbox_message_size_is(struct mailbox *box, uint32_t number, uint64_t octets)
{
	struct item *it = items_at(&box->items, number - 1);

	if (it->size == octets)
		return;
	it->size = octets;
	it->is_counted = true;
	box->sizes_counted = true;
}

static void
put_sizes(struct mailbox *box)
{
	for (uint32_t i = 0; i < box->items.count; i++) {
		struct item *it = items_at(&box->items, i);
		size_t number = it->is_counted ? uidlist_at_or_behind(&box->uids, it->shown.uid) : SIZE_MAX;

		if (number < box->uids.count && box->uids.record[number].uid == it->shown.uid)
			uidlist_set_field(&box->uids, number, 'W', it->size);
		it->is_counted = false;
	}
}

void
box_store_sizes(struct mailbox *box)
{
	struct dotlock lock = DOTLOCK_NONE;

	if (!box->sizes_counted || !box->can_assign || box->is_lost)
		return;
	box->sizes_counted = false;
	if (uidlist_lock(box->folder, 0, &lock) != 0)
		return;
	if (uidlist_refresh(&box->uids, box->folder) == 0 && box->uids.uidvalidity == box->uidvalidity) {
		put_sizes(box);
		uidlist_save(&box->uids, box->folder, store_root(box->store), box_does_sync(box));
	}
	dotlock_release(&lock);
}

const char *
mailbox_pop3_uidl(const struct mailbox *box, uint32_t number)
{
	uint32_t uid = items_at(&box->items, number - 1)->shown.uid;
	size_t at = uidlist_at_or_behind(&box->uids, uid);
	struct span field;

	if (at >= box->uids.count || box->uids.record[at].uid != uid)
		return NULL;
	field = uidlist_field(&box->uids.record[at], 'P');
	if (!field.at || field.len == 0 || field.len > NAME_MAX)
		return NULL;
	memcpy(box->base_text, field.at, field.len);
	box->base_text[field.len] = '\0';
	return box->base_text;
}
