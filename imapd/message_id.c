/* message_id.c - ids of messages (RFC 5322 s.3.6.4) as hashes */
#include "imapd/subject_base.h"

/* FNV-1a, and its bits mixed at the end; 0 is taken for "none". */
uint64_t
thread_hash(struct span s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.at[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h ? h : 1;
}

/* quoted-string without its quotes and backslashes, appended; false: it has no end. */
static bool
take_quoted(struct span *rest, struct buf *id)
{
	struct span s = span_skip(*rest, 1);

	for (; s.len > 0 && s.at[0] != '"'; s = span_skip(s, 1)) {
		if (s.at[0] == '\\' && s.len > 1)
			s = span_skip(s, 1);
		if (s.at[0] != '\r' && s.at[0] != '\n')
			buf_byte(id, s.at[0]);
	}
	*rest = span_skip(s, 1);
	return s.len > 0;
}

/*
 * msg-id  = [CFWS] "<" id-left "@" id-right ">" [CFWS]
 * id-left = dot-atom-text / obs-id-left ; obs-id-left = local-part
 * Behind "<".  False: it is none, and *rest is behind what made that clear, so that no byte is
 * looked at twice.
 */
static bool
take_id(struct span *rest, struct buf *id)
{
	bool has_at = false;

	buf_reset(id);
	while (rest->len > 0) {
		char c = rest->at[0];

		if (c == '<')
			return false;
		if (c == '"') {
			if (!take_quoted(rest, id))
				return false;
			continue;
		}
		*rest = span_skip(*rest, 1);
		if (c == '>')
			return has_at && id->data[id->len - 1] != '@' && id->data[0] != '@';
		if (c == '@')
			has_at = true;
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			buf_byte(id, c);
	}
	return false;
}

uint64_t
message_id_next(struct span *rest, struct buf *spare)
{
	for (;;) {
		const char *open = span_find(*rest, '<');

		if (!open) {
			*rest = span_skip(*rest, rest->len);
			return 0;
		}
		*rest = span_skip(*rest, (size_t)(open - rest->at) + 1);
		if (take_id(rest, spare))
			return thread_hash(buf_view(spare));
	}
}
