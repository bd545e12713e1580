/*
 * append_url.c - URL parts of CATENATE (RFC 4469): octets of a message that is here already
 *
 * They are what FETCH BODY[section]<partial> would answer, with CRLF line ends,
 * and \Seen stays as it is.  Any mailbox but the selected one is opened for reading meanwhile.
 */
#include <errno.h>

#include "imapd/append.h"
#include "imapd/fetch.h"
#include "imapd/url.h"

/* A URL being read. */
struct reading {
	struct session *s;
	const char     *target;
	struct url      url;
	struct section *section;
	struct source  *source;
	struct span     text;    /* HEADER.FIELDS, made; SPAN_NONE: */
	uint64_t        at, end; /* bytes of the source */
};

/* badurl-response-code = "BADURL" SP url-resp-text ; what cannot stand there is encoded */
static bool
bad_url(struct session *s, struct span url, const char *why)
{
	struct buf code = BUF_EMPTY;

	buf_str(&code, "BADURL ");
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.at[i];

		if (c > ' ' && c < 0x7f && c != ']' && c != '\\')
			buf_byte(&code, (char)c);
		else
			buf_printf(&code, "%%%02X", c);
	}
	reply_no(s, arena_string(&s->mem, buf_view(&code)), why);
	buf_free(&code);
	return false;
}

/* section-spec and partial-range in the words of FETCH */
static bool
read_section(struct reading *r)
{
	struct arena *mem = &r->s->mem;
	struct buf text = BUF_EMPTY;
	struct cursor c;
	unsigned cost;

	buf_span(&text, r->url.section);
	buf_byte(&text, ']');
	cursor_open(&c, arena_copy(mem, buf_view(&text)), mem);
	r->section = parse_section(&c, &cost);
	buf_free(&text);
	return cursor_ok(&c) && at_end(&c);
}

/* The fields that the section names, and the blank line. */
static struct span
chosen_fields(const struct section *sec, struct span header, struct arena *mem)
{
	struct buf text = BUF_EMPTY;
	struct field field;
	struct span copy;

	while (header_next(&header, &field))
		if (section_has_field(sec, field.name) == (sec->text == SECTION_FIELDS))
			buf_span(&text, field.whole);
	buf_str(&text, "\r\n");
	copy = arena_copy(mem, buf_view(&text));
	buf_free(&text);
	return copy;
}

/* The section's bytes within one message: [at, body_at) is its header. */
static bool
place_in_message(struct reading *r, uint64_t at, uint64_t body_at, uint64_t end, struct span header)
{
	enum section_text text = r->section->text;

	r->at = text == SECTION_TEXT ? body_at : at;
	r->end = text == SECTION_HEADER ? body_at : end;
	if (text == SECTION_FIELDS || text == SECTION_FIELDS_NOT)
		r->text = chosen_fields(r->section, header, &r->s->mem);
	return true;
}

static bool
place_in_part(struct reading *r)
{
	const struct section *sec = r->section;
	struct part *root = part_parse(r->source, &r->s->mem);
	const struct part *p = part_find(root, sec->part, sec->part_count), *m;

	if (!p)
		return false;
	if (sec->text == SECTION_ALL || sec->text == SECTION_MIME) {
		r->at = sec->text == SECTION_MIME ? p->header_at : p->body_at;
		r->end = sec->text == SECTION_MIME ? p->body_at : p->end;
		return true;
	}
	m = p->kind == PART_MESSAGE ? p->first : NULL;
	return m && place_in_message(r, m->header_at, m->body_at, m->end, m->header);
}

static bool
find_place(struct reading *r)
{
	uint64_t end = source_size(r->source), body_at;
	struct span header;

	if (r->section->part_count > 0)
		return place_in_part(r);
	header = header_read(r->source, 0, end, &r->s->mem, &body_at);
	return place_in_message(r, 0, body_at, end, header);
}

/* Octets [skip, skip + most) of bytes in CRLF form, as they come piece by piece. */
struct window {
	struct append *append;
	uint64_t       skip, most, sent;
	char           prev;
	bool           failed;
};

static void
put_octets(struct window *w, const char *octets, size_t n)
{
	size_t skip = w->skip < n ? (size_t)w->skip : n;

	w->skip -= skip;
	n -= skip;
	if (n > w->most - w->sent)
		n = (size_t)(w->most - w->sent);
	w->sent += n;
	if (n > 0 && !w->failed && append_write(w->append, octets + skip, n) < 0)
		w->failed = true;
}

static void
put_bytes(struct window *w, struct span bytes)
{
	const char *lf;

	while ((lf = span_find(bytes, '\n')) != NULL && w->sent < w->most) {
		size_t n = (size_t)(lf - bytes.at);
		char before = n > 0 ? lf[-1] : w->prev;

		put_octets(w, bytes.at, n);
		put_octets(w, before == '\r' ? "\n" : "\r\n", before == '\r' ? 1 : 2);
		bytes = span_skip(bytes, n + 1);
		w->prev = '\n';
	}
	put_octets(w, bytes.at, bytes.len);
	if (bytes.len > 0)
		w->prev = bytes.at[bytes.len - 1];
}

/* Largest a message may become: what is beyond it is not copied, but counted. */
static uint64_t
room_left(const struct session *s, uint64_t octets)
{
	uint64_t most = s->login->settings->mail_max_append_size;

	return octets < most ? most - octets + 1 : 1;
}

static bool
copy_place(struct reading *r, uint64_t *octets)
{
	struct session *s = r->s;
	uint64_t room = room_left(s, *octets);
	struct window w = { .append = s->append, .skip = r->url.skip,
		            .most = r->url.most < room ? r->url.most : room };

	if (r->text.at)
		put_bytes(&w, r->text);
	else if (r->at > 0 && r->at < r->end)
		w.prev = *source_window(r->source, r->at - 1).at;
	while (!r->text.at && r->at < r->end && w.sent < w.most && !w.failed) {
		struct span some = source_window(r->source, r->at);

		if (some.len == 0)
			break;
		if (some.len > r->end - r->at)
			some.len = (size_t)(r->end - r->at);
		put_bytes(&w, some);
		r->at += some.len;
	}
	*octets += w.sent;
	errno = w.failed ? errno : source_error(r->source);
	if (!errno)
		return true;
	reply_errno(s, "append to", r->target);
	return false;
}

/* The message is there and open; 0: r->source is; else what keeps it from being. */
static int
open_message(struct reading *r, struct mailbox *box)
{
	uint32_t number = mailbox_number_of(box, r->url.uid);

	if (!number || (r->url.uidvalidity && r->url.uidvalidity != mailbox_uidvalidity(box)))
		return ENOENT;
	r->source = source_open(mailbox_message_open(box, number));
	return r->source ? 0 : errno;
}

/* In the selected mailbox, where the client knows the message, or in the one that is named. */
static int
open_source(struct reading *r)
{
	struct session *s = r->s;
	const char *why, *name = s->box ? mailbox_name(s->box) : NULL;
	struct mailbox *box = NULL;
	int failed;

	if (r->url.mailbox.at)
		name = names_from_client(&s->names, r->url.mailbox, true, false,
		                         &s->mem, &why);
	if (!name)
		return ENOENT;
	if (s->box && strcmp(name, mailbox_name(s->box)) == 0 && open_message(r, s->box) == 0)
		return 0;
	if (mailbox_open(s->store, name, MAILBOX_READ_ONLY, &box) < 0)
		return errno;
	failed = open_message(r, box);
	mailbox_close(box);
	return failed;
}

bool
append_url(struct session *s, struct span url, const char *target, uint64_t *octets)
{
	struct reading r = { .s = s, .target = target, .text = SPAN_NONE };
	struct arena_mark mark;
	bool is_done;

	if (!url_parse(url, &s->mem, &r.url) || !read_section(&r))
		return bad_url(s, url, "This is no URL of a message on this server.");
	if (open_source(&r) != 0)
		return bad_url(s, url, "There is no such message.");
	mark = arena_mark(&s->mem);
	is_done = find_place(&r) ? copy_place(&r, octets) :
	                           bad_url(s, url, "The message has no such part.");
	if (s->reply == REPLY_NONE)
		arena_release(&s->mem, mark);
	source_close(r.source);
	return is_done;
}
