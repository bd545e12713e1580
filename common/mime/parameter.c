/*
 * parameter.c - Content-Type and Content-Disposition: types and parameters (RFC 2045, 2183, 2231)
 *
 * RFC 2231 cuts a long parameter into sections, name*0, name*1*, ..., and marks
 * those that have a character set and %XX with a last '*'.  All are read first,
 * then sorted by name and section, so that a thousand of them in any order cost n log n.
 */
#include "common/mime/header.h"

#include <stdlib.h>

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/mime/charset.h"
#include "common/mime/token.h"

/* One parameter as it is written. */
struct section {
	struct span whole_name, name; /* name: before the first '*' */
	struct span value;
	long        number;           /* -1: not cut into sections */
	bool        is_extended;
	size_t      order;
};

/* "name", "name*", "name*3" or "name*3*"; anything else is a name of its own. */
static void
split_name(struct section *s)
{
	const char *star = span_find(s->whole_name, '*');
	struct span rest;
	uint64_t n;

	s->name = s->whole_name;
	s->number = -1;
	if (!star || star == s->whole_name.at)
		return;
	rest = span_skip(s->whole_name, (size_t)(star - s->whole_name.at) + 1);
	if (rest.len > 0 && rest.at[rest.len - 1] == '*') {
		s->is_extended = true;
		rest.len--;
	} else if (rest.len == 0) {
		s->is_extended = true;
	}
	if (rest.len > 0 && (!number_parse(rest, LIMIT_MIME_PARAMETERS, &n) ||
	                     (rest.len > 1 && rest.at[0] == '0'))) {
		s->is_extended = false;
		return;
	}
	s->name.len = (size_t)(star - s->whole_name.at);
	s->number = rest.len > 0 ? (long)n : -1;
}

/* parameter = attribute "=" value, as freely as mail has it; the cursor ends behind it. */
static bool
take_parameter(struct span *rest, struct arena *mem, struct section *s)
{
	token_skip_blank(rest);
	s->whole_name = token_word(rest, "=;(\"");
	token_skip_blank(rest);
	if (s->whole_name.len == 0 || !token_byte(rest, '='))
		return false;
	token_skip_blank(rest);
	s->value = rest->len > 0 && rest->at[0] == '"' ? token_quoted(rest, mem) :
	                                                 token_word(rest, ";(");
	split_name(s);
	return true;
}

/* Over whatever stands in front of the next ';' and over that. */
static bool
skip_semicolon(struct span *rest)
{
	while (rest->len > 0) {
		token_skip_blank(rest);
		if (token_byte(rest, ';'))
			return true;
		*rest = span_skip(*rest, 1);
	}
	return false;
}

static size_t
take_sections(struct span rest, struct arena *mem, struct section **section_out)
{
	struct section *section = NULL;
	size_t count = 0, room = 0;

	while (count < LIMIT_MIME_PARAMETERS && skip_semicolon(&rest)) {
		struct section s = { .order = count };

		if (!take_parameter(&rest, mem, &s))
			continue;
		section = arena_grow(mem, section, count, &room, sizeof(*section));
		section[count++] = s;
	}
	*section_out = section;
	return count;
}

static int
by_name_and_number(const void *left, const void *right)
{
	const struct section *a = left, *b = right;
	int d = span_compare_nocase(a->name, b->name);

	if (d != 0)
		return d;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* A parameter with the place it had in the field. */
struct placed {
	struct mime_parameter parameter;
	size_t                order;
};

static int
by_order(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;

	return (a->order > b->order) - (a->order < b->order);
}

static void
add_percent_decoded(struct buf *to, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		int high = s.at[i] == '%' && i + 2 < s.len ? ascii_hex(s.at[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex(s.at[i + 2]) : -1;

		if (low < 0) {
			buf_byte(to, s.at[i]);
			continue;
		}
		buf_byte(to, (char)(high * 16 + low));
		i += 2;
	}
}

/* attribute-char of RFC 2231 s.7 stays, the rest becomes %XX. */
static void
add_percent_encoded(struct buf *to, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c > ' ' && c < 0x7f && c != '*' && c != '\'' && c != '%' &&
		    !strchr(token_tspecials, c))
			buf_byte(to, (char)c);
		else
			buf_printf(to, "%%%02X", c);
	}
}

/* Take "charset'language'" off the front of the first section. */
static struct span
take_charset(struct span *value)
{
	struct span rest = *value, charset, language;

	if (!span_split(&rest, '\'', &charset) || !rest.at || !span_split(&rest, '\'', &language) ||
	    !rest.at)
		return SPAN_NONE;
	*value = rest;
	return charset;
}

static struct span
decoded(struct span bytes, struct span charset_name, struct arena *mem)
{
	struct charset *cs = charset_open(charset_name.len > 0 ? charset_name : span_of("UTF-8"));
	struct buf text = BUF_EMPTY;
	struct span copy;

	if (!cs)
		return arena_copy(mem, bytes);
	charset_convert(cs, bytes, true, &text);
	charset_close(cs);
	copy = arena_copy(mem, buf_view(&text));
	buf_free(&text);
	return copy;
}

/* Put count sections together, at least one of which is extended. */
static struct mime_parameter
join_extended(const struct section *s, size_t count, struct arena *mem)
{
	struct mime_parameter p = { .name = s->name };
	struct buf raw = BUF_EMPTY, wire = BUF_EMPTY;
	struct span first = s->value;
	struct span charset = s->is_extended ? take_charset(&first) : SPAN_NONE;

	if (s->is_extended && charset.at)
		buf_add(&wire, s->value.at, s->value.len - first.len);
	else
		buf_str(&wire, "''");
	for (size_t i = 0; i < count; i++) {
		struct span value = i == 0 ? first : s[i].value;

		if (s[i].is_extended) {
			add_percent_decoded(&raw, value);
			buf_span(&wire, value);
		} else {
			buf_span(&raw, value);
			add_percent_encoded(&wire, value);
		}
	}
	p.value = decoded(buf_view(&raw), charset, mem);
	p.wire_value = arena_copy(mem, buf_view(&wire));
	p.wire_name = span_of(arena_printf(mem, "%.*s*", (int)s->name.len, s->name.at));
	buf_free(&raw);
	buf_free(&wire);
	return p;
}

static struct mime_parameter
join_plain(const struct section *s, size_t count, struct arena *mem)
{
	struct mime_parameter p = { .name = s->name, .value = s->value };
	struct buf raw = BUF_EMPTY;

	if (count > 1) {
		for (size_t i = 0; i < count; i++)
			buf_span(&raw, s[i].value);
		p.value = arena_copy(mem, buf_view(&raw));
		buf_free(&raw);
	}
	p.wire_name = p.name;
	p.wire_value = p.value;
	return p;
}

static struct mime_parameter
as_written(const struct section *s)
{
	return (struct mime_parameter){ s->whole_name, s->value, s->whole_name, s->value };
}

/* How many of the sections from s on continue it: 0, 1, 2 ... of one name. */
static size_t
run_length(const struct section *s, size_t left, bool *is_extended_out)
{
	size_t n = 1;

	*is_extended_out = s->is_extended;
	if (s->number != 0)
		return n;
	for (; n < left && s[n].number == (long)n && span_compare_nocase(s[n].name, s->name) == 0;
	     n++)
		*is_extended_out |= s[n].is_extended;
	return n;
}

/* A section that comes twice counts as it came first. */
static size_t
drop_doubles(struct section *s, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct section *last = kept > 0 ? &s[kept - 1] : NULL;

		if (last && s[i].number >= 0 && s[i].number == last->number &&
		    span_compare_nocase(s[i].name, last->name) == 0)
			continue;
		s[kept++] = s[i];
	}
	return kept;
}

static void
join_sections(struct section *s, size_t count, struct arena *mem, struct mime_value *out)
{
	struct placed *placed = arena_array(mem, count, sizeof(*placed));
	size_t made = 0;

	qsort(s, count, sizeof(*s), by_name_and_number);
	count = drop_doubles(s, count);
	for (size_t i = 0, n; i < count; i += n) {
		bool is_extended, is_stray = s[i].number > 0;

		n = run_length(s + i, count - i, &is_extended);
		placed[made].order = s[i].order;
		placed[made++].parameter = is_stray   ? as_written(s + i)
		                         : is_extended ? join_extended(s + i, n, mem)
		                                       : join_plain(s + i, n, mem);
	}
	qsort(placed, made, sizeof(*placed), by_order);
	out->parameter = arena_array(mem, made, sizeof(*out->parameter));
	out->parameter_count = made;
	for (size_t i = 0; i < made; i++)
		out->parameter[i] = placed[i].parameter;
}

static struct span
upper(struct span s, struct arena *mem)
{
	char *copy = arena_string(mem, s);

	for (size_t i = 0; i < s.len; i++)
		if (copy[i] >= 'a' && copy[i] <= 'z')
			copy[i] = (char)(copy[i] - ('a' - 'A'));
	return span_make(copy, s.len);
}

/* content = type "/" subtype *(";" parameter)        RFC 2045 s.5.1
 * disposition = disposition-type *(";" parameter)    RFC 2183 s.2 */
bool
header_parse_mime(struct span value, struct arena *mem, struct mime_value *out)
{
	struct section *section;
	size_t count;

	memset(out, 0, sizeof(*out));
	token_skip_blank(&value);
	out->type_as_sent = token_word(&value, token_tspecials);
	if (out->type_as_sent.len == 0)
		return false;
	out->type = upper(out->type_as_sent, mem);
	token_skip_blank(&value);
	if (token_byte(&value, '/')) {
		token_skip_blank(&value);
		out->subtype_as_sent = token_word(&value, token_tspecials);
		out->subtype =
			out->subtype_as_sent.len > 0 ? upper(out->subtype_as_sent, mem) : SPAN_NONE;
	}
	count = take_sections(value, mem, &section);
	if (count > 0)
		join_sections(section, count, mem, out);
	return true;
}

struct span
mime_parameter(const struct mime_value *v, const char *name)
{
	const struct mime_parameter *found = NULL;

	for (size_t i = 0; i < v->parameter_count; i++) {
		const struct mime_parameter *p = &v->parameter[i];

		if (!span_is_nocase(p->name, name))
			continue;
		if (p->wire_name.len > p->name.len)
			return p->value;
		if (!found)
			found = p;
	}
	return found ? found->value : SPAN_NONE;
}
