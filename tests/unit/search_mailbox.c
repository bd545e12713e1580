/* search_mailbox.c - a mailbox in memory for the tests of SEARCH */
#include "tests/unit/search_mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/index/cache.h"

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
			                            sample[i].keywords, sample[i].modseq };
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

uint32_t
mailbox_next_with(const struct mailbox *box, uint32_t number, uint32_t has, uint32_t lacks)
{
	for (; number <= box->count; number++)
		if ((box->message[number - 1].flags & (has | lacks)) == has)
			return number;
	return 0;
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

int
mailbox_message_savedate(struct mailbox *box, uint32_t number, time_t *date_out)
{
	*date_out = box->sample[number - 1].date + SAMPLE_SAVED_LATER;
	return 0;
}

int
mailbox_message_id(struct mailbox *box, uint32_t number, char id_out[MAILBOX_ID_SIZE])
{
	snprintf(id_out, MAILBOX_ID_SIZE, "M%lu", (unsigned long)box->message[number - 1].uid);
	return 0;
}

uint32_t
mailbox_number_at_or_behind(const struct mailbox *box, uint32_t uid)
{
	uint32_t number = 1;

	while (number <= box->count && box->message[number - 1].uid < uid)
		number++;
	return number;
}

uint64_t
mailbox_highestmodseq(const struct mailbox *box)
{
	(void)box;
	return 100;
}

const char *
mailbox_name(const struct mailbox *box)
{
	(void)box;
	return "INBOX";
}

/* Nothing is kept: each key is computed anew. */
bool
cached(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span *value_out)
{
	(void)box, (void)number, (void)kind, (void)value_out;
	return false;
}

void
cache_keep(struct mailbox *box, uint32_t number, enum cache_kind kind, struct span value)
{
	(void)box, (void)number, (void)kind, (void)value;
}

bool
cache_look(struct mailbox *box, uint32_t number, const struct stat *st)
{
	(void)box, (void)number, (void)st;
	return true;
}

bool
search_samples_resolve(struct mailbox *box, struct search_program *program, struct arena *mem)
{
	static const struct range saved[] = { { 12, 12 }, { 16, 21 } };
	struct ranges uids = { (struct range *)(uintptr_t)saved, 2, 2 };

	return search_program_resolve(program, box, &uids, mem);
}
