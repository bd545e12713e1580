/*
 * part.c - the MIME tree of a message, in one pass over its lines
 *
 * No recursion: what would be the stack is the chain of parents of the open
 * part, and a list of the boundaries that may come.  A line that begins with
 * "--" is held against these, innermost first; the longest that it begins with
 * is meant (RFC 2046 s.5.1.2: comparing to the beginning of the line is enough).
 *
 * While a part is open its counts hold what the whole message counted up to its
 * beginning; closing it subtracts.
 */
#include "common/mime/part.h"

#include "common/base/limits.h"
#include "common/mime/lines.h"
#include "common/mime/part_fields.h"

enum { ALL_AT_ONCE = 64 * 1024 };

struct level {
	struct part  *part;
	struct part **tail; /* where its next child goes */
	struct span   boundary;
};

struct walk {
	struct lines   lines; /* where we are */
	struct arena  *mem;
	struct part   *open;
	size_t         depth;  /* of open; the message itself is 1 */
	size_t         part_count, header_bytes;
	size_t         level_count;
	struct level   level[LIMIT_PART_NESTING];
};

static bool
is_full(const struct walk *w)
{
	return w->part_count > LIMIT_PARTS; /* the message itself does not count */
}

/* Is the line at hand a boundary that is open? */
static bool
at_boundary(struct walk *w, size_t *level_out, bool *is_last_out)
{
	struct span line = source_peek(w->lines.src, w->lines.here.at, 2);
	const struct level *best = NULL;

	if (line.len < 2 || line.at[0] != '-' || line.at[1] != '-' || is_full(w))
		return false;
	line = span_skip(source_peek(w->lines.src, w->lines.here.at, LIMIT_BOUNDARY + 4), 2);
	for (size_t i = w->level_count; i-- > 0;) {
		struct span b = w->level[i].boundary;

		if (b.len <= line.len && (!best || b.len > best->boundary.len) &&
		    memcmp(b.at, line.at, b.len) == 0)
			best = &w->level[i];
	}
	if (!best)
		return false;
	line = span_skip(line, best->boundary.len);
	*level_out = (size_t)(best - w->level);
	*is_last_out = line.len >= 2 && line.at[0] == '-' && line.at[1] == '-';
	return true;
}

static struct part *
begin_part(struct walk *w, struct part *parent)
{
	struct part *p = arena_zero(w->mem, sizeof(*p));

	p->parent = parent;
	p->header_at = w->lines.here.at;
	p->header_octets = w->lines.here.octets;
	p->header_lines = w->lines.here.lines;
	w->open = p;
	w->depth++;
	w->part_count++;
	return p;
}

/*
 * End the open part, there or where its body began if that is later: then a
 * boundary stood within its header.  The line in front belongs to the header
 * then, and so to the message around it.
 */
static void
end_part(struct walk *w, const struct point *there)
{
	struct part *p = w->open;
	bool is_empty = there->at < p->body_at;
	bool is_cut = p->kind == PART_MESSAGE && there->at < p->first->end;

	if (is_cut)
		there = &w->lines.here;
	p->end = is_empty ? p->body_at : there->at;
	p->body_octets = is_empty ? 0 : there->octets - p->body_octets;
	p->body_lines = is_empty ? 0 : there->lines - p->body_lines;
	w->open = p->parent;
	w->depth--;
}

/* Up to and including the empty line, or to a boundary or the end of the file. */
static void
take_header(struct walk *w)
{
	uint64_t size = source_size(w->lines.src);
	bool is_last, is_empty = false;
	size_t level;

	while (!is_empty) {
		struct span s;

		lines_to_unusual(&w->lines);
		if (w->lines.here.at >= size || at_boundary(w, &level, &is_last))
			return;
		s = source_peek(w->lines.src, w->lines.here.at, 2);
		is_empty = s.at[0] == '\n' || (s.len > 1 && s.at[0] == '\r' && s.at[1] == '\n');
		lines_take(&w->lines);
	}
}

static void
keep_header(struct walk *w, struct part *p)
{
	size_t left = LIMIT_HEADER_BYTES - w->header_bytes;
	size_t n = p->body_at - p->header_at < left ? (size_t)(p->body_at - p->header_at) : left;
	char *copy = arena_alloc(w->mem, n + 1);

	source_copy(w->lines.src, p->header_at, p->header_at + n, copy);
	p->header = span_make(copy, n);
	w->header_bytes += n;
}

static void
read_header(struct walk *w)
{
	struct part *p = w->open;

	take_header(w);
	p->body_at = w->lines.here.at;
	p->header_octets = w->lines.here.octets - p->header_octets;
	p->header_lines = w->lines.here.lines - p->header_lines;
	p->body_octets = w->lines.here.octets;
	p->body_lines = w->lines.here.lines;
	keep_header(w, p);
	part_read_fields(p, w->mem);
}

/* Say what the open part is, now that its header is known. */
static void
open_body(struct walk *w)
{
	struct part *p = w->open;
	struct span boundary = span_trim(mime_parameter(&p->type, "boundary"));
	bool has_room = w->depth <= LIMIT_PART_NESTING && !is_full(w);
	bool is_multipart = span_is(p->type.type, "MULTIPART");

	if (is_multipart && has_room && boundary.len > 0 && boundary.len <= LIMIT_BOUNDARY) {
		p->kind = PART_MULTIPART;
		w->level[w->level_count++] = (struct level){ p, &p->first, boundary };
	} else if (part_is_message_type(p) && has_room) {
		p->kind = PART_MESSAGE;
	} else if (is_multipart || part_is_message_type(p)) {
		part_make_opaque(p);
	}
}

/* Read on to where the next part's header begins; false at the end of the file. */
static bool
take_body(struct walk *w)
{
	uint64_t size = source_size(w->lines.src);
	size_t level;
	bool is_last;

	while (w->lines.here.at < size) {
		if (w->level_count == 0 || is_full(w)) {
			lines_take_rest(&w->lines);
			break;
		}
		if (!at_boundary(w, &level, &is_last)) {
			lines_to_dashes(&w->lines);
			continue;
		}
		while (w->open != w->level[level].part)
			end_part(w, &w->lines.before);
		lines_take(&w->lines);
		w->level_count = is_last ? level : level + 1;
		if (!is_last) {
			struct part **tail = w->level[level].tail;

			*tail = begin_part(w, w->open);
			w->level[level].tail = &(*tail)->next;
			return true;
		}
	}
	return false;
}

static struct part *
parse(struct source *src, bool is_uncounted, struct arena *mem)
{
	struct walk w = { .lines.src = src, .lines.is_uncounted = is_uncounted, .mem = mem };
	struct part *root;

	source_peek(src, 0, ALL_AT_ONCE); /* or the header alone would be read first */
	root = begin_part(&w, NULL);
	do {
		read_header(&w);
		open_body(&w);
		while (w.open->kind == PART_MESSAGE) {
			struct part *message = w.open;

			message->first = begin_part(&w, message);
			read_header(&w);
			open_body(&w);
		}
	} while (take_body(&w));
	while (w.open)
		end_part(&w, &w.lines.here);
	return root;
}

struct part *
part_parse(struct source *src, struct arena *mem)
{
	return parse(src, false, mem);
}

struct part *
part_parse_places(struct source *src, struct arena *mem)
{
	return parse(src, true, mem);
}

/*
 * Part number n of p; is_message: p stands for the message that it is, whose only part may be
 * itself.
 */
static struct part *
child(struct part *p, uint32_t n, bool is_message)
{
	struct part *c = p->first;

	if (p->kind != PART_MULTIPART)
		return is_message && n == 1 ? p : NULL;
	while (c && n > 1) {
		c = c->next;
		n--;
	}
	return n > 0 ? c : NULL;
}

struct part *
part_find(struct part *root, const uint32_t *number, size_t count)
{
	struct part *p = root;

	for (size_t i = 0; p && i < count; i++) {
		if (i == 0)
			p = child(p, number[i], true);
		else if (p->kind == PART_MESSAGE)
			p = child(p->first, number[i], true);
		else
			p = child(p, number[i], false);
	}
	return p;
}
