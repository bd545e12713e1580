/* fetch_section.c - the grammar of BODY[...], and its label in the response */
#include "imapd/fetch.h"

#include <stdlib.h>

#include "imapd/grammar.h"

/* section-text and section-msgtext; a name that begins another one stands behind it. */
static const struct text_row {
	const char       *name;
	enum section_text text;
	unsigned          cost; /* of it for the whole message; a part costs FETCH_STRUCTURE */
} texts[] = {
	{ "HEADER.FIELDS.NOT", SECTION_FIELDS_NOT, FETCH_HEADER },
	{ "HEADER.FIELDS", SECTION_FIELDS, FETCH_HEADER },
	{ "HEADER", SECTION_HEADER, FETCH_HEADER },
	{ "TEXT", SECTION_TEXT, FETCH_BODY },
	{ "MIME", SECTION_MIME, FETCH_STRUCTURE },
};

static int
compare_names(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	return span_compare_nocase(*a, *b);
}

bool
section_has_field(const struct section *sec, struct span name)
{
	return bsearch(&name, sec->sorted, sec->field_count, sizeof(*sec->sorted),
	               compare_names) != NULL;
}

/* Which of the fields are kept of every message (fetch_fields.c). */
static void
note_usual(struct section *sec)
{
	for (size_t i = 0; i < sec->field_count; i++) {
		int which = field_usual(sec->field[i]);

		if (which >= 0)
			sec->usual |= UINT64_C(1) << which;
		else
			sec->unusual++;
	}
}

/* header-list = "(" header-fld-name *(SP header-fld-name) ")"
 * header-fld-name = astring */
static void
take_header_list(struct cursor *c, struct section *sec)
{
	size_t room = 0;

	take_byte(c, ' ');
	take_byte(c, '(');
	do {
		struct span name = take_astring(c);

		sec->field = arena_grow(c->mem, sec->field, sec->field_count, &room,
		                        sizeof(*sec->field));
		sec->field[sec->field_count++] = name;
	} while (try_byte(c, ' '));
	take_byte(c, ')');
	if (!cursor_ok(c))
		return;
	sec->sorted = arena_array(c->mem, sec->field_count, sizeof(*sec->sorted));
	memcpy(sec->sorted, sec->field, sec->field_count * sizeof(*sec->sorted));
	qsort(sec->sorted, sec->field_count, sizeof(*sec->sorted), compare_names);
	note_usual(sec);
}

/* section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
 * section-text = section-msgtext / "MIME"                   ; MIME only behind a part's number */
static void
take_section_text(struct cursor *c, struct section *sec, unsigned *cost)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if ((texts[i].text == SECTION_MIME && sec->part_count == 0) ||
		    !try_whole_word(c, texts[i].name))
			continue;
		sec->text = texts[i].text;
		*cost = sec->part_count > 0 ? FETCH_STRUCTURE : texts[i].cost;
		if (sec->text == SECTION_FIELDS || sec->text == SECTION_FIELDS_NOT)
			take_header_list(c, sec);
		return;
	}
	cursor_fail(c, "expected HEADER, HEADER.FIELDS, TEXT or a part's number within BODY[]");
}

/* section-part = nz-number *("." nz-number); false: a "." is behind it, and more is to come */
static bool
take_part(struct cursor *c, struct section *sec)
{
	while (c->at < c->end && ascii_is_digit(*c->at)) {
		sec->part = arena_grow(c->mem, sec->part, sec->part_count, &sec->part_room,
		                       sizeof(*sec->part));
		sec->part[sec->part_count++] = take_nz_number(c);
		if (!try_byte(c, '.'))
			return true;
	}
	return false;
}

/* section-spec = section-msgtext / (section-part ["." section-text]) */
static void
take_section_spec(struct cursor *c, struct section *sec, unsigned *cost)
{
	*cost = FETCH_BODY;
	if (at_byte(c, ']'))
		return;
	if (take_part(c, sec))
		*cost = FETCH_STRUCTURE;
	else
		take_section_text(c, sec, cost);
}

/* "<" number "." nz-number ">"; 64 bits wide as in RFC 9051 s.9 */
static void
take_partial(struct cursor *c, struct section *sec)
{
	if (!try_byte(c, '<'))
		return;
	sec->is_partial = true;
	sec->skip = take_number64(c);
	take_byte(c, '.');
	if (at_byte(c, '0'))
		cursor_fail(c, "expected a number above zero");
	sec->most = take_number64(c);
	take_byte(c, '>');
}

static struct section *
new_section(struct cursor *c, enum section_text text, const char *label)
{
	struct section *sec = arena_zero(c->mem, sizeof(*sec));

	sec->text = text;
	sec->most = UINT64_MAX;
	sec->label = label;
	return sec;
}

/* section = "[" [section-spec] "]" ["<" number "." nz-number ">"] */
void *
parse_section(struct cursor *c, unsigned *cost)
{
	struct section *sec = new_section(c, SECTION_ALL, NULL);

	take_section_spec(c, sec, cost);
	take_byte(c, ']');
	take_partial(c, sec);
	return sec;
}

/* section-binary = "[" [section-part] "]"                                       RFC 3516 s.7 */
static void
take_section_binary(struct cursor *c, struct section *sec, unsigned *cost)
{
	*cost = at_byte(c, ']') ? FETCH_BODY : FETCH_STRUCTURE;
	if (!at_byte(c, ']') && !take_part(c, sec))
		cursor_fail(c, "expected a part's number within BINARY[]");
	take_byte(c, ']');
}

/* "BINARY" [".PEEK"] section-binary [partial] */
void *
parse_binary(struct cursor *c, unsigned *cost)
{
	struct section *sec = new_section(c, SECTION_ALL, "BINARY");

	take_section_binary(c, sec, cost);
	take_partial(c, sec);
	return sec;
}

/* "BINARY.SIZE" section-binary */
void *
parse_binary_size(struct cursor *c, unsigned *cost)
{
	struct section *sec = new_section(c, SECTION_ALL, "BINARY.SIZE");

	take_section_binary(c, sec, cost);
	return sec;
}

void *
parse_rfc822(struct cursor *c, unsigned *cost)
{
	(void)cost;
	return new_section(c, SECTION_ALL, "RFC822");
}

void *
parse_rfc822_header(struct cursor *c, unsigned *cost)
{
	(void)cost;
	return new_section(c, SECTION_HEADER, "RFC822.HEADER");
}

void *
parse_rfc822_text(struct cursor *c, unsigned *cost)
{
	(void)cost;
	return new_section(c, SECTION_TEXT, "RFC822.TEXT");
}

static void
put_header_list(struct out *o, const struct section *sec)
{
	for (size_t i = 0; i < sec->field_count; i++) {
		out_str(o, i == 0 ? " (" : " ");
		put_astring(o, sec->field[i]);
	}
	if (sec->field_count > 0)
		out_byte(o, ')');
}

/* RFC822.TEXT and the like have nothing behind their name. */
static bool
has_brackets(const struct section *sec)
{
	return !sec->label || strncmp(sec->label, "BINARY", 6) == 0;
}

void
put_section_label(struct out *o, const struct section *sec)
{
	out_str(o, sec->label ? sec->label : "BODY");
	if (!has_brackets(sec))
		return;
	out_byte(o, '[');
	for (size_t i = 0; i < sec->part_count; i++) {
		if (i > 0)
			out_byte(o, '.');
		out_number(o, sec->part[i]);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text != sec->text)
			continue;
		if (sec->part_count > 0)
			out_byte(o, '.');
		out_str(o, texts[i].name);
	}
	put_header_list(o, sec);
	out_byte(o, ']');
	if (sec->is_partial) {
		out_byte(o, '<');
		out_number(o, sec->skip);
		out_byte(o, '>');
	}
}
