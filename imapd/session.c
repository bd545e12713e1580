/*
 * session.c - from the answered login to the log line at the end
 *
 * The session is static because the streams' gone() has no argument: one
 * process serves one client.  Every way out passes end_session(), which gives up
 * a half-received APPEND, closes what holds locks, and writes the one log line.
 */
#include "imapd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/maildir/index_place.h"
#include "common/start/login_quota.h"
#include "imapd/capability.h"
#include "imapd/dispatch.h"
#include "imapd/logout.h"
#include "imapd/notify.h"
#include "imapd/search_context.h"
#include "imapd/serve.h"
#include "imapd/special_use.h"

static struct session session;

static void end_session(const char *why) __attribute__((noreturn));

static void
end_session(const char *why)
{
	struct session *s = &session;

	s->append = append_close(s->append);
	s->box = mailbox_close(s->box);
	s->store = store_close(s->store);
	log_info("%s %s", why, logout_numbers(s, s->login->settings->imap_logout_format));
	_exit(EXIT_SUCCESS); /* nothing waits for exit(), whose handlers cost page faults */
}

static void session_gone(enum gone why) __attribute__((noreturn));

/* bye: where the client may still be there to read it; sent without waiting. */
static void
session_gone(enum gone why)
{
	static const struct {
		const char *log, *bye;
	} ways[] = {
		[GONE_CLOSED] = { "Disconnected: Connection closed", NULL },
		[GONE_RESET] = { "Disconnected: Connection reset by peer", NULL },
		[GONE_IDLE] = { "Disconnected for inactivity",
		                "* BYE Disconnected for inactivity.\r\n" },
		[GONE_TERMINATED] = { "Disconnected: Server shutting down",
		                      "* BYE Server shutting down.\r\n" },
		[GONE_SLOW] = { "Disconnected: Client takes nothing", NULL },
		[GONE_BROKEN] = { "Disconnected: Client sends broken compressed data",
		                  "* BYE Broken compressed data.\r\n" },
	};

	if (ways[why].bye) {
		out_str(&session.out, ways[why].bye);
		out_flush_last(&session.out);
	}
	end_session(ways[why].log);
}

void
session_bye(struct session *s, const char *text)
{
	out_printf(&s->out, "* BYE %s\r\n", text);
	out_flush(&s->out);
	end_session(arena_printf(&s->mem, "Disconnected: %s", text));
}

void
session_leave_box(struct session *s)
{
	session_forget_saved(s);
	search_contexts_close(s);
	if (!s->box)
		return;
	notify_leave(s);
	s->box = mailbox_close(s->box);
}

void
session_close_box(struct session *s)
{
	bool was_open = s->box != NULL;

	session_leave_box(s);
	if (!was_open)
		return;
	out_str(&s->out, "* OK [CLOSED] Previous mailbox is now closed.\r\n");
}

static void
answer_login(struct session *s)
{
	const char *can = capability_line(s->login->settings, &s->mem);

	if (s->login->is_preauth)
		out_printf(&s->out, "* PREAUTH [CAPABILITY %s] Logged in as %s\r\n", can,
		           s->login->user);
	else
		out_printf(&s->out, "%s OK [CAPABILITY %s] Logged in\r\n", s->login->tag, can);
}

static void
refuse_login(struct session *s, int reason)
{
	log_error("mail_location: Maildir %s cannot be opened: %s", s->login->mail,
	          strerror(reason));
	if (!s->login->is_preauth)
		out_printf(&s->out,
		           "%s NO [UNAVAILABLE] Your mail cannot be reached at the moment.\r\n",
		           s->login->tag);
	session_bye(s, "Internal error occurred. Refer to server log for more information.");
}

static void
open_names(struct session *s)
{
	const struct settings *settings = s->login->settings;
	const char *prefix = settings->namespace_prefix;
	char separator = settings->namespace_separator[0];

	s->names = (struct names){ separator ? separator : '.', "" };
	if (!prefix[0])
		return;
	if (prefix[strlen(prefix) - 1] == s->names.separator)
		s->names.prefix = prefix;
	else
		log_error("prefix = %s of the namespace must end with its separator, %c: no prefix "
		          "is used", prefix, s->names.separator);
}

static void
open_session(struct session *s, const struct login *login)
{
	bool sync = strcmp(login->settings->mail_fsync, "never") != 0;

	s->login = login;
	out_open(&s->out, login->client, session_gone);
	in_open(&s->in, login->client, &s->out, session_gone);
	s->in.idle_seconds = login->settings->imap_idle_timeout;
	s->in.signal_flag = s->out.signal_flag = login->terminated;
	in_push_back(&s->in, login->unread);
	log_set_prefix(arena_printf(&s->mem, "imap(%s)<%d><%s>: ", login->user, (int)getpid(),
	                            login->session_id));
	if (store_open(login->mail, true, sync ? STORE_SYNC : STORE_NO_SYNC, &s->store) < 0)
		refuse_login(s, errno);
	store_set_quota(s->store, login_quota(login, &s->kept));
	store_set_index(s->store, login->index);
	open_names(s);
	special_use_open(s);
	answer_login(s);
	arena_reset(&s->mem);
}

void
imap_serve(const struct login *login)
{
	open_session(&session, login);
	while (!session.is_over)
		dispatch_command(&session);
	out_flush(&session.out);
	end_session("Disconnected: Logged out");
}
