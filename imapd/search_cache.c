/*
 * search_cache.c - what SEARCH asks of headers again and again, computed once
 *
 * CACHE_SEARCH: for each enum search_field in this order four bytes of length, the least
 *               significant first, and the text: folded by casemap_fold(), 0xff behind each
 *               field of that name
 * CACHE_SENT:   eight bytes of UTC seconds, two of the zone's minutes, least significant
 *               first; empty where the message tells no date
 *
 * (1) A value of another form is no value: everything is computed again.
 */
#include "common/mime/charset.h"
#include "common/mime/date.h"
#include "common/mime/header.h"
#include "imapd/cache_number.h"
#include "imapd/search_message.h"

enum { LENGTH_BYTES = 4, SENT_BYTES = 10 };

static const char field_end = (char)0xff;

static const char *const names[SEARCH_FIELDS] = {
	[SEARCH_SUBJECT] = "Subject", [SEARCH_FROM] = "From", [SEARCH_TO] = "To",
	[SEARCH_CC] = "Cc",           [SEARCH_BCC] = "Bcc",
};

int
search_known_field(struct span name)
{
	for (int i = 0; i < SEARCH_FIELDS; i++)
		if (span_is_nocase(name, names[i]))
			return i;
	return -1;
}

/* The text of one field within a kept value; false: the value is damaged (1). */
static bool
find_text(struct span value, enum search_field which, struct span *text_out)
{
	for (int i = 0; i < SEARCH_FIELDS; i++) {
		uint64_t len;

		if (value.len < LENGTH_BYTES)
			return false;
		len = get_number(value.at, LENGTH_BYTES);
		value = span_skip(value, LENGTH_BYTES);
		if (len > value.len)
			return false;
		*text_out = span_make(value.at, (size_t)len);
		if (i == (int)which)
			return true;
		value = span_skip(value, (size_t)len);
	}
	return false;
}

/* What one field of interest adds to the text of its name. */
static void
add_text(struct search_message *m, struct span raw, struct buf *text)
{
	struct arena_mark mark = arena_mark(&m->mem);

	casemap_fold(header_decode(raw, &m->mem), text);
	buf_byte(text, field_end);
	arena_release(&m->mem, mark);
}

/* All fields of one name behind value; fields is what the block has of the known ones. */
struct known_field {
	enum search_field which;
	struct span       value;
};

static size_t
collect_fields(struct search_message *m, struct span block, struct known_field **known_out)
{
	struct known_field *known = NULL;
	size_t count = 0, room = 0;
	struct field field;

	while (header_next(&block, &field)) {
		int which = search_known_field(field.name);

		if (which < 0)
			continue;
		known = arena_grow(&m->mem, known, count, &room, sizeof(*known));
		known[count++] = (struct known_field){ (enum search_field)which, field.value };
	}
	*known_out = known;
	return count;
}

static void
build_texts(struct search_message *m, struct span block)
{
	struct known_field *known;
	size_t count = collect_fields(m, block, &known);

	buf_reset(&m->value);
	for (int which = 0; which < SEARCH_FIELDS; which++) {
		buf_reset(&m->spare);
		for (size_t i = 0; i < count; i++)
			if ((int)known[i].which == which)
				add_text(m, known[i].value, &m->spare);
		put_number(&m->value, m->spare.len, LENGTH_BYTES);
		buf_span(&m->value, buf_view(&m->spare));
	}
}

bool
search_message_field(struct search_message *m, enum search_field which, struct span *text_out)
{
	struct span value, block;

	if (cached(m->box, m->number, CACHE_SEARCH, &value) && find_text(value, which, text_out))
		return true;
	if (!search_message_header(m, &block))
		return false;
	build_texts(m, block);
	cache_keep(m->box, m->number, CACHE_SEARCH, buf_view(&m->value));
	return find_text(buf_view(&m->value), which, text_out);
}

static void
build_sent(struct search_message *m, struct span block)
{
	struct field date;
	time_t when;
	int zone;

	buf_reset(&m->value);
	if (!header_find(block, "Date", &date) || !date_parse(date.value, &when, &zone))
		return;
	put_number(&m->value, (uint64_t)(int64_t)when, 8);
	put_number(&m->value, (uint64_t)zone & 0xffff, 2);
}

static bool
read_sent(struct span value, struct sent_date *sent_out)
{
	if (value.len != 0 && value.len != SENT_BYTES)
		return false;
	*sent_out = (struct sent_date){ .is_known = value.len > 0 };
	if (value.len == 0)
		return true;
	sent_out->utc = (int64_t)get_number(value.at, 8);
	sent_out->zone = (int16_t)get_number(value.at + 8, 2);
	return true;
}

bool
search_message_sent(struct search_message *m, struct sent_date *sent_out)
{
	struct span value, block;

	if (cached(m->box, m->number, CACHE_SENT, &value) && read_sent(value, sent_out))
		return true;
	if (!search_message_header(m, &block))
		return false;
	build_sent(m, block);
	cache_keep(m->box, m->number, CACHE_SENT, buf_view(&m->value));
	return read_sent(m->value.data ? buf_view(&m->value) : span_of(""), sent_out);
}
