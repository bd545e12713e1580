/*
 * serve.c - a POP3 session from login to the end
 *
 * One line in, one answer out, in order: a client may send as many commands
 * ahead as it likes (PIPELINING, RFC 2449 s.6.6), answers leave before a read would wait.
 * RFC 1939 s.3: when a client goes away, falls silent or the server is
 * stopped, the session ends without the UPDATE state and without a word.
 */
#include "pop3d/serve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/number_text.h"
#include "common/index/mailbox.h"
#include "common/maildir/dotlock.h"
#include "common/maildir/index_place.h"
#include "common/start/login_quota.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"
#include "pop3d/uidl.h"

/* For the streams' gone(): there is one session in a process. */
static struct pop3_session session;

void
pop3_ok(struct pop3_session *s, enum text text)
{
	out_str(&s->out, "+OK ");
	out_str(&s->out, text_in(s->state.language, text));
	out_str(&s->out, "\r\n");
}

void
pop3_ok_data(struct pop3_session *s, const char *format, ...)
{
	struct buf text = BUF_EMPTY;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	out_str(&s->out, "+OK ");
	out_span(&s->out, buf_view(&text));
	out_str(&s->out, "\r\n");
	buf_free(&text);
}

void
pop3_err(struct pop3_session *s, const char *code, enum text text)
{
	out_str(&s->out, "-ERR ");
	if (code)
		out_printf(&s->out, "[%s] ", code);
	out_str(&s->out, text_in(s->state.language, text));
	out_str(&s->out, "\r\n");
}

/* What the client is told of an errno; the last row is for all others. */
static const struct {
	int         error;
	bool        is_logged;
	const char *code;
	enum text   text;
} answers[] = {
	{ EAGAIN,    false, "IN-USE",      TEXT_IN_USE },
	{ EALREADY,  false, "LOGIN-DELAY", TEXT_TOO_SOON }, /* RFC 2449 s.8.1.1 */
	{ ETIMEDOUT, true,  "IN-USE",      TEXT_LOCKED },
	{ EROFS,     true,  "SYS/PERM",    TEXT_READ_ONLY },
	{ EACCES,    true,  "SYS/PERM",    TEXT_NOT_ALLOWED },
	{ 0,         true,  "SYS/TEMP",    TEXT_TRY_LATER },
};

void
pop3_err_errno(struct pop3_session *s, const char *operation)
{
	int error = errno;
	size_t i = 0;

	while (answers[i].error != 0 && answers[i].error != error)
		i++;
	if (answers[i].is_logged)
		log_error("cannot %s: %s%s", operation, strerror(error), dotlock_owner(error));
	pop3_err(s, answers[i].code, answers[i].text);
}

static void
add_numbers(struct pop3_session *s, struct buf *line)
{
	uint64_t size = maildrop_size_known(s->drop);
	const struct number_variable variables[] = {
		{ "%i", s->in.total },
		{ "%{input}", s->in.total },
		{ "%o", s->out.total },
		{ "%{output}", s->out.total },
		{ "%t", s->top_count },
		{ "%{top_count}", s->top_count },
		{ "%p", s->top_bytes },
		{ "%{top_bytes}", s->top_bytes },
		{ "%r", s->retr_count },
		{ "%{retr_count}", s->retr_count },
		{ "%b", s->retr_bytes },
		{ "%{retr_bytes}", s->retr_bytes },
		{ "%d", s->removed },
		{ "%{deleted_count}", s->removed },
		{ "%m", maildrop_count(s->drop) },
		{ "%{message_count}", maildrop_count(s->drop) },
		{ "%s", size },
		{ "%{message_bytes}", size },
	};

	number_text(s->login->settings->pop3_logout_format, variables,
	            sizeof(variables) / sizeof(variables[0]), line);
}

/*
 * \Seen of what was read is written here also when there was no QUIT: nothing
 * is lost by it, unlike by deleting.
 */
void
pop3_end(struct pop3_session *s, const char *reason)
{
	struct buf line = BUF_EMPTY;

	if (maildrop_write_seen(s->drop) < 0)
		log_error("cannot mark what was read as seen: %s", strerror(errno));
	buf_printf(&line, "%s ", reason);
	add_numbers(s, &line);
	log_info("%s", line.data);
	buf_free(&line);
	maildrop_close(s->drop);
	store_close(s->store);
	_exit(EXIT_SUCCESS);
}

static void __attribute__((noreturn))
gone(enum gone why)
{
	static const char *const reason[] = {
		[GONE_CLOSED] = "Disconnected: Connection closed",
		[GONE_RESET] = "Disconnected: Connection reset",
		[GONE_IDLE] = "Disconnected: Inactivity",
		[GONE_TERMINATED] = "Disconnected: Server shutting down",
		[GONE_SLOW] = "Disconnected: Client takes nothing",
	};

	if (!session.drop) { /* the client went away while it logged in */
		log_info("%s before the maildrop was open", reason[why]);
		_exit(EXIT_SUCCESS);
	}
	pop3_end(&session, reason[why]);
}

/* A login whose maildrop cannot be had: its answer is the last one. */
static void __attribute__((noreturn))
refuse(struct pop3_session *s, const char *operation)
{
	pop3_err_errno(s, operation);
	log_info("Disconnected: Cannot %s", operation);
	out_flush(&s->out);
	store_close(s->store);
	_exit(EXIT_SUCCESS);
}

static const char *
choose_uidl_format(const struct settings *settings)
{
	if (uidl_format_is_usable(settings->pop3_uidl_format))
		return settings->pop3_uidl_format;
	log_warning(
		"pop3_uidl_format = %s does not make an id of its own for each message; using %s",
		settings->pop3_uidl_format, uidl_default_format);
	return uidl_default_format;
}

static void
open_session(struct pop3_session *s, const struct login *login)
{
	bool is_unsynced = strcmp(login->settings->mail_fsync, "never") == 0;
	const struct maildrop_how how = {
		.is_shared = !login->settings->pop3_lock_session,
		.delay_seconds = login->settings->pop3_login_delay,
	};

	s->login = login;
	s->state = greet_state_of(login->tag);
	s->uidl_format = choose_uidl_format(login->settings);
	out_open(&s->out, login->client, gone);
	in_open(&s->in, login->client, &s->out, gone);
	/* RFC 1939 s.3: ten minutes at least, also for a client that takes nothing (D10) */
	s->in.idle_seconds = s->out.most_seconds = login->settings->pop3_idle_timeout;
	s->in.signal_flag = s->out.signal_flag = login->terminated;
	in_push_back(&s->in, login->unread);
	if (store_open(login->mail, true, is_unsynced ? STORE_NO_SYNC : STORE_SYNC, &s->store) < 0)
		refuse(s, "open the Maildir");
	store_set_quota(s->store, login_quota(login, &s->kept));
	store_set_index(s->store, login->index);
	if (maildrop_open(s->store, &how, &s->drop) < 0)
		refuse(s, "open the maildrop");
	if (mailbox_trouble(maildrop_mailbox(s->drop)))
		log_warning("INBOX: %s", mailbox_trouble(maildrop_mailbox(s->drop)));
	pop3_ok(s, TEXT_LOGGED_IN);
}

/* False: the line was no command at all. */
static bool
serve_line(struct pop3_session *s, struct span line)
{
	struct pop3_args args = { 0, 0, SPAN_NONE };
	struct span rest;
	const struct pop3_command *row = pop3_command_find(line, &rest);
	enum text why;

	if (!row) {
		pop3_err(s, NULL, TEXT_UNKNOWN_COMMAND);
		return false;
	}
	if (!row->parse)
		pop3_err(s, NULL, row->refusal);
	else if (!row->parse(rest, &args, &why))
		pop3_err(s, NULL, why);
	else
		row->run(s, &args);
	return true;
}

void
pop3_serve(const struct login *login)
{
	struct pop3_session *s = &session;
	unsigned bad = 0;

	open_session(s, login);
	while (bad < LIMIT_BAD_COMMANDS) {
		struct span line;
		bool is_command = false;

		if (in_line(&s->in, LIMIT_POP3_LINE - 2, &line) == IN_LINE) {
			is_command = serve_line(s, line);
		} else {
			pop3_err(s, NULL, TEXT_LINE_LENGTH);
			in_skip_line(&s->in);
		}
		bad = is_command ? 0 : bad + 1;
	}
	pop3_err(s, NULL, TEXT_TOO_MANY_BAD);
	out_flush(&s->out);
	pop3_end(s, "Disconnected: Too many bad commands");
}
