/*
 * cmd_retr.c - RETR and TOP: a message as it is, line by line (RFC 1939 s.5, s.7)
 *
 * A message that cannot be read to its end must not look complete, or the
 * client would delete the only copy there is: the connection ends without the
 * last line ".".
 */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/index/mailbox.h"
#include "common/mime/source.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"

/* The message's file, or NULL: the client has its -ERR. */
static struct source *
open_message(struct pop3_session *s, uint32_t number)
{
	struct source *src;
	int fd;

	if (!maildrop_has(s->drop, number)) {
		pop3_err(s, NULL, "There is no such message.");
		return NULL;
	}
	fd = mailbox_message_open(maildrop_mailbox(s->drop), number);
	src = fd < 0 ? NULL : source_open(fd);
	if (src)
		return src;
	if (errno == ENOENT)
		pop3_err(s, "SYS/TEMP", "This message was removed by another session.");
	else
		pop3_err_errno(s, "open a message");
	return NULL;
}

/* Send lines of the body behind the answer; returns the bytes that it took. */
static uint64_t
send_message(struct pop3_session *s, struct source *src, uint64_t lines)
{
	uint64_t before = s->out.total;

	source_send_stuffed(src, lines, &s->out);
	if (source_error(src) != 0 || source_is_short(src)) {
		log_error("cannot read a message to its end: %s",
		          source_error(src) ? strerror(source_error(src)) :
		                              "the file became shorter");
		source_close(src);
		out_flush(&s->out);
		pop3_end(s, "Disconnected: A message cannot be read");
	}
	source_close(src);
	out_str(&s->out, ".\r\n");
	return s->out.total - before;
}

void
pop3_run_retr(struct pop3_session *s, const struct pop3_args *args)
{
	struct source *src = open_message(s, args->number);
	uint64_t bare, lines;

	if (!src)
		return;
	source_count(src, 0, source_size(src), &bare, &lines);
	maildrop_size_is(s->drop, args->number, source_size(src) + bare);
	pop3_ok(s, "%llu octets", (unsigned long long)(source_size(src) + bare));
	s->retr_bytes += send_message(s, src, UINT64_MAX);
	s->retr_count++;
	if (!s->login->settings->pop3_no_flag_updates)
		maildrop_mark_read(s->drop, args->number);
}

/* TOP looks at a message without reading it: no \Seen. */
void
pop3_run_top(struct pop3_session *s, const struct pop3_args *args)
{
	struct source *src = open_message(s, args->number);

	if (!src)
		return;
	pop3_ok(s, "top of the message follows");
	s->top_bytes += send_message(s, src, args->lines);
	s->top_count++;
}
