/*
 * fetch_fields.c - BODY[HEADER.FIELDS (...)], and which fields of a message are kept
 *
 * Mail programs ask for the same few fields of all messages.  CACHE_FIELDS has for each message
 * those of fields_usual[] and, once somebody asked for others, these too, LIMIT_CACHE_FIELDS of
 * them: who asks for more than that has them read from the file each time.
 *
 *	kept: is there an empty line behind the header? (1 byte) | number of other fields (1 byte)
 *	other fields: length (1 byte), name
 *	fields, as they stand in the header: which (1 byte: a place in fields_usual[], or OTHERS +
 *	place among the others), length (4 bytes), text in CRLF form with its line end
 */
#include <stdlib.h>

#include "common/base/limits.h"
#include "common/mime/header.h"
#include "imapd/fetch.h"

enum { OTHERS = 128, HEAD_BYTES = 2, FIELD_BYTES = 5, NAME_MOST = 64 };

/* In the order of the alphabet. */
#define NAME(s) { s, sizeof(s) - 1 }
static const struct span fields_usual[] = {
	NAME("bcc"), NAME("cc"), NAME("content-description"), NAME("content-disposition"),
	NAME("content-transfer-encoding"), NAME("content-type"), NAME("date"),
	NAME("disposition-notification-to"), NAME("from"), NAME("importance"),
	NAME("in-reply-to"), NAME("list-id"), NAME("list-post"), NAME("list-unsubscribe"),
	NAME("mail-followup-to"), NAME("mail-reply-to"), NAME("message-id"), NAME("mime-version"),
	NAME("newsgroups"), NAME("priority"), NAME("references"), NAME("reply-to"),
	NAME("sender"), NAME("subject"), NAME("to"), NAME("x-label"), NAME("x-mailer"),
	NAME("x-priority"), NAME("x-spam-flag"), NAME("x-spam-status"),
};
enum { USUAL = sizeof(fields_usual) / sizeof(fields_usual[0]), USUAL_FIT = 1 / (USUAL <= 64) };

static int
compare(const void *name, const void *row)
{
	return span_compare_nocase(*(const struct span *)name, *(const struct span *)row);
}

int
field_usual(struct span name)
{
	const struct span *row =
		bsearch(&name, fields_usual, USUAL, sizeof(fields_usual[0]), compare);

	return row ? (int)(row - fields_usual) : -1;
}

/* ---- the others ---- */

struct others {
	struct span name[LIMIT_CACHE_FIELDS];
	size_t      count;
};

/* False: they are not as they should be. */
static bool
take_others(struct span *kept, struct others *o)
{
	size_t count;

	if (kept->len < HEAD_BYTES)
		return false;
	count = (unsigned char)kept->at[1];
	*kept = span_skip(*kept, HEAD_BYTES);
	o->count = 0;
	if (count > LIMIT_CACHE_FIELDS)
		return false;
	while (o->count < count) {
		size_t n = kept->len > 0 ? (unsigned char)kept->at[0] : 0;

		if (n == 0 || n >= kept->len)
			return false;
		o->name[o->count++] = span_make(kept->at + 1, n);
		*kept = span_skip(*kept, n + 1);
	}
	return true;
}

static int
find_other(const struct others *o, struct span name)
{
	for (size_t i = 0; i < o->count; i++)
		if (span_equal_nocase(o->name[i], name))
			return (int)i;
	return -1;
}

/* Add those that are asked for, as long as there is room.  False: some had none. */
static bool
add_others(const struct section *sec, struct others *o)
{
	bool all = true;

	for (size_t i = 0; i < sec->field_count && sec->unusual > 0; i++) {
		struct span name = sec->sorted[i];

		if (field_usual(name) >= 0 || find_other(o, name) >= 0)
			continue;
		if (o->count < LIMIT_CACHE_FIELDS && name.len > 0 && name.len <= NAME_MOST)
			o->name[o->count++] = name;
		else
			all = false;
	}
	return all;
}

static bool
has_all_others(const struct section *sec, const struct others *o)
{
	for (size_t i = 0; i < sec->field_count; i++)
		if (field_usual(sec->sorted[i]) < 0 && find_other(o, sec->sorted[i]) < 0)
			return false;
	return true;
}

bool
find_section(struct fetch *f, const void *args, struct span *answer_out)
{
	const struct section *sec = args;
	struct span kept, rest;
	struct others o;

	if (sec->text != SECTION_FIELDS || sec->part_count > 0 ||
	    !cached(f->s->box, f->number, CACHE_FIELDS, &kept))
		return false;
	rest = kept;
	if (sec->unusual > 0 && (!take_others(&rest, &o) || !has_all_others(sec, &o)))
		return false;
	*answer_out = arena_copy(&f->s->mem, kept); /* another section may have it kept anew */
	return true;
}

/* ---- fields of a header ---- */

/* A field in CRLF form, with a line end where the file's last line has none. */
static void
add_field(struct span whole, struct buf *out)
{
	size_t start = out->len;
	char *nul;

	while (whole.len > 0) {
		const char *lf = span_find(whole, '\n');
		size_t n = lf ? (size_t)(lf - whole.at) : whole.len;

		buf_add(out, whole.at, n > 0 && lf && lf[-1] == '\r' ? n - 1 : n);
		buf_str(out, "\r\n");
		whole = span_skip(whole, lf ? n + 1 : n);
	}
	while ((nul = memchr(out->data + start, '\0', out->len - start)) != NULL)
		*nul = (char)0x80;
}

/* The blank line stays with every subset, unless the message has none (RFC 3501 s.6.4.5). */
void
collect_fields(const struct section *sec, struct span header, bool ends_blank, struct buf *text)
{
	bool wants_match = sec->text == SECTION_FIELDS;
	struct field field;

	while (header_next(&header, &field))
		if (section_has_field(sec, field.name) == wants_match)
			add_field(field.whole, text);
	if (ends_blank)
		buf_str(text, "\r\n");
}

static void
add_kept_field(unsigned which, struct span whole, struct buf *kept)
{
	size_t at = kept->len;
	uint32_t n;

	buf_byte(kept, (char)which);
	buf_add(kept, "    ", sizeof(n));
	add_field(whole, kept);
	n = (uint32_t)(kept->len - at - FIELD_BYTES);
	memcpy(kept->data + at + 1, &n, sizeof(n));
}

/* What was kept before for these, so that two programs' fields are both there. */
static void
known_others(struct fetch *f, struct others *o)
{
	struct span kept;

	o->count = 0;
	if (cached(f->s->box, f->number, CACHE_FIELDS, &kept) && !take_others(&kept, o))
		o->count = 0;
}

bool
make_fields(struct fetch *f, const struct section *sec, struct span header, bool ends_blank,
            struct buf *kept)
{
	struct others o;
	struct field field;

	known_others(f, &o);
	if (!add_others(sec, &o))
		return false;
	buf_byte(kept, (char)ends_blank);
	buf_byte(kept, (char)o.count);
	for (size_t i = 0; i < o.count; i++) {
		buf_byte(kept, (char)o.name[i].len);
		buf_span(kept, o.name[i]);
	}
	while (header_next(&header, &field)) {
		int which = field_usual(field.name), other = find_other(&o, field.name);

		if (which >= 0 || other >= 0)
			add_kept_field((unsigned)(which >= 0 ? which : OTHERS + other), field.whole,
			               kept);
	}
	return true;
}

/* Which of the others are asked for. */
static uint32_t
wanted_others(const struct section *sec, const struct others *o)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < o->count; i++)
		if (section_has_field(sec, o->name[i]))
			bits |= UINT32_C(1) << i;
	return bits;
}

void
collect_kept_fields(const struct section *sec, struct span kept, struct out *text)
{
	bool ends_blank = kept.len > 0 && kept.at[0];
	uint32_t wanted = 0, n;
	struct others o;

	if (!take_others(&kept, &o))
		return;
	if (sec->unusual > 0)
		wanted = wanted_others(sec, &o);
	while (kept.len >= FIELD_BYTES) {
		unsigned which = (unsigned char)kept.at[0];

		memcpy(&n, kept.at + 1, sizeof(n));
		kept = span_skip(kept, FIELD_BYTES);
		if (n > kept.len)
			n = (uint32_t)kept.len;
		if (which >= OTHERS ? wanted >> (which - OTHERS) % LIMIT_CACHE_FIELDS & 1 :
		                      sec->usual >> which % 64 & 1)
			out_add(text, kept.at, n);
		kept = span_skip(kept, n);
	}
	if (ends_blank)
		out_str(text, "\r\n");
}
