/* part_fields.c - what the header of a part says about its body (RFC 2045, 2183, 3282, 2557) */
#include "common/mime/part_fields.h"

#include "common/base/limits.h"
#include "common/mime/token.h"

static void
take_type(struct part *p, struct span value, struct arena *mem)
{
	struct mime_value v;

	if (!p->type.type.at && header_parse_mime(value, mem, &v) && v.subtype.at)
		p->type = v;
}

static void
take_disposition(struct part *p, struct span value, struct arena *mem)
{
	if (!p->disposition.type.at && !header_parse_mime(value, mem, &p->disposition))
		p->disposition.type = SPAN_NONE;
}

static void
take_encoding(struct part *p, struct span value, struct arena *mem)
{
	char *upper;

	if (p->encoding.at)
		return;
	token_skip_blank(&value);
	p->encoding_as_sent = token_word(&value, token_tspecials);
	if (p->encoding_as_sent.len == 0)
		return;
	upper = arena_string(mem, p->encoding_as_sent);
	for (char *c = upper; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - ('a' - 'A'));
	p->encoding = span_make(upper, p->encoding_as_sent.len);
}

/* Content-Language = 1#language-tag        RFC 3282 s.2 */
static void
take_language(struct part *p, struct span value, struct arena *mem)
{
	size_t room = 0;

	if (p->language)
		return;
	while (value.len > 0 && p->language_count < LIMIT_MIME_PARAMETERS) {
		struct span tag;

		token_skip_blank(&value);
		tag = token_word(&value, token_tspecials);
		if (tag.len == 0) {
			value = span_skip(value, 1);
			continue;
		}
		p->language = arena_grow(mem, p->language, p->language_count, &room,
		                         sizeof(*p->language));
		p->language[p->language_count++] = tag;
	}
}

static void
take_text(struct span *to, struct span value, struct arena *mem)
{
	if (!to->at)
		*to = header_unfold(value, mem);
}

static void
take_id(struct part *p, struct span value, struct arena *mem)
{
	take_text(&p->id, value, mem);
}

static void
take_description(struct part *p, struct span value, struct arena *mem)
{
	take_text(&p->description, value, mem);
}

static void
take_md5(struct part *p, struct span value, struct arena *mem)
{
	take_text(&p->md5, value, mem);
}

static void
take_location(struct part *p, struct span value, struct arena *mem)
{
	take_text(&p->location, value, mem);
}

static const struct row {
	const char *name; /* behind "Content-" */
	void (*take)(struct part *p, struct span value, struct arena *mem);
} rows[] = {
	{ "Type", take_type },
	{ "Transfer-Encoding", take_encoding },
	{ "Disposition", take_disposition },
	{ "ID", take_id },
	{ "Description", take_description },
	{ "MD5", take_md5 },
	{ "Language", take_language },
	{ "Location", take_location },
};

static struct mime_value
plain_type(const char *type, const char *subtype, const char *as_sent, const char *subtype_as_sent)
{
	return (struct mime_value){
		.type = span_of(type),
		.subtype = span_of(subtype),
		.type_as_sent = span_of(as_sent),
		.subtype_as_sent = span_of(subtype_as_sent),
	};
}

/* RFC 2045 s.5.2; in a digest RFC 2046 s.5.1.5. */
static struct mime_value
default_type(const struct part *parent)
{
	if (parent && parent->kind == PART_MULTIPART && span_is(parent->type.subtype, "DIGEST"))
		return plain_type("MESSAGE", "RFC822", "message", "rfc822");
	return plain_type("TEXT", "PLAIN", "text", "plain");
}

void
part_read_fields(struct part *p, struct arena *mem)
{
	static const char prefix[] = "Content-";
	struct span rest = p->header;
	struct field f;

	while (header_next(&rest, &f)) {
		struct span name;

		if (!span_starts_nocase(f.name, prefix))
			continue;
		name = span_skip(f.name, sizeof(prefix) - 1);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (span_is_nocase(name, rows[i].name))
				rows[i].take(p, f.value, mem);
	}
	if (!p->type.type.at)
		p->type = default_type(p->parent);
}

void
part_make_opaque(struct part *p)
{
	p->type = plain_type("APPLICATION", "OCTET-STREAM", "application", "octet-stream");
}

bool
part_is_message_type(const struct part *p)
{
	return span_is(p->type.type, "MESSAGE") &&
	       (span_is(p->type.subtype, "RFC822") || span_is(p->type.subtype, "GLOBAL"));
}
