/* mailbox_status.c - a mailbox's numbers without a session in it */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/index/lock.h"
#include "common/index/mailbox_inside.h"
#include "common/maildir/dir.h"
#include "common/maildir/index_place.h"
#include "common/maildir/name.h"

static int
add_sizes(struct mailbox *box, unsigned what, struct mailbox_status *st)
{
	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		bool is_deleted = (mailbox_message(box, n)->flags & FLAG_DELETED) != 0;
		uint64_t octets;

		if (!(what & STATUS_WITH_SIZE) && !is_deleted)
			continue;
		if (mailbox_message_size(box, n, &octets) != 0) {
			if (errno != ENOENT)
				return -1;
			continue;
		}
		st->size += octets;
		st->deleted_storage += is_deleted ? octets : 0;
	}
	return 0;
}

static void
count_flags(const struct mailbox *box, struct mailbox_status *st)
{
	for (uint32_t n = 1; n <= st->messages; n++) {
		uint32_t flags = mailbox_message(box, n)->flags;

		st->unseen += !(flags & FLAG_SEEN);
		st->deleted += (flags & FLAG_DELETED) != 0;
	}
}

/* All but the sizes nobody has counted yet stands in the index's state. */
static bool
take_status(const struct journal_state *s, unsigned what, struct mailbox_status *st)
{
	if ((what & STATUS_WITH_SIZE && s->counters.sizes_unknown > 0) ||
	    (what & STATUS_WITH_DELETED_STORAGE && s->counters.deleted_unknown > 0) ||
	    s->bits & JOURNAL_IS_FOLDED || !s->id[0])
		return false;
	st->messages = s->counters.messages;
	st->recent = s->counters.in_new;
	st->unseen = s->counters.unseen;
	st->deleted = s->counters.deleted;
	st->uidnext = s->uidnext;
	st->uidvalidity = s->uidvalidity;
	st->highestmodseq = s->highest;
	st->size = s->counters.octets;
	st->deleted_storage = s->counters.deleted_octets;
	memcpy(st->id, s->id, sizeof(st->id));
	return true;
}

static bool
ask_index(int folder, int place, unsigned what, struct mailbox_status *st)
{
	struct index_folder f = { folder, dir_open(folder, "cur"), dir_open(folder, "new") };
	struct journal j = JOURNAL_NONE;
	bool known;

	known = f.cur >= 0 && f.new_mail >= 0 && journal_open(place, &j) == 0 &&
	        index_is_current(&j.state, &f) && take_status(&j.state, what, st);
	journal_close(&j);
	if (f.cur >= 0)
		close(f.cur);
	if (f.new_mail >= 0)
		close(f.new_mail);
	return known;
}

int
mailbox_status(struct store *s, const char *name, unsigned what, struct mailbox_status *status_out)
{
	struct mailbox_status st;
	struct arena mem = ARENA_EMPTY;
	struct mailbox *box;
	int failed = 0, saved, place, folder = store_open_folder(s, name);
	bool known;

	memset(&st, 0, sizeof(st));
	if (folder < 0)
		return -1;
	place = index_place_open(s, folder, name_to_dir(name, &mem), false);
	known = ask_index(folder, place, what, &st);
	index_place_close(place, folder);
	close(folder);
	arena_free(&mem);
	if (known) {
		*status_out = st;
		return 0;
	}
	memset(&st, 0, sizeof(st));
	if (mailbox_open(s, name, MAILBOX_READ_ONLY, &box) != 0)
		return -1;
	st.messages = mailbox_count(box);
	st.recent = mailbox_recent(box);
	st.uidnext = mailbox_uidnext(box);
	st.uidvalidity = mailbox_uidvalidity(box);
	st.highestmodseq = mailbox_highestmodseq(box);
	snprintf(st.id, sizeof(st.id), "%s", mailbox_id(box));
	count_flags(box, &st);
	if (what)
		failed = add_sizes(box, what, &st);
	saved = errno;
	mailbox_close(box);
	errno = saved;
	if (failed == 0)
		*status_out = st;
	return failed;
}
