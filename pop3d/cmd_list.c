/* cmd_list.c - STAT, LIST and UIDL: what is in the maildrop (RFC 1939 s.5, s.7) */
#include <errno.h>

#include "common/base/buf.h"
#include "common/index/mailbox.h"
#include "common/mime/header.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "pop3d/session.h"
#include "pop3d/uidl.h"

/* What LIST and UIDL say of one message behind its number.  False with errno: cannot be told. */
typedef bool (*tell_function)(struct pop3_session *s, uint32_t number, struct buf *out);

static bool
tell_size(struct pop3_session *s, uint32_t number, struct buf *out)
{
	uint64_t octets;

	if (maildrop_size(s->drop, number, &octets) < 0)
		return false;
	buf_number(out, octets);
	return true;
}

/* In the form of pop3_uidl_format, or in the default one where that cannot be sent. */
static void
add_made_uidl(struct pop3_session *s, uint32_t number, struct buf *out)
{
	struct mailbox *box = maildrop_mailbox(s->drop);
	const struct uidl_values values = {
		.uid = mailbox_message(box, number)->uid,
		.uidvalidity = mailbox_uidvalidity(box),
		.file_name = mailbox_message_base(box, number),
	};
	size_t before = out->len;

	if (uidl_print(s->uidl_format, &values, out) &&
	    uidl_is_valid(span_skip(buf_view(out), before)))
		return;
	out->len = before;
	uidl_print(uidl_default_format, &values, out);
}

/* Another server's X-UIDL: header field (pop3_reuse_xuidl).  False: none that can be sent. */
static bool
add_xuidl(struct pop3_session *s, uint32_t number, struct buf *out)
{
	int fd = mailbox_message_open(maildrop_mailbox(s->drop), number);
	struct source *src = source_open(fd);
	struct arena mem = ARENA_EMPTY;
	struct field f;
	uint64_t body_at;
	bool is_there = false;

	if (!src)
		return false;
	if (header_find(header_read(src, 0, source_size(src), &mem, &body_at), "X-UIDL", &f)) {
		struct span id = header_unfold(f.value, &mem);

		is_there = uidl_is_valid(id);
		if (is_there)
			buf_span(out, id);
	}
	source_close(src);
	arena_free(&mem);
	return is_there;
}

/* An id kept from another server wins. */
static bool
tell_uidl(struct pop3_session *s, uint32_t number, struct buf *out)
{
	const char *kept = mailbox_pop3_uidl(maildrop_mailbox(s->drop), number);

	if (kept && uidl_is_valid(span_of(kept)))
		buf_str(out, kept);
	else if (!s->login->settings->pop3_reuse_xuidl || !add_xuidl(s, number, out))
		add_made_uidl(s, number, out);
	return true;
}

static void
tell_one(struct pop3_session *s, uint32_t number, tell_function tell)
{
	struct buf text = BUF_EMPTY;

	if (!maildrop_has(s->drop, number))
		pop3_err(s, NULL, TEXT_NO_MESSAGE);
	else if (tell(s, number, &text))
		pop3_ok_data(s, "%lu %s", (unsigned long)number, text.data);
	else
		pop3_err_errno(s, "read the size of a message");
	buf_free(&text);
}

static void
tell_all(struct pop3_session *s, tell_function tell)
{
	struct buf text = BUF_EMPTY;

	for (uint32_t number = 1; number <= maildrop_count(s->drop); number++) {
		if (!maildrop_has(s->drop, number))
			continue;
		buf_reset(&text);
		buf_number(&text, number);
		buf_byte(&text, ' ');
		tell(s, number, &text);
		buf_str(&text, "\r\n");
		out_span(&s->out, buf_view(&text));
	}
	out_str(&s->out, ".\r\n");
	buf_free(&text);
}

void
pop3_run_stat(struct pop3_session *s, const struct pop3_args *args)
{
	uint32_t count = maildrop_count(s->drop) - maildrop_deleted(s->drop);
	uint64_t octets;

	(void)args;
	if (maildrop_total(s->drop, &octets) < 0)
		pop3_err_errno(s, "read the sizes of messages");
	else
		pop3_ok_data(s, "%lu %llu", (unsigned long)count, (unsigned long long)octets);
}

/* maildrop_total() makes all sizes known before the first line, so none can fail behind +OK. */
void
pop3_run_list(struct pop3_session *s, const struct pop3_args *args)
{
	uint32_t count = maildrop_count(s->drop) - maildrop_deleted(s->drop);
	uint64_t octets;

	if (args->number > 0) {
		tell_one(s, args->number, tell_size);
	} else if (maildrop_total(s->drop, &octets) < 0) {
		pop3_err_errno(s, "read the sizes of messages");
	} else {
		pop3_ok_data(s, "%lu messages (%llu octets)", (unsigned long)count,
		        (unsigned long long)octets);
		tell_all(s, tell_size);
	}
}

void
pop3_run_uidl(struct pop3_session *s, const struct pop3_args *args)
{
	if (args->number > 0) {
		tell_one(s, args->number, tell_uidl);
	} else {
		pop3_ok(s, TEXT_IDS_FOLLOW);
		tell_all(s, tell_uidl);
	}
}
