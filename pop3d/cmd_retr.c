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
#include "common/mime/header.h"
#include "common/mime/surrogate.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"

/* What is sent: the file, but for its header where that needs a surrogate. */
struct message_text {
	struct source *src;
	uint64_t       body_at;   /* 0: all of the file is sent as it is */
	struct buf     surrogate; /* the header, CRLF */
};

/*
 * RFC 6856 s.2.1: without UTF8 no header in UTF-8 leaves as it is.  A header
 * that has none is looked at and no more.
 */
static void
choose_header(struct pop3_session *s, struct message_text *m)
{
	struct arena mem = ARENA_EMPTY;
	uint64_t body_at;
	struct span header;

	if (s->state.is_utf8)
		return;
	header = header_read(m->src, 0, source_size(m->src), &mem, &body_at);
	if (surrogate_is_needed(header)) {
		surrogate_write(header, &m->surrogate);
		m->body_at = body_at;
	}
	arena_free(&mem);
}

/* False: the client has its -ERR. */
static bool
open_message(struct pop3_session *s, uint32_t number, struct message_text *m)
{
	int fd;

	if (!maildrop_has(s->drop, number)) {
		pop3_err(s, NULL, TEXT_NO_MESSAGE);
		return false;
	}
	fd = mailbox_message_open(maildrop_mailbox(s->drop), number);
	*m = (struct message_text){ .src = fd < 0 ? NULL : source_open(fd), .surrogate = BUF_EMPTY };
	if (m->src) {
		choose_header(s, m);
		return true;
	}
	if (errno == ENOENT)
		pop3_err(s, "SYS/TEMP", TEXT_MESSAGE_REMOVED);
	else
		pop3_err_errno(s, "open a message");
	return false;
}

/* Lines that end in CRLF, with dots stuffed. */
static void
put_stuffed(struct out *out, struct span text)
{
	struct span line;

	while (text.len > 0 && span_split(&text, '\n', &line)) {
		if (line.len > 0 && line.at[0] == '.')
			out_byte(out, '.');
		out_span(out, line);
		out_byte(out, '\n');
	}
}

/* "oe-ns-eoh" of pop3_client_workarounds: a client that waits for an empty line gets one. */
static bool
wants_header_end(const struct pop3_session *s)
{
	struct span rest = span_of(s->login->settings->pop3_client_workarounds), word;

	while (span_split(&rest, ' ', &word))
		if (span_is(word, "oe-ns-eoh"))
			return true;
	return false;
}

/* A message cannot be read to its end: the client must not take it for whole. */
static void __attribute__((noreturn))
break_off(struct pop3_session *s, struct source *src)
{
	log_error("cannot read a message to its end: %s",
	          source_error(src) ? strerror(source_error(src)) : "the file became shorter");
	source_close(src);
	out_flush(&s->out);
	pop3_end(s, "Disconnected: A message cannot be read");
}

/* Send lines of the body behind the answer; returns the bytes that it took. */
static uint64_t
send_message(struct pop3_session *s, struct message_text *m, uint64_t lines)
{
	uint64_t before = s->out.total;
	bool has_end;

	put_stuffed(&s->out, buf_view(&m->surrogate));
	has_end = source_send_stuffed(m->src, m->body_at, lines, &s->out);
	if (source_error(m->src) != 0 || source_is_short(m->src))
		break_off(s, m->src);
	if (!has_end && wants_header_end(s))
		out_str(&s->out, "\r\n");
	source_close(m->src);
	buf_free(&m->surrogate);
	out_str(&s->out, ".\r\n");
	return s->out.total - before;
}

/* Octets of the whole message as it will be sent; those of the file are remembered. */
static uint64_t
count_message(struct pop3_session *s, uint32_t number, struct message_text *m)
{
	uint64_t bare, all = source_size(m->src), lines;

	source_count(m->src, 0, all, &bare, &lines);
	maildrop_size_is(s->drop, number, all + bare);
	if (m->body_at > 0)
		source_count(m->src, m->body_at, all, &bare, &lines);
	return all - m->body_at + bare + m->surrogate.len;
}

void
pop3_run_retr(struct pop3_session *s, const struct pop3_args *args)
{
	struct message_text m;

	if (!open_message(s, args->number, &m))
		return;
	pop3_ok_data(s, "%llu octets", (unsigned long long)count_message(s, args->number, &m));
	s->retr_bytes += send_message(s, &m, UINT64_MAX);
	s->retr_count++;
	if (!s->login->settings->pop3_no_flag_updates)
		maildrop_mark_read(s->drop, args->number);
}

/* TOP looks at a message without reading it: no \Seen. */
void
pop3_run_top(struct pop3_session *s, const struct pop3_args *args)
{
	struct message_text m;

	if (!open_message(s, args->number, &m))
		return;
	pop3_ok(s, TEXT_TOP_FOLLOWS);
	s->top_bytes += send_message(s, &m, args->lines);
	s->top_count++;
}
