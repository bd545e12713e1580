/*
 * mailbox_ids.c - ids that outlive sessions, moves and the index (RFC 8474), and SAVEDATE (RFC
 * 8514)
 *
 * (1) An id is what Dovecot's GUID is: the G field of the uidlist's header for the
 *     mailbox, of a record for the message; a record without one has its base name for it.
 * (2) What cannot stand in an answer as it is, as a base name with its dots, is hashed.  The
 *     hash is part of the format: it never changes.
 * (3) COPY and MOVE write the id into the target's uidlist, for the base is a new one there.
 * (4) SAVEDATE is the time in front of a base name, which every delivery agent, Dovecot and
 *     COPY and MOVE here write as they put the file there, and no change of flags touches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/number.h"
#include "common/index/mailbox_inside.h"

enum { SAVEDATE_LEAST = 100000000 };

/* FNV-1a, from a start value of ours. */
static uint64_t
hash(struct span text, uint64_t start)
{
	uint64_t h = start;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.at[i]) * 0x100000001b3ULL;
	return h ^ h >> 32;
}

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-")				RFC 8474 s.7 */
static bool
is_objectid(struct span text)
{
	if (text.len == 0 || text.len >= MAILBOX_ID_SIZE)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return true;
}

static void
make_id(struct span guid, char id_out[MAILBOX_ID_SIZE])
{
	if (is_objectid(guid))
		snprintf(id_out, MAILBOX_ID_SIZE, "%.*s", (int)guid.len, guid.at);
	else
		snprintf(id_out, MAILBOX_ID_SIZE, "%016llx%016llx",
		         (unsigned long long)hash(guid, 0xcbf29ce484222325ULL),
		         (unsigned long long)hash(guid, 0x9e3779b97f4a7c15ULL));
}

/* ---- messages ---- */

/* The uidlist has to be read only when some record in it has an id of its own. */
static struct span
stored_guid(struct mailbox *box, uint32_t uid)
{
	size_t at;

	if (box->index.is_live && !box->index.has_guids)
		return SPAN_NONE;
	if (uidlist_refresh(&box->uids, box->folder) != 0)
		return SPAN_NONE;
	at = uidlist_find_uid(&box->uids, uid);
	return at == SIZE_MAX ? SPAN_NONE : uidlist_field(&box->uids.record[at], 'G');
}

void
box_message_id(struct mailbox *box, uint32_t index, char id_out[MAILBOX_ID_SIZE])
{
	struct span guid = stored_guid(box, items_at(&box->items, index)->shown.uid);

	make_id(guid.len ? guid : span_of(mailbox_message_base(box, index + 1)), id_out);
}

int
mailbox_message_id(struct mailbox *box, uint32_t number, char id_out[MAILBOX_ID_SIZE])
{
	box_message_id(box, number - 1, id_out);
	return 0;
}

int
mailbox_message_savedate(struct mailbox *box, uint32_t number, time_t *date_out)
{
	struct span base = span_of(mailbox_message_base(box, number));
	uint64_t seconds;

	if (number_take(&base, UINT32_MAX, &seconds) && seconds >= SAVEDATE_LEAST &&
	    span_starts(base, ".")) {
		*date_out = (time_t)seconds;
		return 0;
	}
	return mailbox_message_date(box, number, date_out);
}

/* ---- the mailbox ---- */

void
box_take_id(struct mailbox *box)
{
	struct span guid = uidlist_header_field(&box->uids, 'G');

	if (guid.len)
		make_id(guid, box->id);
}

/* A uidlist of an old program: writing it anew gives it one. */
static void
give_id(struct mailbox *box)
{
	if (!box->can_assign || box_lists_lock(box, box->index.is_held ? 0 : 1) != 0)
		return;
	if (uidlist_refresh(&box->uids, box->folder) == 0 &&
	    box->uids.uidvalidity == box->uidvalidity) {
		box->uids.must_rewrite |= uidlist_header_field(&box->uids, 'G').len == 0;
		if (uidlist_save(&box->uids, box->folder, store_root(box->store),
		                 box_does_sync(box)) == 0)
			box_take_id(box);
	}
	box_lists_unlock(box);
}

const char *
mailbox_id(struct mailbox *box)
{
	char text[64];

	if (!box->id[0] && uidlist_refresh(&box->uids, box->folder) == 0)
		box_take_id(box);
	if (!box->id[0])
		give_id(box);
	/* it cannot be written: an id that lasts as long as UIDVALIDITY and the folder do */
	if (!box->id[0]) {
		snprintf(text, sizeof(text), "folder %lu %llu", (unsigned long)box->uidvalidity,
		         (unsigned long long)box->ino);
		make_id(span_of(text), box->id);
	}
	return box->id;
}
