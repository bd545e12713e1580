/* search_message.c - the message that SEARCH, SORT and THREAD look at */
#include "imapd/search_message.h"

#include <errno.h>

#include "common/mime/header.h"
#include "common/mime/source.h"

/* Most messages of most searches are settled by the view: these must cost nothing. */
void
search_message_open(struct search_message *m, struct mailbox *box, uint32_t number)
{
	if (m->is_used)
		search_message_close(m);
	m->box = box;
	m->number = number;
	m->message = *mailbox_message(box, number);
	m->is_gone = false;
}

void
search_message_close(struct search_message *m)
{
	m->source = source_close(m->source);
	m->parts = NULL;
	m->header = SPAN_NONE;
	m->is_used = false;
	arena_reset(&m->mem);
}

void
search_message_free(struct search_message *m)
{
	search_message_close(m);
	arena_free(&m->mem);
	search_text_free(&m->text);
	buf_free(&m->value);
	buf_free(&m->spare);
}

/* Always false: for the callers' return. */
static bool
failed(struct search_message *m)
{
	m->is_gone = true;
	if (errno != ENOENT)
		m->error = errno;
	return false;
}

/* What was kept of another state of the file must not be given any more. */
static struct source *
open_file(struct search_message *m)
{
	struct source *source = source_open(mailbox_message_open(m->box, m->number));

	if (source)
		cache_look(m->box, m->number, source_stat(source));
	return source;
}

static bool
open_source(struct search_message *m)
{
	if (m->source || m->is_gone)
		return !m->is_gone;
	m->is_used = true;
	m->source = open_file(m);
	return m->source || failed(m);
}

bool
search_message_header(struct search_message *m, struct span *block_out)
{
	uint64_t body_at;

	if (!m->header.at) {
		if (!open_source(m))
			return false;
		m->header = header_read(m->source, 0, source_size(m->source), &m->mem, &body_at);
		if (!m->header.at)
			m->header = span_of("");
	}
	*block_out = m->header;
	return true;
}

bool
search_message_parts(struct search_message *m, struct part **root_out)
{
	if (!m->parts) {
		if (!open_source(m))
			return false;
		m->parts = part_parse_places(m->source, &m->mem);
	}
	*root_out = m->parts;
	return true;
}

bool
search_message_size(struct search_message *m, uint64_t *octets_out)
{
	return mailbox_message_size(m->box, m->number, octets_out) == 0 || failed(m);
}

bool
search_message_date(struct search_message *m, time_t *date_out)
{
	return mailbox_message_date(m->box, m->number, date_out) == 0 || failed(m);
}

bool
search_message_savedate(struct search_message *m, time_t *date_out)
{
	return mailbox_message_savedate(m->box, m->number, date_out) == 0 || failed(m);
}

bool
search_message_id(struct search_message *m, char id_out[MAILBOX_ID_SIZE])
{
	return mailbox_message_id(m->box, m->number, id_out) == 0 || failed(m);
}
