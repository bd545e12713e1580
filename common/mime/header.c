/* header.c - header fields: reading a block, walking it, unfolding */
#include "common/mime/header.h"

#include "common/base/limits.h"

/*
 * The LF of the first empty line of s, which begins a line; an empty line is LF, or CR LF.  NULL:
 * not within s.
 */
static const char *
find_empty_line(struct span s)
{
	const char *at = s.at, *end = s.at + s.len;

	while (at && at < end) {
		if (*at == '\n')
			return at;
		if (*at == '\r' && end - at > 1 && at[1] == '\n')
			return at + 1;
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

/* Where the last line of s begins; 0 when it is all of s. */
static size_t
last_line(struct span s)
{
	const char *lf = s.len > 0 ? memrchr(s.at, '\n', s.len - 1) : NULL;

	return lf ? (size_t)(lf - s.at) + 1 : 0;
}

/* Over one line that may be longer than a window. */
static uint64_t
line_end(struct source *src, uint64_t at, uint64_t end)
{
	while (at < end) {
		struct span w = source_window(src, at);
		const char *lf = span_find(w, '\n');

		if (lf)
			return at + (size_t)(lf - w.at) + 1;
		at += w.len;
	}
	return end;
}

/* Where the block that begins at offset at ends: behind its empty line. */
static uint64_t
block_end(struct source *src, uint64_t at, uint64_t end)
{
	while (at < end) {
		struct span w = source_peek(src, at, 2);
		const char *lf = find_empty_line(w);
		size_t used;

		if (lf)
			return at + (size_t)(lf - w.at) + 1;
		used = last_line(w);
		at = used > 0 ? at + used : line_end(src, at, end);
	}
	return end;
}

struct span
header_read(struct source *src, uint64_t at, uint64_t end, struct arena *mem, uint64_t *body_at_out)
{
	uint64_t body_at;
	size_t n;
	char *to;

	if (end > source_size(src))
		end = source_size(src);
	if (at > end)
		at = end;
	body_at = block_end(src, at, end);
	if (body_at > end)
		body_at = end;
	n = body_at - at < LIMIT_HEADER_BYTES ? (size_t)(body_at - at) : LIMIT_HEADER_BYTES;
	to = arena_alloc(mem, n + 1);
	source_copy(src, at, at + n, to);
	*body_at_out = body_at;
	return span_make(to, n);
}

/* One line with its line end, taken off *rest. */
static struct span
take_line(struct span *rest)
{
	const char *lf = span_find(*rest, '\n');
	struct span line = span_make(rest->at, lf ? (size_t)(lf - rest->at) + 1 : rest->len);

	*rest = span_skip(*rest, line.len);
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
without_line_end(struct span line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Split a field at its colon; false when it has none. */
static bool
split_field(struct span whole, struct field *out)
{
	const char *lf = span_find(whole, '\n');
	struct span first = span_make(whole.at, lf ? (size_t)(lf - whole.at) : whole.len);
	const char *colon = span_find(first, ':');

	if (!colon || colon == whole.at)
		return false;
	out->whole = whole;
	out->name = span_make(whole.at, (size_t)(colon - whole.at));
	out->value = without_line_end(span_skip(whole, out->name.len + 1));
	while (out->name.len > 0 && is_blank(out->name.at[out->name.len - 1]))
		out->name.len--;
	return out->name.len > 0;
}

bool
header_next(struct span *rest, struct field *field_out)
{
	while (rest->len > 0) {
		struct span whole = take_line(rest);

		if (without_line_end(whole).len == 0) {
			*rest = span_make(rest->at + rest->len, 0);
			return false;
		}
		while (rest->len > 0 && is_blank(rest->at[0]))
			whole.len += take_line(rest).len;
		if (!is_blank(whole.at[0]) && split_field(whole, field_out))
			return true;
	}
	return false;
}

bool
header_find(struct span block, const char *name, struct field *field_out)
{
	struct field f;

	while (header_next(&block, &f)) {
		if (span_is_nocase(f.name, name)) {
			*field_out = f;
			return true;
		}
	}
	return false;
}

struct span
header_unfold(struct span value, struct arena *mem)
{
	char *copy, *to;

	value = span_trim(value);
	if (!span_find(value, '\n') && !span_find(value, '\0'))
		return value;
	copy = to = arena_alloc(mem, value.len + 1);
	while (value.len > 0) {
		struct span line = take_line(&value);
		struct span text = line.at[line.len - 1] == '\n' ? without_line_end(line) : line;

		memcpy(to, text.at, text.len);
		to += text.len;
	}
	value = span_make(copy, (size_t)(to - copy));
	while ((to = memchr(copy, '\0', (size_t)(value.at + value.len - copy))) != NULL) {
		*to = (char)0x80;
		copy = to + 1;
	}
	return value;
}
