/*
 * cmd_retr.c - RETR and TOP: a message as it is, line by line (RFC 1939 s.5, s.7)
 *
 * A message that cannot be read to its end must not look complete, or the
 * client would delete the only copy there is: the connection ends without the
 * last line ".".
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/index/mailbox.h"
#include "common/mime/header.h"
#include "common/mime/stuffed.h"
#include "common/mime/surrogate.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"

/* Messages of so many bytes are read whole, into room that is kept from one RETR to the next. */
enum { SMALL_BYTES = 128 * 1024 };

static const char last_line[] = ".\r\n";

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

/* The message's file; -1: the client has its -ERR. */
static int
open_file(struct pop3_session *s, uint32_t number)
{
	int fd;

	if (!maildrop_has(s->drop, number)) {
		pop3_err(s, NULL, TEXT_NO_MESSAGE);
		return -1;
	}
	fd = mailbox_message_open(maildrop_mailbox(s->drop), number);
	if (fd < 0 && errno == ENOENT)
		pop3_err(s, "SYS/TEMP", TEXT_MESSAGE_REMOVED);
	else if (fd < 0)
		pop3_err_errno(s, "open a message");
	return fd;
}

/* Takes over fd.  False: the client has its -ERR. */
static bool
open_message(struct pop3_session *s, int fd, struct message_text *m)
{
	*m = (struct message_text){ .src = source_open(fd), .surrogate = BUF_EMPTY };
	if (!m->src) {
		pop3_err_errno(s, "open a message");
		return false;
	}
	choose_header(s, m);
	return true;
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
	out_str(&s->out, last_line);
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

static void
announce(struct pop3_session *s, uint64_t octets)
{
	out_str(&s->out, "+OK ");
	out_number(&s->out, octets);
	out_str(&s->out, " octets\r\n");
}

static bool
read_whole(int fd, char *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, to + got, n - got, (off_t)got);

		if (r <= 0 && !(r < 0 && errno == EINTR))
			return false;
		got += r > 0 ? (size_t)r : 0;
	}
	return true;
}

/*
 * A small message in one piece: it is counted while it is converted.  False, and nothing is sent:
 * a large one, one that cannot be read, or one that is not sent as it is.
 */
static bool
retr_small(struct pop3_session *s, uint32_t number, int fd)
{
	uint64_t before;
	struct stuffed sent;
	struct span file;
	struct stat st;
	char *text;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SMALL_BYTES ||
	    wants_header_end(s))
		return false;
	file.len = (size_t)st.st_size;
	text = buf_reserve(&s->small, file.len + STUFFED_ROOM(file.len) + sizeof(last_line));
	file.at = text;
	if (!read_whole(fd, text, file.len))
		return false;
	text += file.len;
	stuffed_write(file, text, &sent);
	if (!s->state.is_utf8 && surrogate_is_needed(span_make(file.at, sent.header)))
		return false;
	maildrop_size_is(s->drop, number, sent.octets);
	announce(s, sent.octets);
	before = s->out.total;
	memcpy(text + sent.len, last_line, strlen(last_line));
	out_add(&s->out, text, sent.len + strlen(last_line));
	s->retr_bytes += s->out.total - before;
	return true;
}

/* Takes over fd.  False: the client has its -ERR. */
static bool
retr_any(struct pop3_session *s, uint32_t number, int fd)
{
	struct message_text m;

	if (!open_message(s, fd, &m))
		return false;
	announce(s, count_message(s, number, &m));
	s->retr_bytes += send_message(s, &m, UINT64_MAX);
	return true;
}

void
pop3_run_retr(struct pop3_session *s, const struct pop3_args *args)
{
	int fd = open_file(s, args->number);

	if (fd < 0)
		return;
	if (retr_small(s, args->number, fd))
		close(fd);
	else if (!retr_any(s, args->number, fd))
		return;
	s->retr_count++;
	if (!s->login->settings->pop3_no_flag_updates)
		maildrop_mark_read(s->drop, args->number);
}

/* TOP looks at a message without reading it: no \Seen. */
void
pop3_run_top(struct pop3_session *s, const struct pop3_args *args)
{
	int fd = open_file(s, args->number);
	struct message_text m;

	if (fd < 0 || !open_message(s, fd, &m))
		return;
	pop3_ok(s, TEXT_TOP_FOLLOWS);
	s->top_bytes += send_message(s, &m, args->lines);
	s->top_count++;
}
