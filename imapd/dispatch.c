/* dispatch.c - one command, from its first byte to its tagged reply */
#include "imapd/dispatch.h"

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/index/cache.h"
#include "imapd/command.h"
#include "imapd/command_reader.h"
#include "imapd/grammar.h"
#include "imapd/notify.h"

static void
run_row(struct session *s, const struct command *row, struct cursor *c)
{
	const void *args = NULL;

	if (!(row->states & (s->box ? IN_SELECTED : IN_AUTHENTICATED)))
		return reply_bad(s, row->states ? "No mailbox selected" : "Already logged in");
	if ((row->flags & (BY_NUMBER | HOLDS_EXPUNGE)) && (s->enabled & ENABLED_UIDONLY)) {
		s->reply_code = "UIDREQUIRED";
		return reply_bad(s, "message numbers are not in use");
	}
	if ((row->flags & CHANGES) && !mailbox_is_writable(s->box))
		return reply_no(s, "READ-ONLY", "Read-only mailbox.");
	if (row->parse)
		args = row->parse(c);
	take_end(c);
	if (!cursor_ok(c))
		reply_bad(s, c->why);
	else
		row->run(s, args, row->flags);
}

static void
send_reply(struct session *s, struct span tag, const char *name)
{
	static const char *const words[] = {
		[REPLY_OK] = "OK", [REPLY_NO] = "NO", [REPLY_BAD] = "BAD"
	};

	if (s->reply == REPLY_NONE)
		bug("%s set no reply", name);
	out_span(&s->out, tag.len > 0 ? tag : span_of("*"));
	out_printf(&s->out, " %s ", words[s->reply]);
	if (s->reply_code)
		out_printf(&s->out, "[%s] ", s->reply_code);
	if (s->reply == REPLY_BAD)
		out_printf(&s->out, "Error in IMAP command%s%s: %s.\r\n", name[0] ? " " : "", name,
		           s->reply_text);
	else
		out_printf(&s->out, "%s\r\n", s->reply_text);
}

/* Only now is it known: the report may have told of more. */
static void
end_with_modseq(struct session *s)
{
	if (s->box && s->ends_with_modseq && s->expunges_told > 0 && s->reply == REPLY_OK &&
	    (s->enabled & ENABLED_QRESYNC))
		s->reply_code = arena_printf(&s->mem, "HIGHESTMODSEQ %llu",
		                             (unsigned long long)s->modseq_told);
}

/* Whatever becomes of the cache, the answers were right. */
static void
settle_cache(struct session *s)
{
	const char *damaged = s->box ? cache_settle(s->box) : NULL;

	if (damaged)
		log_warning("Mailbox %s: %s in its folder cannot be used, it is made anew",
		            mailbox_name(s->box), damaged);
}

void
dispatch_command(struct session *s)
{
	const struct command *row = NULL;
	struct cursor c;
	struct span tag;
	const char *why, *name = "";

	s->reply = REPLY_NONE;
	s->reply_code = s->reply_text = NULL;
	s->ends_with_modseq = s->holds_expunge = false;
	s->expunges_told = 0;
	if (s->notify)
		session_wait(s, false);
	why = command_read(s);
	cursor_open(&c, buf_view(&s->command), &s->mem);
	c.utf8 = (s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) != 0;
	c.names = &s->names;
	s->tag = tag = arena_copy(&s->mem, take_tag(&c));
	take_byte(&c, ' ');
	if (cursor_ok(&c)) {
		row = command_find(&c);
		name = row ? row->name :
		             arena_printf(&s->mem, "%.32s", arena_string(&s->mem, take_atom(&c)));
	}
	if (why || !cursor_ok(&c))
		reply_bad(s, why ? why : c.why);
	else if (!row)
		reply_bad(s, "Unknown command");
	else
		run_row(s, row, &c);

	command_drop_rest(s);
	if (s->box && row && !(row->flags & (NO_REPORT | ENDS_BOX)))
		notify_report(s, !(row->flags & HOLDS_EXPUNGE) && !s->holds_expunge,
		              (row->flags & CHANGES) != 0);
	end_with_modseq(s);
	send_reply(s, tag, name);
	settle_cache(s);
	if (s->after_reply)
		s->after_reply(s);
	s->after_reply = NULL;
	s->bad_commands = s->reply == REPLY_BAD ? s->bad_commands + 1 : 0;
	if (s->bad_commands == LIMIT_BAD_COMMANDS)
		session_bye(s, "Too many invalid IMAP commands.");
	arena_reset(&s->mem);
}
