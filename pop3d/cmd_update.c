/*
 * cmd_update.c - DELE, RSET, NOOP and QUIT: marks, and the UPDATE state (RFC 1939 s.5, s.6)
 *
 * Nothing is removed before QUIT; a connection that is lost removes nothing (D03, D11).
 */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/number.h"
#include "common/index/mailbox.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"

void
pop3_run_dele(struct pop3_session *s, const struct pop3_args *args)
{
	if (!maildrop_has(s->drop, args->number)) {
		pop3_err(s, NULL, TEXT_NO_MESSAGE);
		return;
	}
	if (!mailbox_is_writable(maildrop_mailbox(s->drop))) {
		pop3_err(s, "SYS/PERM", TEXT_READ_ONLY);
		return;
	}
	maildrop_delete(s->drop, args->number);
	pop3_ok(s, TEXT_MARKED);
}

void
pop3_run_rset(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	maildrop_undelete_all(s->drop);
	pop3_ok(s, TEXT_UNMARKED);
}

void
pop3_run_noop(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(s, TEXT_DONE);
}

/* Nothing leaves by age that CAPA has not announced (D18). */
static void
expire(struct pop3_session *s)
{
	uint64_t days;

	if (number_parse(span_of(s->login->settings->pop3_expire), UINT32_MAX, &days))
		maildrop_expire(s->drop, days);
}

void
pop3_run_quit(struct pop3_session *s, const struct pop3_args *args)
{
	(void)args;
	expire(s);
	if (maildrop_write_seen(s->drop) < 0)
		log_error("cannot mark what was read as seen: %s", strerror(errno));
	if (maildrop_remove_deleted(s->drop, &s->removed) < 0) {
		log_error("cannot remove the deleted messages: %s", strerror(errno));
		pop3_err(s, "SYS/TEMP", TEXT_SOME_NOT_DELETED);
	} else {
		s->removed = maildrop_deleted(s->drop);
		pop3_ok(s, s->removed > 0 ? TEXT_DELETED : TEXT_LOGGING_OUT);
	}
	maildrop_unlock(s->drop); /* before the client hears that it may come back: s.6 */
	out_flush(&s->out);
	pop3_end(s, "Disconnected: Logged out");
}
