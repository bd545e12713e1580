/* subject_base.c - the base subject (RFC 5256 s.2.1 and s.5) */
#include "imapd/subject_base.h"

#include "common/base/limits.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_at(struct span s, char c)
{
	return s.len > 0 && s.at[0] == c;
}

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s = span_skip(s, 1);
	return s;
}

/* subj-trailer = "(fwd)" / WSP */
static struct span
without_trailers(struct span s, bool *is_reply)
{
	static const size_t n = sizeof("(fwd)") - 1;

	for (;;) {
		if (s.len > 0 && is_blank(s.at[s.len - 1])) {
			s.len--;
		} else if (s.len >= n && span_is_nocase(span_skip(s, s.len - n), "(fwd)")) {
			s.len -= n;
			*is_reply = true;
		} else {
			return s;
		}
	}
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP ; BLOBCHAR is any but "[" and "]" */
static bool
try_blob(struct span *rest)
{
	struct span s = *rest;

	if (!is_at(s, '['))
		return false;
	do
		s = span_skip(s, 1);
	while (s.len > 0 && s.at[0] != '[' && s.at[0] != ']');
	if (!is_at(s, ']'))
		return false;
	*rest = skip_blanks(span_skip(s, 1));
	return true;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
try_refwd(struct span *rest)
{
	struct span s = *rest;

	if (span_starts_nocase(s, "fwd"))
		s = span_skip(s, 3);
	else if (span_starts_nocase(s, "re") || span_starts_nocase(s, "fw"))
		s = span_skip(s, 2);
	else
		return false;
	s = skip_blanks(s);
	try_blob(&s);
	if (!is_at(s, ':'))
		return false;
	*rest = span_skip(s, 1);
	return true;
}

/*
 * subj-leader = (*subj-blob subj-refwd) / WSP
 *
 * Steps 3 to 5.  Blobs in a row are looked through once: when no subj-refwd stands behind
 * them, none will when the first of them has been removed as step 4 has it.  They all go,
 * but the last one stays where nothing is behind it.
 */
static struct span
without_leaders(struct span s, bool *is_reply)
{
	for (;;) {
		struct span last, rest;
		bool had_blob = false;

		rest = s = last = skip_blanks(s);
		while (last = rest, try_blob(&rest))
			had_blob = true, s = last;
		if (try_refwd(&rest)) {
			*is_reply = true;
			s = rest;
		} else if (had_blob && rest.len > 0) {
			s = rest;
		} else {
			return s;
		}
	}
}

/* subj-fwd = subj-fwd-hdr subject subj-fwd-trl ; "[fwd:" and "]" */
static bool
try_forward(struct span *s)
{
	static const size_t n = sizeof("[fwd:") - 1;

	if (s->len <= n || !span_starts_nocase(*s, "[fwd:") || s->at[s->len - 1] != ']')
		return false;
	*s = span_make(s->at + n, s->len - n - 1);
	return true;
}

/* Step 1: what is blank became spaces by decoding; several are one. */
static void
squeeze(struct span s, struct buf *out)
{
	if (s.len > LIMIT_SUBJECT)
		s.len = LIMIT_SUBJECT;
	for (size_t i = 0; i < s.len; i++)
		if (!is_blank(s.at[i]))
			buf_byte(out, s.at[i]);
		else if (i == 0 || !is_blank(s.at[i - 1]))
			buf_byte(out, ' ');
}

bool
subject_base(struct span subject, struct buf *out)
{
	size_t before = out->len;
	bool is_reply = false;
	struct span s;

	squeeze(subject, out);
	s = span_make(out->data ? out->data + before : "", out->len - before);
	do
		s = without_leaders(without_trailers(s, &is_reply), &is_reply);
	while (try_forward(&s) && (is_reply = true));
	if (s.len > 0)
		memmove(out->data + before, s.at, s.len);
	out->len = before + s.len;
	return is_reply;
}
