/*
 * url.c - IMAP URLs of one message or a part of it, relative to this server (RFC 5092)
 *
 *	iabsolute-path = "/" imessagepart
 *	imsg-or-part   = [imailbox-ref "/"] iuid-only ["/" isection-only] ["/" ipartial-only]
 *	imessagepart   = imailbox-ref iuid [isection] [ipartial]
 *	imailbox-ref   = enc-mailbox [uidvalidity]
 *
 * The parts are taken off from the back, where each begins with a ";WORD=" that
 * an encoded name cannot hold.
 */
#include "imapd/url.h"

#include "common/base/number.h"
#include "common/maildir/name.h"

/* Where word begins in text, ASCII case alike; SIZE_MAX: nowhere. */
static size_t
find_word(struct span text, const char *word)
{
	for (size_t i = 0; i < text.len; i++)
		if (span_starts_nocase(span_skip(text, i), word))
			return i;
	return SIZE_MAX;
}

/* Cut text at word: what stands behind it is *behind_out. */
static bool
cut_word(struct span *text, const char *word, struct span *behind_out)
{
	size_t at = find_word(*text, word);

	if (at == SIZE_MAX)
		return false;
	*behind_out = span_skip(*text, at + strlen(word));
	text->len = at;
	return true;
}

static bool
take_nz(struct span text, uint32_t *number_out)
{
	uint64_t n;

	if (text.len == 0 || text.at[0] == '0' || !number_parse(text, UINT32_MAX, &n))
		return false;
	*number_out = (uint32_t)n;
	return true;
}

/* bchar = uchar / "&" / "=" / ":" / "@" / "/" ; without "%", which begins pct-encoded */
static bool
is_bchar(char c)
{
	static const char others[] = "-._~!$'()*+,&=:@/";

	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr(others, c) != NULL);
}

/* 1*bchar with %XX for any other byte; what is decoded is UTF-8 without NUL. */
static bool
decode(struct span text, struct arena *mem, struct span *plain_out)
{
	char *plain = arena_array(mem, text.len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (text.at[i] != '%') {
			if (!is_bchar(text.at[i]))
				return false;
			plain[n++] = text.at[i];
			continue;
		}
		high = i + 2 < text.len ? ascii_hex(text.at[i + 1]) : -1;
		low = i + 2 < text.len ? ascii_hex(text.at[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		plain[n++] = (char)(high * 16 + low);
		i += 2;
	}
	*plain_out = span_make(plain, n);
	return n > 0 && utf8_is_valid(*plain_out);
}

/* partial-range = number ["." nz-number] */
static bool
take_partial(struct span text, struct url *u)
{
	struct span number = text;
	uint64_t most = UINT64_MAX;

	if (span_split(&text, '.', &number) && text.at &&
	    (!number_parse(text, INT64_MAX, &most) || most == 0))
		return false;
	u->is_partial = true;
	u->most = most;
	return number_parse(number, INT64_MAX, &u->skip);
}

/* "" or "/name[;UIDVALIDITY=n]" or "name[;UIDVALIDITY=n]" */
static bool
take_mailbox_ref(struct span text, struct arena *mem, struct url *u)
{
	struct span validity;

	if (text.len == 0)
		return true;
	if (text.at[0] == '/')
		text = span_skip(text, 1);
	if (span_starts(text, "/") || span_find(text, '?'))
		return false; /* "//server", or a search */
	if (cut_word(&text, ";UIDVALIDITY=", &validity) && !take_nz(validity, &u->uidvalidity))
		return false;
	return !span_starts_nocase(text, "imap:") && decode(text, mem, &u->mailbox);
}

bool
url_parse(struct span text, struct arena *mem, struct url *url_out)
{
	struct url u = { .mailbox = SPAN_NONE, .section = SPAN_NONE, .most = UINT64_MAX };
	struct span uid, part;

	if (cut_word(&text, "/;PARTIAL=", &part) && !take_partial(part, &u))
		return false;
	if (cut_word(&text, "/;SECTION=", &part) && !decode(part, mem, &u.section))
		return false;
	if (span_starts_nocase(text, ";UID=")) {
		uid = span_skip(text, 5);
		text.len = 0;
	} else if (!cut_word(&text, "/;UID=", &uid)) {
		return false;
	}
	if (!take_nz(uid, &u.uid) || !take_mailbox_ref(text, mem, &u))
		return false;
	*url_out = u;
	return true;
}
