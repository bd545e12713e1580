/*
 * journal_write.c - linnet.journal: adding records, and beginning a new one (invariants:
 * journal.c)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/index/journal_file.h"
#include "common/maildir/dir.h"

void
pending_free(struct pending *p)
{
	buf_free(&p->bytes);
	buf_free(&p->group);
	p->kind = KIND_NONE;
}

/*
 * What was gathered of one kind becomes a record; its sum follows in journal_commit(), when its
 * place is known.
 */
static void
end_group(struct pending *p, uint64_t modseq)
{
	struct journal_record r = { p->kind, (uint32_t)p->group.len, modseq, 0 };

	if (p->kind == KIND_NONE || p->group.len == 0)
		return;
	buf_add(&p->bytes, &r, sizeof(r));
	buf_add(&p->bytes, p->group.data, p->group.len);
	buf_reset(&p->group);
}

static void
begin_group(struct pending *p, unsigned kind, uint64_t modseq)
{
	if (p->kind != kind)
		end_group(p, modseq);
	p->kind = kind;
}

void
pending_flags(struct pending *p, const struct item *it, uint32_t uid_before, uint64_t modseq)
{
	struct journal_flags f = { it->shown.uid, it->shown.uid, it->flags,
		                   it->letters,   it->in_new,    0 },
			     last;

	begin_group(p, KIND_FLAGS, modseq);
	if (p->group.len >= sizeof(last) && uid_before) {
		char *at = p->group.data + p->group.len - sizeof(last);

		memcpy(&last, at, sizeof(last));
		if (last.last == uid_before && last.flags == f.flags && last.letters == f.letters &&
		    last.in_new == f.in_new) {
			last.last = f.last;
			memcpy(at, &last, sizeof(last));
			return;
		}
	}
	buf_add(&p->group, &f, sizeof(f));
}

void
pending_gone(struct pending *p, uint32_t uid, uint32_t uid_before, uint64_t modseq)
{
	uint32_t range[2] = { uid, uid }, last[2];

	begin_group(p, KIND_GONE, modseq);
	if (p->group.len >= sizeof(last) && uid_before) {
		char *at = p->group.data + p->group.len - sizeof(last);

		memcpy(last, at, sizeof(last));
		if (last[1] == uid_before) {
			last[1] = uid;
			memcpy(at, last, sizeof(last));
			return;
		}
	}
	buf_add(&p->group, range, sizeof(range));
}

void
pending_item(struct pending *p, uint32_t uid, bool in_new, const char *name, uint64_t octets,
             time_t date, uint64_t modseq)
{
	struct journal_stored_item s = { uid, in_new, (uint32_t)strlen(name), 0, octets, date };

	begin_group(p, KIND_ITEM, modseq);
	end_group(p, modseq); /* one message a record */
	buf_add(&p->group, &s, sizeof(s));
	buf_add(&p->group, name, s.name_length);
	do
		buf_byte(&p->group, '\0');
	while (p->group.len % 8 != 0);
}

void
pending_size(struct pending *p, const struct item *it, uint64_t modseq)
{
	struct journal_size s = { it->shown.uid, it->size, it->date };

	begin_group(p, KIND_SIZE, modseq);
	buf_add(&p->group, &s, sizeof(s));
}

static void
sum_records(struct pending *p, uint64_t generation, uint64_t place)
{
	for (size_t at = 0; at < p->bytes.len;) {
		struct journal_record r;

		memcpy(&r, p->bytes.data + at, sizeof(r));
		r.own = journal_record_sum(&r, p->bytes.data + at + sizeof(r), generation,
		                           place + at);
		memcpy(p->bytes.data + at, &r, sizeof(r));
		at += sizeof(r) + r.length;
	}
}

static int
write_state(struct journal *j, const struct journal_state *state)
{
	char slot[JOURNAL_SLOT];

	memset(slot, 0, sizeof(slot));
	memcpy(slot, state, sizeof(*state));
	if (!file_write_at(j->fd, slot, sizeof(slot), JOURNAL_SLOT * (1 + state->sequence % 2)))
		return -1;
	j->state = *state;
	return 0;
}

int
journal_commit(struct journal *j, struct pending *p, const struct journal_state *state)
{
	struct journal_state next = *state;

	end_group(p, next.highest);
	sum_records(p, j->state.generation, j->state.end);
	next.generation = j->state.generation;
	next.sequence = j->state.sequence + 1;
	next.end = j->state.end + p->bytes.len;
	next.own = journal_state_sum(&next);
	if (next.end > LIMIT_JOURNAL_BYTES) {
		errno = EFBIG;
		return -1;
	}
	if (!file_write_at(j->fd, p->bytes.data, p->bytes.len, j->state.end) ||
	    write_state(j, &next) != 0)
		return -1;
	j->at = next.end;
	return 0;
}

int
journal_create(int folder, const struct journal_state *state, struct journal *journal_out)
{
	static const char tmp[] = "linnet.tmp." JOURNAL_NAME;
	struct journal j = JOURNAL_NONE;
	struct journal_state first = *state;
	struct journal_header h;
	int failed = 0;

	first.sequence = 1;
	first.end = JOURNAL_RECORDS;
	first.next = 0;
	first.bits &= ~(uint32_t)JOURNAL_IS_FOLDED;
	first.own = journal_state_sum(&first);
	memset(&h, 0, sizeof(h));
	memcpy(h.magic, journal_magic, sizeof(h.magic));
	h.order = JOURNAL_ORDER;
	h.version = JOURNAL_VERSION;
	h.generation = first.generation;
	h.own = journal_header_sum(&h);
	unlinkat(folder, tmp, 0);
	j.fd = file_open(folder, tmp, O_RDWR | O_CREAT | O_EXCL);
	if (j.fd < 0)
		return -1;
	if (ftruncate(j.fd, JOURNAL_RECORDS) != 0 ||
	    !file_write_at(j.fd, &h, sizeof(h), 0) || write_state(&j, &first) != 0 ||
	    renameat(folder, tmp, folder, JOURNAL_NAME) != 0)
		failed = errno;
	j.at = JOURNAL_RECORDS;
	if (failed) {
		unlinkat(folder, tmp, 0);
		journal_close(&j);
		errno = failed;
		return -1;
	}
	*journal_out = j;
	return 0;
}
