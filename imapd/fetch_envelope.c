/*
 * fetch_envelope.c - ENVELOPE (RFC 3501 s.7.4.2)
 *
 * One walk over the header collects all fields.  A text field counts as it
 * comes first; address fields that come more than once are one list, of which
 * address_parse() takes the first LIMIT_ADDRESSES.
 */
#include "common/mime/address.h"
#include "common/mime/header.h"
#include "imapd/fetch.h"

/* In the order of the response. */
#define NAME(s) { s, sizeof(s) - 1 }
static const struct row {
	struct span name;
	bool        is_addresses;
	int instead; /* the row that stands in for one that is absent or empty, -1 for none */
} rows[] = {
	{ NAME("Date"), false, -1 },
	{ NAME("Subject"), false, -1 },
	{ NAME("From"), true, -1 },
	{ NAME("Sender"), true, 2 },
	{ NAME("Reply-To"), true, 2 },
	{ NAME("To"), true, -1 },
	{ NAME("Cc"), true, -1 },
	{ NAME("Bcc"), true, -1 },
	{ NAME("In-Reply-To"), false, -1 },
	{ NAME("Message-ID"), false, -1 },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct envelope {
	struct span     text[ROWS];
	struct buf      list[ROWS]; /* an address field that comes more than once, with commas */
	struct address *address[ROWS];
	size_t          count[ROWS];
};

static void
take_addresses(struct envelope *e, size_t row, struct span value)
{
	if (!e->text[row].at) {
		e->text[row] = value;
		return;
	}
	if (e->list[row].len == 0)
		buf_span(&e->list[row], e->text[row]);
	if (e->list[row].len > 0)
		buf_byte(&e->list[row], ',');
	buf_span(&e->list[row], value);
}

static void
take_field(struct envelope *e, const struct field *f, struct arena *mem)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (f->name.len != rows[i].name.len || !span_equal_nocase(f->name, rows[i].name))
			continue;
		if (rows[i].is_addresses)
			take_addresses(e, i, f->value);
		else if (!e->text[i].at)
			e->text[i] = header_unfold(f->value, mem);
		return;
	}
}

static void
parse_lists(struct envelope *e, struct arena *mem)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct span value = e->list[i].len > 0 ? buf_view(&e->list[i]) : e->text[i];

		if (rows[i].is_addresses && value.len > 0)
			e->count[i] = address_parse(value, mem, &e->address[i]);
	}
}

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void
put_addresses(struct out *o, const struct address *a, size_t count)
{
	if (count == 0) {
		out_str(o, "NIL");
		return;
	}
	out_byte(o, '(');
	for (size_t i = 0; i < count; i++) {
		out_byte(o, '(');
		put_nstring(o, a[i].name);
		out_byte(o, ' ');
		put_nstring(o, a[i].route);
		out_byte(o, ' ');
		put_nstring(o, a[i].mailbox);
		out_byte(o, ' ');
		put_nstring(o, a[i].host);
		out_byte(o, ')');
	}
	out_byte(o, ')');
}

/*
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
 *            env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
 */
void
put_envelope(struct out *o, struct span header, struct arena *mem)
{
	struct envelope e = { .count = { 0 } };
	struct field f;

	while (header_next(&header, &f))
		take_field(&e, &f, mem);
	parse_lists(&e, mem);
	for (size_t i = 0; i < ROWS; i++) {
		size_t from = e.count[i] == 0 && rows[i].instead >= 0 ? (size_t)rows[i].instead : i;

		out_byte(o, i == 0 ? '(' : ' ');
		if (rows[i].is_addresses)
			put_addresses(o, e.address[from], e.count[from]);
		else
			put_nstring(o, e.text[i]);
	}
	out_byte(o, ')');
	for (size_t i = 0; i < ROWS; i++)
		buf_free(&e.list[i]);
}
