/*
 * cmd_append.c - APPEND, one message or several (RFC 3502)
 *
 * The messages stay in the stream: each is announced at the end of a line,
 * asked for, and goes to the store piece by piece as it comes.  Whatever fails
 * only sets the reply and stops; the dispatcher reads over what is left.
 */
#include "imapd/append.h"

#include "common/mime/date.h"
#include "imapd/command_reader.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"

/* All of one message but its bytes. */
struct append_part {
	struct flag_list list;
	time_t           date; /* -1: now */
};

struct append_args {
	struct mailbox_name target;
	struct append_part  first;
};

/* The name is the only other literal, and it comes first. */
bool
append_literal_is_message(struct span args)
{
	return !span_starts(args, " {") || span_find(args, '\n');
}

/* date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE */
static time_t
take_date_time(struct cursor *c)
{
	struct span text = take_string(c);
	time_t date = 0;

	if (cursor_ok(c) && !date_parse_imap(text, &date))
		cursor_fail(c, "expected a date like \"17-Jul-1996 02:44:25 -0700\"");
	return date > 0 ? date : 0;
}

/*
 * append-message = [SP flag-list] [SP date-time] SP literal ; of the literal only
 * the announcement
 */
static void
take_part(struct cursor *c, struct append_part *part)
{
	part->date = -1;
	take_byte(c, ' ');
	if (at_byte(c, '(')) {
		take_flag_list(c, &part->list);
		take_byte(c, ' ');
	}
	if (at_byte(c, '"')) {
		part->date = take_date_time(c);
		take_byte(c, ' ');
	}
	if (!try_byte(c, '{'))
		cursor_fail(c, "expected a message literal");
	take_number64(c);
	try_byte(c, '+');
	take_byte(c, '}');
	take_end(c);
}

/* append = "APPEND" SP mailbox 1*append-message */
void *
parse_append(struct cursor *c)
{
	struct append_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->target = take_mailbox(c);
	take_part(c, &a->first);
	return a;
}

static bool
open_target(struct session *s, const struct mailbox_name *target)
{
	if (!name_is_usable(s, target))
		return false;
	if (append_open(s->store, target->name, &s->append) == 0)
		return true;
	reply_target_errno(s, "append to", target->name);
	return false;
}

/* What can be known before the message is asked for. */
static bool
may_come(struct session *s)
{
	if (s->literal.left == 0) {
		reply_no(s, NULL, "Can't save a zero byte message.");
		return false;
	}
	if (s->literal.left > s->login->settings->mail_max_append_size) {
		reply_no(s, "TOOBIG", "The message is too large.");
		return false;
	}
	return true;
}

/* Stream one message into the store. */
static bool
take_message(struct session *s, const struct append_part *part, const char *target)
{
	if (!may_come(s))
		return false;
	if (append_message(s->append, part->list.flags, part->list.keyword,
	                   part->list.keyword_count, part->date) < 0) {
		reply_errno(s, "append to", target);
		return false;
	}
	command_ask_literal(s);
	while (s->literal.left > 0) {
		struct span some = in_some(
			&s->in, s->literal.left > SIZE_MAX ? SIZE_MAX : (size_t)s->literal.left);

		s->literal.left -= some.len;
		if (span_find(some, '\0')) {
			reply_no(s, NULL, "A message may not hold NUL.");
			return false;
		}
		if (append_write(s->append, some.at, some.len) < 0) {
			reply_errno(s, "append to", target);
			return false;
		}
	}
	s->literal.is_there = false;
	return true;
}

/*
 * What follows a message: another one announced, or the end of the command (NULL
 * with no reply set).
 */
static const struct append_part *
next_part(struct session *s)
{
	struct append_part *part = arena_zero(&s->mem, sizeof(*part));
	const char *why = command_read_more(s);
	struct cursor c;

	if (!why && s->command.len == 0)
		return NULL;
	cursor_open(&c, buf_view(&s->command), &s->mem);
	take_part(&c, part);
	if (!why && cursor_ok(&c))
		return part;
	reply_bad(s, why ? why : c.why);
	return NULL;
}

static void
commit(struct session *s, const char *target)
{
	struct buf code = BUF_EMPTY;
	struct ranges uids = RANGES_EMPTY;
	uint32_t uidvalidity;

	if (append_commit(s->append, &s->mem, &uidvalidity, &uids) < 0) {
		reply_errno(s, "append to", target);
		return;
	}
	s->appended += ranges_total(&uids);
	buf_printf(&code, "APPENDUID %u ", (unsigned)uidvalidity);
	ranges_print(&uids, &code);
	reply_ok(s, arena_string(&s->mem, buf_view(&code)), "Append completed.");
	buf_free(&code);
}

void
run_append(struct session *s, const void *args, unsigned flags)
{
	const struct append_args *a = args;
	const struct append_part *part = &a->first;

	(void)flags;
	if (!open_target(s, &a->target))
		return;
	while (part && take_message(s, part, a->target.name))
		part = next_part(s);
	if (s->reply == REPLY_NONE)
		commit(s, a->target.name);
	s->append = append_close(s->append);
}
