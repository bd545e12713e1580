/* fetch_mailbox.c - a session with a mailbox in memory for the tests of FETCH */
#include "tests/unit/fetch_mailbox.h"

#include <errno.h>
#include <string.h>

#include "common/index/cache.h"
#include "imapd/commands.h"
#include "tests/unit/mime_support.h"

struct mailbox {
	const struct fetch_sample *sample;
	struct message            *message;
	uint64_t                  *size;
	uint32_t                   count;
	bool                       is_writable;
	unsigned                   opened, changes;
	struct buf                *kept; /* of each message and kind; with a byte in front */
};

static struct span
text_of(const struct fetch_sample *m)
{
	return m->len > 0 ? span_make(m->text, m->len) : span_of(m->text);
}

void
fetch_session_open(struct session *s, const struct fetch_sample *sample, size_t count,
                   bool is_writable)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	box->sample = sample;
	box->count = (uint32_t)count;
	box->is_writable = is_writable;
	box->message = calloc(count, sizeof(*box->message));
	box->size = calloc(count, sizeof(*box->size));
	box->kept = calloc(count * CACHE_KINDS, sizeof(*box->kept));
	for (uint32_t i = 0; i < count; i++) {
		box->message[i] = (struct message){ .uid = 10 * (i + 1),
			                            .flags = sample[i].flags,
			                            .modseq = 1 };
		box->size[i] = sample[i].stored_size;
	}
	memset(s, 0, sizeof(*s));
	s->box = box;
}

void
fetch_session_close(struct session *s)
{
	arena_free(&s->mem);
	for (size_t i = 0; i < s->box->count * CACHE_KINDS; i++)
		buf_free(&s->box->kept[i]);
	free(s->box->kept);
	free(s->box->message);
	free(s->box->size);
	free(s->box);
}

unsigned
fetch_session_opened(const struct session *s)
{
	return s->box->opened;
}

unsigned
fetch_session_changes(const struct session *s)
{
	return s->box->changes;
}

void
fetch_session_run(struct session *s, const char *arguments, bool by_uid, struct buf *answer)
{
	struct cursor c;
	void *args;

	cursor_open(&c, span_of(arguments), &s->mem);
	args = parse_fetch(&c);
	take_end(&c);
	s->reply = REPLY_NONE;
	s->reply_code = s->reply_text = NULL;
	capture(&s->out);
	if (cursor_ok(&c))
		run_fetch(s, args, by_uid ? BY_UID : 0);
	else
		reply_bad(s, c.why);
	captured(&s->out, answer);
}

uint32_t
mailbox_count(const struct mailbox *box)
{
	return box->count;
}

const struct message *
mailbox_message(const struct mailbox *box, uint32_t number)
{
	return &box->message[number - 1];
}

uint32_t
mailbox_number_at_or_behind(const struct mailbox *box, uint32_t uid)
{
	uint32_t number = uid / 10 + (uid % 10 != 0);

	return number == 0 ? 1 : number <= box->count ? number : box->count + 1;
}

uint32_t
mailbox_uidnext(const struct mailbox *box)
{
	(void)box;
	return UINT32_MAX;
}

uint32_t
mailbox_number_of(const struct mailbox *box, uint32_t uid)
{
	return uid % 10 == 0 && uid / 10 <= box->count ? uid / 10 : 0;
}

bool
mailbox_is_writable(const struct mailbox *box)
{
	return box->is_writable;
}

const char *
mailbox_name(const struct mailbox *box)
{
	(void)box;
	return "INBOX";
}

const char *
mailbox_keyword(const struct mailbox *box, unsigned n)
{
	(void)box;
	return n == 0 ? "work" : NULL;
}

unsigned
mailbox_keyword_count(const struct mailbox *box)
{
	(void)box;
	return 0;
}

static int
gone(const struct mailbox *box, uint32_t number)
{
	errno = ENOENT;
	return box->sample[number - 1].text ? 0 : -1;
}

int
mailbox_message_size(struct mailbox *box, uint32_t number, uint64_t *octets_out)
{
	struct buf crlf = BUF_EMPTY;

	if (gone(box, number) < 0)
		return -1;
	naive_crlf(text_of(&box->sample[number - 1]), &crlf);
	*octets_out = box->size[number - 1] ? box->size[number - 1] : crlf.len;
	buf_free(&crlf);
	return 0;
}

void
mailbox_message_size_is(struct mailbox *box, uint32_t number, uint64_t octets)
{
	box->size[number - 1] = octets;
}

int
mailbox_message_date(struct mailbox *box, uint32_t number, time_t *date_out)
{
	*date_out = 837571465; /* 17-Jul-1996 02:44:25 UTC */
	return gone(box, number);
}

static struct buf *
kept_of(struct mailbox *box, uint32_t number, enum cache_kind kind)
{
	return &box->kept[(number - 1) * CACHE_KINDS + kind];
}

bool
cached(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span *value_out)
{
	struct buf *kept = kept_of(box, number, kind);

	if (kept->len == 0)
		return false;
	*value_out = span_skip(buf_view(kept), 1);
	return true;
}

void
cache_keep(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span value)
{
	struct buf *kept = kept_of(box, number, kind);

	buf_reset(kept);
	buf_byte(kept, '!');
	buf_span(kept, value);
}

bool
cache_look(struct mailbox *box, uint32_t number, const struct stat *st)
{
	return st || gone(box, number) == 0;
}

int
mailbox_message_open(struct mailbox *box, uint32_t number)
{
	if (gone(box, number) < 0)
		return -1;
	box->opened++;
	return file_of(text_of(&box->sample[number - 1]));
}

int
mailbox_flags(struct mailbox *box, const struct ranges *uids, const struct flags_change *change,
              struct arena *mem, struct flags_result *result_out)
{
	struct ranges_walk w = { 0 };
	uint32_t uid;

	(void)mem;
	if (result_out)
		memset(result_out, 0, sizeof(*result_out));
	while (ranges_next(uids, &w, &uid))
		box->message[uid / 10 - 1].flags |= change->flags;
	box->changes++;
	return 0;
}

/* What the linked files of imapd ask of other commands, never called here. */
int
mailbox_sync(struct mailbox *box)
{
	(void)box;
	return 0;
}

bool
mailbox_next_news(struct mailbox *box, bool may_expunge, struct news *news_out)
{
	(void)box;
	(void)may_expunge;
	(void)news_out;
	return false;
}

void
session_bye(struct session *s, const char *text)
{
	(void)s;
	(void)text;
	abort();
}

void
session_close_box(struct session *s)
{
	(void)s;
}

uint64_t
mailbox_highestmodseq(const struct mailbox *box)
{
	(void)box;
	return 1;
}

bool
mailbox_holds_expunged(const struct mailbox *box)
{
	(void)box;
	return false;
}

int
mailbox_vanished(struct mailbox *box, uint64_t since, const struct ranges *known,
                 struct arena *mem, struct ranges *uids_out)
{
	(void)box;
	(void)since;
	(void)known;
	(void)mem;
	*uids_out = (struct ranges)RANGES_EMPTY;
	return 0;
}

int
mailbox_message_savedate(struct mailbox *box, uint32_t number, time_t *date_out)
{
	(void)box;
	*date_out = (time_t)(1700000000 + number);
	return 0;
}

int
mailbox_message_id(struct mailbox *box, uint32_t number, char id_out[MAILBOX_ID_SIZE])
{
	(void)box;
	snprintf(id_out, MAILBOX_ID_SIZE, "M%u", number);
	return 0;
}

const char *
mailbox_id(struct mailbox *box)
{
	(void)box;
	return "F1";
}

int
mailbox_find_keyword(const struct mailbox *box, const char *name)
{
	(void)box;
	(void)name;
	return -1;
}

uint32_t
mailbox_next_with(const struct mailbox *box, uint32_t number, uint32_t has, uint32_t lacks)
{
	(void)box;
	(void)number;
	(void)has;
	(void)lacks;
	return 0;
}
