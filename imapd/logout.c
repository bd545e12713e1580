/* logout.c - the numbers of a session's last log line (imap_logout_format) */
#include "imapd/logout.h"

#include "common/base/buf.h"

#define NUMBER(field) offsetof(struct session, field)

/* A variable's names, and where its number stands. */
static const struct variable {
	const char *text;
	size_t      offset;
} variables[] = {
	{ "%i", NUMBER(in.total) },
	{ "%{input}", NUMBER(in.total) },
	{ "%o", NUMBER(out.total) },
	{ "%{output}", NUMBER(out.total) },
	{ "%{deleted}", NUMBER(deleted) },
	{ "%{expunged}", NUMBER(expunged) },
	{ "%{trashed}", NUMBER(trashed) },
	{ "%{autoexpunged}", NUMBER(trashed) }, /* neither is ever counted here */
	{ "%{appended}", NUMBER(appended) },
	{ "%{fetch_hdr_count}", NUMBER(fetched_headers) },
	{ "%{fetch_hdr_bytes}", NUMBER(fetched_header_bytes) },
	{ "%{fetch_body_count}", NUMBER(fetched_bodies) },
	{ "%{fetch_body_bytes}", NUMBER(fetched_body_bytes) },
};

static const struct variable *
at_variable(struct span rest)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (span_starts(rest, variables[i].text))
			return &variables[i];
	return NULL;
}

const char *
logout_numbers(struct session *s, const char *format)
{
	struct span rest = span_of(format);
	struct buf line = BUF_EMPTY;
	const char *text;

	while (rest.len > 0) {
		const struct variable *v = at_variable(rest);
		uint64_t n;

		if (!v) {
			buf_byte(&line, rest.at[0]);
			rest = span_skip(rest, 1);
			continue;
		}
		memcpy(&n, (const char *)s + v->offset, sizeof(n));
		buf_number(&line, n);
		rest = span_skip(rest, strlen(v->text));
	}
	text = arena_string(&s->mem, buf_view(&line));
	buf_free(&line);
	return text;
}
