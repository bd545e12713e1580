/*
 * cmd_update.c - DELE, RSET, NOOP and QUIT: marks, and the UPDATE state (RFC 1939 s.5, s.6)
 *
 * Nothing is removed before QUIT; a connection that is lost removes nothing (D03, D11).
 */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/index/mailbox.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"

void
pop3_run_dele(struct pop3_session *s, const struct pop3_args *args)
{
	if (!maildrop_has(s->drop, args->number)) {
		pop3_err(s, NULL, "There is no such message.");
		return;
	}
	if (!mailbox_is_writable(maildrop_mailbox(s->drop))) {
		pop3_err(s, "SYS/PERM", "This maildrop cannot be changed.");
		return;
	}
	maildrop_delete(s->drop, args->number);
	pop3_ok(s, "Marked to be deleted.");
}

void
pop3_run_rset(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	maildrop_undelete_all(s->drop);
	pop3_ok(s, "No message is marked to be deleted.");
}

void
pop3_run_noop(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(s, "Done.");
}

void
pop3_run_quit(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	if (maildrop_write_seen(s->drop) < 0)
		log_error("cannot mark what was read as seen: %s", strerror(errno));
	if (maildrop_remove_deleted(s->drop) < 0) {
		log_error("cannot remove the deleted messages: %s", strerror(errno));
		pop3_err(s, "SYS/TEMP", "Some deleted messages were not removed.");
	} else {
		s->removed = maildrop_deleted(s->drop);
		pop3_ok(s, s->removed > 0 ? "Logging out, messages deleted." : "Logging out.");
	}
	out_flush(&s->out);
	pop3_end(s, "Disconnected: Logged out");
}
