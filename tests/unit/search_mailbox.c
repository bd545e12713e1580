/* search_mailbox.c - a mailbox in memory for the tests of SEARCH */
#include "tests/unit/search_mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct mailbox {
	const struct search_sample *sample;
	struct message             *message;
	uint32_t                    count;
	unsigned                    opened;
};

struct mailbox *
search_samples_open(const struct search_sample *sample, size_t count)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	box->sample = sample;
	box->count = (uint32_t)count;
	box->message = calloc(count, sizeof(*box->message));
	for (size_t i = 0; i < count; i++)
		box->message[i] = (struct message){ sample[i].uid, sample[i].flags,
			                            sample[i].keywords, 1 };
	return box;
}

void
search_samples_close(struct mailbox *box)
{
	free(box->message);
	free(box);
}

unsigned
search_samples_opened(const struct mailbox *box)
{
	return box->opened;
}

uint32_t
mailbox_count(const struct mailbox *box)
{
	return box->count;
}

const struct message *
mailbox_message(const struct mailbox *box, uint32_t number)
{
	return &box->message[number - 1];
}

int
mailbox_find_keyword(const struct mailbox *box, const char *name)
{
	(void)box;
	return strcasecmp(name, "work") == 0 ? 0 : strcasecmp(name, "home") == 0 ? 1 : -1;
}

static size_t
length(const struct search_sample *s)
{
	return s->len > 0 ? s->len : strlen(s->text);
}

int
mailbox_message_size(struct mailbox *box, uint32_t number, uint64_t *octets_out)
{
	const struct search_sample *s = &box->sample[number - 1];

	if (!s->text) {
		errno = ENOENT;
		return -1;
	}
	*octets_out = length(s);
	return 0;
}

int
mailbox_message_date(struct mailbox *box, uint32_t number, time_t *date_out)
{
	*date_out = box->sample[number - 1].date;
	return 0;
}

int
mailbox_message_open(struct mailbox *box, uint32_t number)
{
	const struct search_sample *s = &box->sample[number - 1];
	char path[] = "/tmp/linnet-search-XXXXXX";
	size_t len;
	int fd;

	if (!s->text) {
		errno = ENOENT;
		return -1;
	}
	box->opened++;
	fd = mkstemp(path);
	unlink(path);
	len = length(s);
	if (fd < 0 || write(fd, s->text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

void
search_samples_resolve(struct mailbox *box, struct search_program *program)
{
	for (struct search_key *key = program->last; key; key = key->before)
		if (key->keyword)
			key->keyword_bit = mailbox_find_keyword(box, key->keyword);
}

int
mailbox_message_savedate(struct mailbox *box, uint32_t number, time_t *date_out)
{
	return mailbox_message_date(box, number, date_out);
}

int
mailbox_message_id(struct mailbox *box, uint32_t number, char id_out[MAILBOX_ID_SIZE])
{
	(void)box;
	snprintf(id_out, MAILBOX_ID_SIZE, "M%u", number);
	return 0;
}
