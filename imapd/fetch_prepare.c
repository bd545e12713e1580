/* fetch_prepare.c - a message opened once, as far as the items asked for need it */
#include "imapd/fetch.h"

#include <errno.h>

#include "common/mime/header.h"

/* What CACHE_COUNTS has. */
struct counts {
	uint64_t end, body_at, header_octets, body_octets;
};

void
fetch_begin(struct fetch *f, struct session *s, uint32_t number)
{
	f->s = s;
	f->number = number;
	f->message = *mailbox_message(s->box, number);
	f->source = NULL;
	f->root = NULL;
	f->header = SPAN_NONE;
}

/* Octets in CRLF form of the file's bytes [at, end). */
static uint64_t
count_octets(struct fetch *f, uint64_t at, uint64_t end)
{
	uint64_t bare, lines;

	source_count(f->source, at, end, &bare, &lines);
	return end - at + bare;
}

static void
parse_all(struct fetch *f)
{
	f->root = part_parse(f->source, &f->s->mem);
	f->header = f->root->header;
	f->body_at = f->root->body_at;
	f->header_octets = f->root->header_octets;
	f->body_octets = f->root->body_octets;
}

/* The counts of a file that is as it was when they were made. */
static bool
find_counts(struct fetch *f)
{
	struct counts c;
	struct span kept;

	if (!cached(f->s->box, f->number, CACHE_COUNTS, &kept) || kept.len != sizeof(c))
		return false;
	memcpy(&c, kept.at, sizeof(c));
	if (c.end != f->end || c.body_at > c.end || c.header_octets < c.body_at ||
	    c.body_octets < c.end - c.body_at)
		return false;
	f->body_at = c.body_at;
	f->header_octets = c.header_octets;
	f->body_octets = c.body_octets;
	return true;
}

static void
keep_counts(struct fetch *f)
{
	struct counts c = { f->end, f->body_at, f->header_octets, f->body_octets };

	cache_keep(f->s->box, f->number, CACHE_COUNTS, span_make((const char *)&c, sizeof(c)));
}

static void
read_header(struct fetch *f)
{
	f->header = header_read(f->source, 0, f->end, &f->s->mem, &f->body_at);
	f->header_octets = count_octets(f, 0, f->body_at);
}

int
fetch_open(struct fetch *f)
{
	if (f->source)
		return 0;
	f->source = source_open(mailbox_message_open(f->s->box, f->number));
	if (!f->source)
		return -1;
	cache_look(f->s->box, f->number, source_stat(f->source));
	f->end = source_size(f->source);
	return 0;
}

/*
 * A file that another server compressed is served as it is, for its bytes are what we have; but
 * somebody should be told (M24).
 */
static bool
is_packed(struct source *src)
{
	static const char *const magics[] = {
		"\x1f\x8b\x08", "BZh", "\3757zXZ", "\x28\xb5\x2f\xfd", "CRYPTED\x03\x07",
	};
	struct span begin = source_peek(src, 0, 16);

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (span_starts(begin, magics[i]))
			return true;
	return false;
}

static int
read_file(struct fetch *f, unsigned cost)
{
	if (fetch_open(f) < 0)
		return -1;
	if (cost & FETCH_STRUCTURE) {
		parse_all(f);
	} else if (!(cost & FETCH_BODY)) {
		read_header(f);
	} else if (cost & FETCH_HEADER || !find_counts(f)) {
		read_header(f);
		f->body_octets = count_octets(f, f->body_at, f->end);
		if (!source_is_short(f->source))
			keep_counts(f);
	}
	f->is_packed |= is_packed(f->source);
	errno = source_error(f->source);
	return errno ? -1 : 0;
}

/* What was counted is right, whatever the file's name says (M23): remembered for everybody. */
static int
take_size(struct fetch *f, unsigned cost)
{
	if (cost & (FETCH_STRUCTURE | FETCH_BODY)) {
		f->size = f->header_octets + f->body_octets;
		mailbox_message_size_is(f->s->box, f->number, f->size);
		return 0;
	}
	return cost & FETCH_SIZE ? mailbox_message_size(f->s->box, f->number, &f->size) : 0;
}

int
fetch_prepare(struct fetch *f, unsigned cost)
{
	struct mailbox *box = f->s->box;

	if ((cost & FETCH_DATE) && mailbox_message_date(box, f->number, &f->date) < 0)
		return -1;
	if ((cost & FETCH_SAVEDATE) && mailbox_message_savedate(box, f->number, &f->savedate) < 0)
		return -1;
	if ((cost & FETCH_ID) && mailbox_message_id(box, f->number, f->id) < 0)
		return -1;
	if ((cost & FETCH_FILE) && read_file(f, cost) < 0)
		return -1;
	return take_size(f, cost);
}

void
fetch_finish(struct fetch *f)
{
	f->source = source_close(f->source);
}
