/* logout.c - the numbers of a session's last log line (imap_logout_format) */
#include "imapd/logout.h"

#include "common/base/number_text.h"

const char *
logout_numbers(struct session *s, const char *format)
{
	const struct number_variable variables[] = {
		{ "%i", s->in.total },
		{ "%{input}", s->in.total },
		{ "%o", s->out.total },
		{ "%{output}", s->out.total },
		{ "%{deleted}", s->deleted },
		{ "%{expunged}", s->expunged },
		{ "%{trashed}", s->trashed },
		{ "%{autoexpunged}", s->trashed }, /* neither is ever counted here */
		{ "%{appended}", s->appended },
		{ "%{fetch_hdr_count}", s->fetched_headers },
		{ "%{fetch_hdr_bytes}", s->fetched_header_bytes },
		{ "%{fetch_body_count}", s->fetched_bodies },
		{ "%{fetch_body_bytes}", s->fetched_body_bytes },
	};
	struct buf line = BUF_EMPTY;
	const char *text;

	number_text(format, variables, sizeof(variables) / sizeof(variables[0]), &line);
	text = arena_string(&s->mem, buf_view(&line));
	buf_free(&line);
	return text;
}
