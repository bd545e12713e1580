/*
 * fetch_structure.c - BODY and BODYSTRUCTURE (RFC 3501 s.7.4.2)
 *
 * The tree is walked by its pointers: a part is entered, then its children,
 * then it is left.  A multipart without parts gets an empty text in its place,
 * because the grammar wants at least one (body-type-mpart = 1*body ...).
 */
#include "imapd/fetch.h"

static const char no_parts[] =
	"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)";
static const char no_parts_extended[] =
	"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)";

/* media-message: IMAP4rev1 knows no message/global, which is therefore shown as one piece. */
static bool
shows_message(const struct part *p)
{
	return p->kind == PART_MESSAGE && span_is(p->type.subtype, "RFC822");
}

struct structure {
	struct out   *o;
	struct arena *mem;
	bool          is_extended;
};

/* A text without a character set is US-ASCII (RFC 2046 s.4.1.2), which is said, as Dovecot does. */
static bool
lacks_charset(const struct mime_value *v)
{
	return span_is(v->type, "TEXT") && !mime_parameter(v, "charset").at;
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void
put_parameters(struct out *o, const struct mime_value *v)
{
	bool add_charset = lacks_charset(v);

	if (v->parameter_count == 0) {
		out_str(o, add_charset ? "(\"charset\" \"us-ascii\")" : "NIL");
		return;
	}
	for (size_t i = 0; i < v->parameter_count; i++) {
		out_byte(o, i == 0 ? '(' : ' ');
		put_string(o, v->parameter[i].wire_name);
		out_byte(o, ' ');
		put_string(o, v->parameter[i].wire_value);
	}
	out_str(o, add_charset ? " \"charset\" \"us-ascii\")" : ")");
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static void
put_disposition(struct out *o, const struct mime_value *v)
{
	if (!v->type.at) {
		out_str(o, "NIL");
		return;
	}
	out_byte(o, '(');
	put_string(o, v->type_as_sent);
	out_byte(o, ' ');
	put_parameters(o, v);
	out_byte(o, ')');
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static void
put_language(struct out *o, const struct part *p)
{
	for (size_t i = 0; i < p->language_count; i++) {
		out_byte(o, i == 0 ? '(' : ' ');
		put_string(o, p->language[i]);
	}
	out_str(o, p->language_count > 0 ? ")" : "NIL");
}

/* [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc ...]]], alike for one part and several */
static void
put_extension(struct out *o, const struct part *p)
{
	out_byte(o, ' ');
	put_disposition(o, &p->disposition);
	out_byte(o, ' ');
	put_language(o, p);
	out_byte(o, ' ');
	put_nstring(o, p->location);
}

/*
 * media-type, then body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
 * body-fld-octets
 */
static void
put_fields(struct out *o, const struct part *p)
{
	put_string(o, p->type.type_as_sent);
	out_byte(o, ' ');
	put_string(o, p->type.subtype_as_sent);
	out_byte(o, ' ');
	put_parameters(o, &p->type);
	out_byte(o, ' ');
	put_nstring(o, p->id);
	out_byte(o, ' ');
	put_nstring(o, p->description);
	out_byte(o, ' ');
	put_string(o, p->encoding_as_sent.len > 0 ? p->encoding_as_sent : span_of("7bit"));
	out_byte(o, ' ');
	out_number(o, p->body_octets);
}

static void
put_lines(struct out *o, const struct part *p)
{
	out_byte(o, ' ');
	out_number(o, p->body_lines);
}

static void
end_single(const struct structure *st, const struct part *p)
{
	if (st->is_extended) {
		out_byte(st->o, ' ');
		put_nstring(st->o, p->md5);
		put_extension(st->o, p);
	}
	out_byte(st->o, ')');
}

static void
end_multipart(const struct structure *st, const struct part *p)
{
	if (!p->first)
		out_str(st->o, st->is_extended ? no_parts_extended : no_parts);
	out_byte(st->o, ' ');
	put_string(st->o, p->type.subtype_as_sent);
	if (st->is_extended) {
		out_byte(st->o, ' ');
		put_parameters(st->o, &p->type);
		put_extension(st->o, p);
	}
	out_byte(st->o, ')');
}

/* body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part] */
static void
enter(const struct structure *st, const struct part *p)
{
	out_byte(st->o, '(');
	if (p->kind == PART_MULTIPART)
		return;
	put_fields(st->o, p);
	if (shows_message(p)) {
		out_byte(st->o, ' ');
		put_envelope(st->o, p->first->header, st->mem);
		out_byte(st->o, ' ');
	} else if (span_is(p->type.type, "TEXT")) {
		put_lines(st->o, p);
	}
}

static void
leave(const struct structure *st, const struct part *p)
{
	if (p->kind == PART_MULTIPART) {
		end_multipart(st, p);
		return;
	}
	if (shows_message(p))
		put_lines(st->o, p);
	end_single(st, p);
}

void
put_structure(struct out *o, const struct part *root, bool is_extended, struct arena *mem)
{
	struct structure st = { o, mem, is_extended };
	const struct part *p = root;

	for (;;) {
		enter(&st, p);
		if (p->kind == PART_MULTIPART ? p->first != NULL : shows_message(p)) {
			p = p->first;
			continue;
		}
		leave(&st, p);
		while (p != root && !p->next) {
			p = p->parent;
			leave(&st, p);
		}
		if (p == root)
			return;
		p = p->next;
	}
}
