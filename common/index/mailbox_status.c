/* mailbox_status.c - a mailbox's numbers without a session in it */
#include <errno.h>
#include <string.h>

#include "common/index/mailbox_inside.h"

static int
add_sizes(struct mailbox *box, uint64_t *size_out)
{
	uint64_t total = 0, octets;

	for (uint32_t n = 1; n <= mailbox_count(box); n++) {
		if (mailbox_message_size(box, n, &octets) == 0)
			total += octets;
		else if (errno != ENOENT)
			return -1;
	}
	*size_out = total;
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

int
mailbox_status(struct store *s, const char *name, unsigned what, struct mailbox_status *status_out)
{
	struct mailbox_status st;
	struct mailbox *box;
	int failed = 0, saved;

	memset(&st, 0, sizeof(st));
	if (mailbox_open(s, name, MAILBOX_READ_ONLY, &box) != 0)
		return -1;
	st.messages = mailbox_count(box);
	st.recent = mailbox_recent(box);
	st.uidnext = mailbox_uidnext(box);
	st.uidvalidity = mailbox_uidvalidity(box);
	st.highestmodseq = mailbox_highestmodseq(box);
	count_flags(box, &st);
	if (what & STATUS_WITH_SIZE)
		failed = add_sizes(box, &st.size);
	saved = errno;
	mailbox_close(box);
	errno = saved;
	if (failed == 0)
		*status_out = st;
	return failed;
}
