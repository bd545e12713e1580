/*
 * lines.c - moving over the lines of a message file
 *
 * Where nothing but the next boundary matters, whole windows are counted at
 * memory speed; where each line matters (headers) they are taken one by one.
 * CR and LF may be cut apart by the end of a window, so a window that does not
 * end the file is never used up to its end.
 */
#include "common/mime/lines.h"

#include "common/mime/lineends.h"

enum { LINE_PEEK = 64 * 1024, DASHES = 3 /* LF and "--" */ };

static void
advance(struct lines *l, size_t n)
{
	l->here.at += n;
	l->here.octets += n;
}

/* Move over the rest of the line, of which s is there and lf its end. */
static void
end_line(struct lines *l, struct span s, const char *lf)
{
	size_t n = (size_t)(lf - s.at);
	bool has_cr = n > 0 && lf[-1] == '\r';

	advance(l, has_cr ? n - 1 : n);
	l->before = l->here;
	l->here.at += has_cr ? 2 : 1;
	l->here.octets += 2;
	l->here.lines++;
}

/* Of a piece without its end the last byte is left, so that CR and LF are seen together. */
void
lines_take(struct lines *l)
{
	uint64_t size = source_size(l->src);

	while (l->here.at < size) {
		struct span s = source_window(l->src, l->here.at);
		const char *lf = span_find(s, '\n');

		if (!lf) {
			s = source_peek(l->src, l->here.at, LINE_PEEK);
			lf = span_find(s, '\n');
		}
		if (lf) {
			end_line(l, s, lf);
			return;
		}
		advance(l, l->here.at + s.len < size ? s.len - 1 : s.len);
	}
}

void
lines_take_rest(struct lines *l)
{
	uint64_t size = source_size(l->src), bare = 0, lines = 0;

	if (!l->is_uncounted)
		source_count(l->src, l->here.at, size, &bare, &lines);
	l->here.octets += size - l->here.at + bare;
	l->here.lines += lines;
	l->here.at = size;
}

/* Count s, which is taken; *last is the byte in front of it, then the last of it. */
static void
take_counted(struct lines *l, struct span s, char *last)
{
	struct line_ends n = { 0, 0 };

	if (!l->is_uncounted)
		line_ends_count(s, *last, &n);
	advance(l, s.len);
	l->here.octets += n.bare;
	l->here.lines += n.lines;
	if (s.len > 0)
		*last = s.at[s.len - 1];
}

void
lines_to_dashes(struct lines *l)
{
	uint64_t size = source_size(l->src);
	char last = '\n';

	while (l->here.at < size) {
		struct span s = source_peek(l->src, l->here.at, LINE_PEEK);
		const char *lf = line_ends_find_dashes(s);

		if (lf) {
			take_counted(l, span_make(s.at, (size_t)(lf - s.at)), &last);
			l->before = l->here;
			if (last == '\r') {
				l->before.at--;
				l->before.octets--;
			}
			l->here.at++;
			l->here.octets = l->before.octets + 2;
			l->here.lines++;
			return;
		}
		if (l->here.at + s.len < size)
			s.len -= DASHES;
		take_counted(l, s, &last);
	}
}

void
lines_to_unusual(struct lines *l)
{
	struct span s = source_window(l->src, l->here.at);

	while (s.len > 0 && s.at[0] != '\n' && s.at[0] != '\r' && s.at[0] != '-') {
		const char *lf = span_find(s, '\n');

		if (!lf)
			return;
		end_line(l, s, lf);
		s = span_skip(s, (size_t)(lf - s.at) + 1);
	}
}
