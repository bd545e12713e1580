/*
 * cmd_append.c - APPEND: messages as literals (RFC 3502, 3516, 6855) or put together (RFC 4469)
 *
 * The messages stay in the stream: each literal is announced at the end of a
 * line, asked for, and goes to the store piece by piece as it comes.  Whatever
 * fails only sets the reply and stops; the dispatcher reads over what is left.
 */
#include <errno.h>

#include "common/base/limits.h"
#include "imapd/append.h"
#include "imapd/command_reader.h"
#include "imapd/commands.h"
#include "imapd/notify.h"
#include "imapd/session.h"

struct append_args {
	struct mailbox_name  target;
	struct append_script script;
};

/* append = "APPEND" SP mailbox 1*append-message */
void *
parse_append(struct cursor *c)
{
	struct append_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->target = take_mailbox(c);
	take_append_steps(c, &a->script);
	return a;
}

bool
append_open_target(struct session *s, const struct mailbox_name *target)
{
	if (!name_is_usable(s, target))
		return false;
	if (append_open(s->store, target->name, &s->append) == 0)
		return true;
	reply_target_errno(s, "append to", target->name);
	return false;
}

/* A message being received: how much of it there is. */
struct receiver {
	struct session *s;
	const char     *target;
	uint64_t        octets;
};

static bool
begin_message(struct receiver *r, const struct append_step *step)
{
	r->octets = 0;
	errno = EMLINK; /* they cannot be kept: known before the literal is asked for */
	if (step->list.keyword_count <= LIMIT_KEYWORDS &&
	    append_message(r->s->append, step->list.flags, step->list.keyword,
	                   step->list.keyword_count, step->date) == 0)
		return true;
	reply_errno(r->s, "append to", r->target);
	return false;
}

static bool
end_message(struct receiver *r, const struct append_step *step)
{
	(void)step;
	if (r->octets == 0)
		reply_no(r->s, NULL, "Can't save a zero byte message.");
	return r->octets > 0;
}

static bool
is_not_too_big(struct receiver *r)
{
	if (r->octets <= r->s->login->settings->mail_max_append_size)
		return true;
	reply_no(r->s, "TOOBIG", "The message is too large.");
	return false;
}

static bool
take_url(struct receiver *r, const struct append_step *step)
{
	return append_url(r->s, step->url, r->target, &r->octets) && is_not_too_big(r);
}

/* What can be known before a literal is asked for. */
static bool
may_come(struct receiver *r, const struct append_step *step)
{
	struct session *s = r->s;

	if (step->is_utf8 && !(s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2))) {
		reply_no(s, "CANNOT", "UTF8=ACCEPT has to be enabled first."); /* RFC 6855 s.4 */
		return false;
	}
	if (s->literal.left > UINT64_MAX - r->octets)
		s->literal.left = UINT64_MAX - r->octets;
	r->octets += s->literal.left;
	return (!step->is_whole || end_message(r, step)) && is_not_too_big(r);
}

/* Where a line end of the file would not be the one of the message (some[-1] is prev). */
static bool
has_bare_lf(struct span some, char prev)
{
	const char *lf;

	while ((lf = span_find(some, '\n')) != NULL) {
		if ((lf > some.at ? lf[-1] : prev) != '\r')
			return true;
		some = span_skip(some, (size_t)(lf + 1 - some.at));
		prev = '\n';
	}
	return false;
}

/*
 * No plain literal holds NUL.  Binary content that a Maildir cannot keep as it
 * is, where every line end is read as CRLF, is refused as RFC 3516 s.4.4 says.
 */
static bool
can_be_kept(struct receiver *r, const struct append_step *step, struct span some, char prev)
{
	bool is_exact = step->is_binary && !step->is_utf8;
	bool has_nul = span_find(some, '\0') != NULL;

	if (has_nul && !step->is_binary)
		reply_no(r->s, NULL, "A message may not hold NUL.");
	else if (has_nul || (is_exact && has_bare_lf(some, prev)))
		reply_no(r->s, "UNKNOWN-CTE",
		         "Content with NUL or bare line feeds cannot be kept here.");
	return r->s->reply == REPLY_NONE;
}

/* Stream a literal into the store. */
static bool
take_literal(struct receiver *r, const struct append_step *step)
{
	struct session *s = r->s;
	char prev = '\0';

	if (!may_come(r, step))
		return false;
	command_ask_literal(s);
	while (s->literal.left > 0) {
		struct span some = in_some(
			&s->in, s->literal.left > SIZE_MAX ? SIZE_MAX : (size_t)s->literal.left);

		s->literal.left -= some.len;
		if (!can_be_kept(r, step, some, prev))
			return false;
		prev = some.at[some.len - 1];
		if (append_write(s->append, some.at, some.len) < 0) {
			reply_errno(s, "append to", r->target);
			return false;
		}
	}
	s->literal.is_there = false;
	return true;
}

static bool
do_steps(struct receiver *r, const struct append_script *script)
{
	static bool (*const actions[])(struct receiver *r, const struct append_step *step) = {
		[STEP_MESSAGE] = begin_message,
		[STEP_URL] = take_url,
		[STEP_LITERAL] = take_literal,
		[STEP_END] = end_message,
	};

	for (size_t i = 0; i < script->count; i++)
		if (!actions[script->step[i].kind](r, &script->step[i]))
			return false;
	return true;
}

/* The text behind a literal; false: it cannot be, and the reply is set. */
static bool
read_more(struct session *s, struct append_script *script)
{
	const char *why = command_read_more(s);
	struct cursor c;

	script->text += s->command.len;
	if (!why && script->text > LIMIT_COMMAND)
		why = "Command is too large";
	cursor_open(&c, buf_view(&s->command), &s->mem);
	take_append_steps(&c, script);
	if (!why && cursor_ok(&c))
		return true;
	reply_bad(s, why ? why : c.why);
	return false;
}

bool
append_receive(struct session *s, const char *target, struct append_script *script)
{
	struct receiver r = { s, target, 0 };

	while (do_steps(&r, script)) {
		if (!script->waits)
			return true;
		if (!read_more(s, script))
			return false;
	}
	return false;
}

const char *
append_finish(struct session *s, const char *target)
{
	struct buf code = BUF_EMPTY;
	struct ranges uids = RANGES_EMPTY;
	uint32_t uidvalidity;
	const char *copy;

	if (append_commit(s->append, &s->mem, &uidvalidity, &uids) < 0) {
		reply_errno(s, "append to", target);
		return NULL;
	}
	s->appended += ranges_total(&uids);
	notify_own_mail(s, target, &uids);
	buf_printf(&code, "APPENDUID %u ", (unsigned)uidvalidity);
	ranges_print(&uids, &code);
	copy = arena_string(&s->mem, buf_view(&code));
	buf_free(&code);
	return copy;
}

void
run_append(struct session *s, const void *args, unsigned flags)
{
	const struct append_args *a = args;
	struct append_script script = a->script;
	const char *code;

	(void)flags;
	if (!append_open_target(s, &a->target))
		return;
	if (append_receive(s, a->target.name, &script)) {
		code = append_finish(s, a->target.name);
		if (code)
			reply_ok(s, code, "Append completed.");
	}
	s->append = append_close(s->append);
}
