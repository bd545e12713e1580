/*
 * source.c - reading a message file through a window, and sending it in CRLF form
 *
 * A file of at most WINDOW_BYTES is kept whole once it has been read: FIRST_BYTES
 * of it first, because most requests want only the header, then the rest.  A larger
 * one has a window that begins where the last request did.
 *
 * What a file has lost since it was opened reads as spaces (M22), so nobody
 * above has to think of short reads, and counts made earlier still hold.
 */
#include "common/mime/source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/mime/lineends.h"

enum {
	WINDOW_BYTES = 256 * 1024,
	FIRST_BYTES  = 4 * 1024,
	PIECE_BYTES  = 32 * 1024, /* converted at once: source and result stay in the cache */
	CRLF_BYTES   = 2 * PIECE_BYTES
};

struct source {
	int      fd;
	struct stat st;
	uint64_t size; /* when it was opened */
	char    *data;
	size_t   room;
	uint64_t at;   /* file offset of data[0] */
	size_t   len;
	char    *crlf; /* CRLF_BYTES, once something had to be converted */
	bool     is_short;
	int      error;
};

static void *
must_alloc(size_t n)
{
	void *got = malloc(n);

	if (!got)
		die("out of memory: %zu bytes of a message", n);
	return got;
}

struct source *
source_open(int fd)
{
	struct source *src;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int why = S_ISREG(st.st_mode) ? errno : EINVAL;

		close(fd);
		errno = why;
		return NULL;
	}
	src = must_alloc(sizeof(*src));
	memset(src, 0, sizeof(*src));
	src->fd = fd;
	src->st = st;
	src->size = (uint64_t)st.st_size;
	src->room = src->size < WINDOW_BYTES ? (size_t)src->size : WINDOW_BYTES;
	return src;
}

struct source *
source_close(struct source *src)
{
	if (!src)
		return NULL;
	close(src->fd);
	free(src->data);
	free(src->crlf);
	free(src);
	return NULL;
}

uint64_t
source_size(const struct source *src)
{
	return src->size;
}

const struct stat *
source_stat(const struct source *src)
{
	return &src->st;
}

bool
source_is_short(const struct source *src)
{
	return src->is_short;
}

int
source_error(const struct source *src)
{
	return src->error;
}

/* Fill to with n bytes of the file from offset at on, with spaces where it has none any more. */
static void
read_at(struct source *src, char *to, size_t n, uint64_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(src->fd, to + got, n - got, (off_t)(at + got));

		if (r > 0) {
			got += (size_t)r;
			continue;
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && src->error == 0)
			src->error = errno;
		src->is_short = true;
		memset(to + got, ' ', n - got);
		return;
	}
}

/*
 * Make the window hold want bytes from offset at on; both lie within the file, want within the
 * room.
 */
static void
load(struct source *src, uint64_t at, size_t want)
{
	bool     is_whole = src->size <= WINDOW_BYTES;
	size_t   keep = is_whole ? src->len : 0;
	uint64_t from = is_whole ? keep : at;
	size_t   n = src->room - keep;

	if (n > src->size - from)
		n = (size_t)(src->size - from);
	if (!src->data) {
		src->data = must_alloc(src->room);
		if (at + want <= FIRST_BYTES && n > FIRST_BYTES)
			n = FIRST_BYTES;
	}
	read_at(src, src->data + keep, n, from);
	src->at = from - keep;
	src->len = keep + n;
}

struct span
source_peek(struct source *src, uint64_t at, size_t want)
{
	size_t skip;

	if (at >= src->size)
		return span_make("", 0);
	if (want > src->size - at)
		want = (size_t)(src->size - at);
	if (want > src->room)
		want = src->room;
	if (at < src->at || at + want > src->at + src->len)
		load(src, at, want);
	skip = (size_t)(at - src->at);
	return span_make(src->data + skip, src->len - skip);
}

struct span
source_window(struct source *src, uint64_t at)
{
	return source_peek(src, at, 1);
}

/* The window at offset at, cut at end and at most bytes. */
static struct span
window_until(struct source *src, uint64_t at, uint64_t end, size_t most)
{
	struct span w = source_window(src, at);

	if (w.len > end - at)
		w.len = (size_t)(end - at);
	if (w.len > most)
		w.len = most;
	return w;
}

/* The byte in front of offset at: a LF there may have its CR outside of the range. */
static char
byte_before(struct source *src, uint64_t at)
{
	struct span w = at > 0 ? source_peek(src, at - 1, 2) : span_of("");

	return w.len > 0 ? w.at[0] : '\0';
}

void
source_copy(struct source *src, uint64_t at, uint64_t end, char *to)
{
	while (at < end) {
		struct span w = window_until(src, at, end, SIZE_MAX);

		if (w.len == 0)
			break;
		memcpy(to, w.at, w.len);
		to += w.len;
		at += w.len;
	}
	memset(to, ' ', (size_t)(end - at));
}

void
source_count(struct source *src, uint64_t at, uint64_t end, uint64_t *bare_out, uint64_t *lines_out)
{
	struct line_ends n = { 0, 0 };
	char before = byte_before(src, at);

	if (at < end) /* all that is counted, and nothing else, in one read */
		source_peek(src, at, end - at < WINDOW_BYTES ? (size_t)(end - at) : WINDOW_BYTES);
	while (at < end) {
		struct span w = window_until(src, at, end, SIZE_MAX);

		if (w.len == 0)
			break;
		line_ends_count(w, before, &n);
		before = w.at[w.len - 1];
		at += w.len;
	}
	*bare_out = n.bare;
	*lines_out = n.lines;
}

static char *
crlf_room(struct source *src)
{
	if (!src->crlf)
		src->crlf = must_alloc(src->size < PIECE_BYTES ? 2 * (size_t)src->size + 2 :
		                                                 CRLF_BYTES);
	return src->crlf;
}

static void
replace_nul(char *at, size_t n)
{
	char *end = at + n;

	while (at < end && (at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at++ = (char)0x80;
}

/*
 * Piece w in CRLF form; before is the byte in front of it.  w itself where nothing is to be
 * changed.
 */
static struct span
to_crlf(struct source *src, struct span w, char before, bool has_bare)
{
	bool  has_nul = span_find(w, '\0') != NULL;
	char *to;

	if (!has_bare && !has_nul)
		return w;
	to = line_ends_to_crlf(w, before, crlf_room(src));
	if (has_nul)
		replace_nul(src->crlf, (size_t)(to - src->crlf));
	return span_make(src->crlf, (size_t)(to - src->crlf));
}

static void
send_spaces(struct out *out, uint64_t n)
{
	static const char spaces[] =
		"                                                                ";

	while (n > 0) {
		size_t some = n < sizeof(spaces) - 1 ? (size_t)n : sizeof(spaces) - 1;

		out_add(out, spaces, some);
		n -= some;
	}
}

/*
 * LFs of w without a CR in front.  When nothing is skipped their number does not
 * matter, and where the first is one, which most files show at once, all need not be counted.
 */
static uint64_t
bare_ends(struct span w, char before, bool is_number_wanted)
{
	const char *lf = is_number_wanted ? NULL : span_find(w, '\n');
	struct line_ends n = { 0, 0 };

	if (lf && (lf > w.at ? lf[-1] : before) != '\r')
		return 1;
	line_ends_count(w, before, &n);
	return n.bare;
}

uint64_t
source_send(struct source *src, uint64_t at, uint64_t end, uint64_t skip, uint64_t most,
            struct out *out)
{
	uint64_t left = most;
	char before = byte_before(src, at);

	while (at < end && left > 0) {
		struct span w = window_until(src, at, end, PIECE_BYTES);
		uint64_t bare;

		if (w.len == 0)
			break;
		bare = bare_ends(w, before, skip > 0);
		if (w.len + bare <= skip) {
			skip -= w.len + bare;
		} else {
			struct span octets =
				span_skip(to_crlf(src, w, before, bare > 0), (size_t)skip);

			if (octets.len > left)
				octets.len = (size_t)left;
			out_span(out, octets);
			left -= octets.len;
			skip = 0;
		}
		before = w.at[w.len - 1];
		at += w.len;
	}
	if (most == UINT64_MAX)
		return most - left;
	send_spaces(out, left);
	return most;
}

/* Where source_send_stuffed() is in the message. */
struct stuffing {
	uint64_t body_lines; /* still to be sent */
	bool     in_header;
	bool     at_start;   /* of a line */
	bool     is_blank;   /* the line has had no byte but one CR so far */
	char     before;
	bool     is_done;
};

/* One run of a line, with the LF behind it when has_end; returns the end of what was written. */
static char *
stuff_run(struct stuffing *st, struct span run, bool has_end, char *to)
{
	if (st->at_start && run.len > 0 && run.at[0] == '.')
		*to++ = '.';
	if (run.len > 0) {
		memcpy(to, run.at, run.len);
		to += run.len;
		st->is_blank = st->at_start && run.len == 1 && run.at[0] == '\r';
		st->at_start = false;
		st->before = run.at[run.len - 1];
	}
	if (!has_end)
		return to;
	if (st->before != '\r')
		*to++ = '\r';
	*to++ = '\n';
	if (!st->in_header && st->body_lines != UINT64_MAX)
		st->body_lines--;
	if (st->is_blank)
		st->in_header = false;
	st->is_done = !st->in_header && st->body_lines == 0;
	st->at_start = st->is_blank = true;
	st->before = '\n';
	return to;
}

/* Does a line of w begin with a dot?  Where dots are rare this runs at memory speed. */
static bool
has_dot_line(struct span w, char before)
{
	const char *dot = w.at, *end = w.at + w.len;

	while ((dot = memchr(dot, '.', (size_t)(end - dot))) != NULL) {
		if ((dot > w.at ? dot[-1] : before) == '\n')
			return true;
		dot++;
	}
	return false;
}

/* Line by line, up to the end of w, of the lines wanted, or of the header; returns the bytes taken.
 */
static size_t
send_lines(struct source *src, struct span w, struct stuffing *st, struct out *out)
{
	bool was_in_header = st->in_header;
	struct span rest = w;
	char *to = crlf_room(src);

	while (rest.len > 0 && !st->is_done && st->in_header == was_in_header) {
		const char *lf = span_find(rest, '\n');
		size_t      n = lf ? (size_t)(lf - rest.at) : rest.len;

		to = stuff_run(st, span_make(rest.at, n), lf != NULL, to);
		rest = span_skip(rest, lf ? n + 1 : n);
	}
	replace_nul(src->crlf, (size_t)(to - src->crlf));
	out_add(out, src->crlf, (size_t)(to - src->crlf));
	return w.len - rest.len;
}

/* Of a body that is wanted whole most pieces have no dot to stuff: they go out as IMAP's do. */
static size_t
send_piece(struct source *src, struct span w, struct stuffing *st, struct out *out)
{
	if (st->in_header || st->body_lines != UINT64_MAX || has_dot_line(w, st->before))
		return send_lines(src, w, st, out);
	out_span(out, to_crlf(src, w, st->before, bare_ends(w, st->before, false) > 0));
	st->before = w.at[w.len - 1];
	st->at_start = st->before == '\n';
	return w.len;
}

bool
source_send_stuffed(struct source *src, uint64_t from, uint64_t body_lines, struct out *out)
{
	struct stuffing st = {
		.body_lines = body_lines,
		.in_header = from == 0,
		.at_start = true,
		.is_blank = true,
		.before = '\n',
		.is_done = from > 0 && body_lines == 0,
	};
	uint64_t at = from;

	while (at < src->size && !st.is_done) {
		struct span w = window_until(src, at, src->size, PIECE_BYTES);

		at += send_piece(src, w, &st, out);
	}
	if (!st.at_start)
		out_str(out, "\r\n");
	return !st.in_header;
}
