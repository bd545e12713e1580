/* search_match.c - SEARCH keys that the view, the index or a date answers */
#include "common/mime/date.h"
#include "imapd/search_match.h"

/* ---- what is in the view ---- */

bool
match_flags(struct search_message *m, const struct search_key *key)
{
	uint32_t flags = m->message.flags;

	return (flags & key->row->has) == key->row->has && (flags & key->row->lacks) == 0;
}

bool
match_keyword(struct search_message *m, const struct search_key *key)
{
	return key->keyword_bit >= 0 && (m->message.keywords >> key->keyword_bit & 1) != 0;
}

bool
match_set(struct search_message *m, const struct search_key *key)
{
	return ranges_has(&key->uids, m->message.uid);
}

/* One modseq for all that can change of a message: which of it was asked for is ignored (RFC 7162
 * s.3.1.5). */
bool
match_modseq(struct search_message *m, const struct search_key *key)
{
	return m->message.modseq >= key->number;
}

/* THREADID: no message has one, so none is the one asked for (RFC 8474 s.5.2). */
bool
match_nothing(struct search_message *m, const struct search_key *key)
{
	(void)m, (void)key;
	return false;
}

bool
match_emailid(struct search_message *m, const struct search_key *key)
{
	char id[MAILBOX_ID_SIZE];

	return search_message_id(m, id) && strcmp(id, key->id) == 0;
}

/* ---- sizes and dates ---- */

bool
match_size(struct search_message *m, const struct search_key *key)
{
	uint64_t octets;

	if (!search_message_size(m, &octets))
		return false;
	return key->row->way < 0 ? octets < key->number : octets > key->number;
}

static bool
compare_day(int32_t day, const struct search_key *key)
{
	if (key->row->way == 0)
		return day == key->day;
	return key->row->way < 0 ? day < key->day : day >= key->day;
}

/* A moment's day as FETCH shows it: in the server's zone. */
static bool
compare_local_day(time_t when, const struct search_key *key)
{
	struct tm local;

	return localtime_r(&when, &local) &&
	       compare_day(date_day(when, (int)(local.tm_gmtoff / 60)), key);
}

bool
match_date(struct search_message *m, const struct search_key *key)
{
	time_t when;

	return search_message_date(m, &when) && compare_local_day(when, key);
}

bool
match_savedate(struct search_message *m, const struct search_key *key)
{
	time_t when;

	return search_message_savedate(m, &when) && compare_local_day(when, key);
}

/* YOUNGER: not older than so many seconds; OLDER: at least so old (RFC 5032 s.3). */
bool
match_age(struct search_message *m, const struct search_key *key)
{
	int64_t now = key->now;
	time_t when;

	if (!search_message_date(m, &when))
		return false;
	if (key->row->way > 0)
		return (int64_t)when >= now - (int64_t)key->number;
	return (int64_t)when <= now - (int64_t)key->number;
}

/* The Date: header's day as the sender wrote it.  Without a readable date no day matches. */
bool
match_sent(struct search_message *m, const struct search_key *key)
{
	struct sent_date sent;

	return search_message_sent(m, &sent) && sent.is_known &&
	       compare_day(date_day((time_t)sent.utc, sent.zone), key);
}
