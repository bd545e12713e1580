/* fetch_prepare.c - a message opened once, as far as the items asked for need it */
#include "imapd/fetch.h"

#include <errno.h>

#include "common/mime/header.h"

enum { NEEDS_FILE = FETCH_HEADER | FETCH_STRUCTURE | FETCH_BODY };

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

static void
read_header(struct fetch *f)
{
	f->header = header_read(f->source, 0, f->end, &f->s->mem, &f->body_at);
	f->header_octets = count_octets(f, 0, f->body_at);
}

static int
open_file(struct fetch *f, unsigned cost)
{
	f->source = source_open(mailbox_message_open(f->s->box, f->number));
	if (!f->source)
		return -1;
	f->end = source_size(f->source);
	if (cost & FETCH_STRUCTURE)
		parse_all(f);
	else
		read_header(f);
	if ((cost & (FETCH_STRUCTURE | FETCH_BODY)) == FETCH_BODY)
		f->body_octets = count_octets(f, f->body_at, f->end);
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
	if ((cost & FETCH_DATE) && mailbox_message_date(f->s->box, f->number, &f->date) < 0)
		return -1;
	if ((cost & NEEDS_FILE) && open_file(f, cost) < 0)
		return -1;
	return take_size(f, cost);
}

void
fetch_finish(struct fetch *f)
{
	f->source = source_close(f->source);
}
