/*
 * sort_keys.c - what messages are sorted by, computed once
 *
 * CACHE_SORT: for each enum sort_text in this order two bytes of length, the least significant
 *             first, and the text in the form that casemap_title() orders by
 */
#include "common/mime/address.h"
#include "common/mime/charset.h"
#include "common/mime/header.h"
#include "imapd/cache_number.h"
#include "imapd/search_message.h"
#include "imapd/sort.h"
#include "imapd/subject_base.h"

enum { LENGTH_BYTES = 2, LOOKED_AT = 4096 /* bytes of a list whose first address counts */ };

/* First field of that name, decoded or (for addresses) as it stands; SPAN_NONE without one. */
static struct span
raw_field(struct span block, const char *name)
{
	struct field field;

	return header_find(block, name, &field) ? field.value : SPAN_NONE;
}

static struct span
subject_key(struct search_message *m, struct span block)
{
	struct span raw = raw_field(block, "Subject");

	buf_reset(&m->spare);
	if (raw.at)
		subject_base(header_decode(raw, &m->mem), &m->spare);
	return m->spare.len > 0 ? arena_copy(&m->mem, buf_view(&m->spare)) : span_of("");
}

static bool
first_address(struct search_message *m, struct span block, const char *name,
              struct address *address_out)
{
	struct span raw = raw_field(block, name);
	struct address *addresses;

	if (raw.len > LOOKED_AT)
		raw.len = LOOKED_AT;
	if (!raw.at || address_parse(raw, &m->mem, &addresses) == 0)
		return false;
	*address_out = addresses[0];
	return true;
}

/* addr-mailbox of the first address (RFC 5256 s.3) */
static struct span
mailbox_key(struct search_message *m, struct span block, const char *name)
{
	struct address a;

	return first_address(m, block, name, &a) && a.mailbox.at ? a.mailbox : span_of("");
}

/* The first address as users see it (RFC 5957 s.3). */
static struct span
display_key(struct search_message *m, struct span block, const char *name)
{
	struct address a;
	struct span shown = SPAN_NONE;

	if (!first_address(m, block, name, &a))
		return span_of("");
	if (a.name.at)
		shown = header_decode(a.name, &m->mem);
	if (shown.len > 0)
		return shown;
	if (a.mailbox.at && a.host.at)
		return span_of(arena_printf(&m->mem, "%.*s@%.*s", (int)a.mailbox.len, a.mailbox.at,
		                            (int)a.host.len, a.host.at));
	return a.mailbox.at ? a.mailbox : span_of("");
}

static void
add_key(struct search_message *m, struct span text)
{
	struct span key;

	buf_reset(&m->text.window);
	buf_reset(&m->spare);
	if (text.len > LIMIT_SORT_TEXT) /* longer ones are as good as equal */
		text.len = LIMIT_SORT_TEXT;
	casemap_fold(text, &m->text.window);
	casemap_title(buf_view(&m->text.window), &m->spare);
	key = buf_view(&m->spare);
	if (key.len > LIMIT_SORT_TEXT)
		key.len = LIMIT_SORT_TEXT;
	put_number(&m->value, key.len, LENGTH_BYTES);
	buf_span(&m->value, key);
}

static void
build_keys(struct search_message *m, struct span block)
{
	struct span keys[SORT_TEXTS];

	keys[SORT_SUBJECT] = subject_key(m, block);
	keys[SORT_FROM] = mailbox_key(m, block, "From");
	keys[SORT_TO] = mailbox_key(m, block, "To");
	keys[SORT_CC] = mailbox_key(m, block, "Cc");
	keys[SORT_DISPLAYFROM] = display_key(m, block, "From");
	keys[SORT_DISPLAYTO] = display_key(m, block, "To");
	buf_reset(&m->value);
	for (int which = 0; which < SORT_TEXTS; which++)
		add_key(m, keys[which]);
}

/* False: the kept value is damaged. */
static bool
find_key(struct span value, enum sort_text which, struct span *key_out)
{
	for (int i = 0; i < SORT_TEXTS; i++) {
		size_t len;

		if (value.len < LENGTH_BYTES)
			return false;
		len = (size_t)get_number(value.at, LENGTH_BYTES);
		value = span_skip(value, LENGTH_BYTES);
		if (len > value.len)
			return false;
		*key_out = span_make(value.at, len);
		if (i == (int)which)
			return true;
		value = span_skip(value, len);
	}
	return false;
}

struct span
sort_text(struct search_message *m, enum sort_text which)
{
	struct span value, block, key;

	if (cached(m->box, m->number, CACHE_SORT, &value) && find_key(value, which, &key))
		return key;
	if (!search_message_header(m, &block))
		return span_of("");
	build_keys(m, block);
	cache_keep(m->box, m->number, CACHE_SORT, buf_view(&m->value));
	return find_key(buf_view(&m->value), which, &key) ? key : span_of("");
}

int64_t
sort_sent_date(struct search_message *m)
{
	struct sent_date sent;
	time_t arrived;

	if (search_message_sent(m, &sent) && sent.is_known)
		return sent.utc;
	m->is_gone = false; /* its INTERNALDATE may still be known */
	return search_message_date(m, &arrived) ? (int64_t)arrived : 0;
}
