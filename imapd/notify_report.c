/* notify_report.c - NOTIFY: news of the selected mailbox, and what MessageNew tells with them */
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/notify_inside.h"

unsigned
notify_selected(const struct session *s)
{
	return s->notify ? s->notify->selected : EVENTS_OF_MESSAGES;
}

bool
notify_expunges_at_once(const struct session *s)
{
	return s->notify && !s->notify->is_delayed;
}

/* UIDs of what came behind a UID, but for what this session put there itself. */
static struct ranges
came_behind(struct session *s, uint32_t uid, const struct ranges *own)
{
	struct ranges uids = RANGES_EMPTY;
	uint32_t count = mailbox_count(s->box);

	for (uint32_t n = mailbox_number_at_or_behind(s->box, uid + 1); n <= count; n++) {
		uint32_t one = mailbox_message(s->box, n)->uid;

		if (!ranges_has(own, one))
			ranges_add(&uids, &s->mem, one, one);
	}
	return uids;
}

/* UID FETCH of them, as if the client had asked. */
static void
fetch_new(struct session *s, const struct ranges *uids)
{
	struct buf set = BUF_EMPTY;
	char *command;
	enum reply_kind reply = s->reply;
	const char *code = s->reply_code, *text = s->reply_text;
	struct cursor c;
	void *args;

	ranges_print(uids, &set);
	command = arena_printf(&s->mem, " %s %s", arena_string(&s->mem, buf_view(&set)),
	                       s->notify->attributes);
	buf_free(&set);
	cursor_open(&c, span_of(command), &s->mem);
	args = parse_fetch(&c);
	if (cursor_ok(&c))
		run_fetch(s, args, BY_UID);
	s->reply = reply;
	s->reply_code = code;
	s->reply_text = text;
}

static uint32_t
last_uid(const struct session *s)
{
	uint32_t count = mailbox_count(s->box);

	return count > 0 ? mailbox_message(s->box, count)->uid : 0;
}

void
notify_report(struct session *s, bool may_expunge, bool is_own)
{
	unsigned wanted = notify_selected(s);
	struct ranges own = RANGES_EMPTY, came;
	uint32_t last;

	if (s->notify) {
		own = s->notify->own;
		s->notify->own.count = 0;
	}
	if (!wanted && !is_own)
		return;
	last = last_uid(s);
	report_news(s, may_expunge);
	if (!s->notify || !s->notify->attributes || last_uid(s) <= last)
		return;
	came = came_behind(s, last, &own);
	if (came.count > 0)
		fetch_new(s, &came);
}
