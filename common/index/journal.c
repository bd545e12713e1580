/*
 * journal.c - linnet.journal: what changed since linnet.map, and where the folder stands now
 *
 *	header, 512 bytes | state | state | records from 2048 on
 *
 * (1) Only the holder of the index's lock (index.h) writes.  A change is its
 *     records, written behind the end, and then a state with the new end: the moment from which they
 *     count.  A writer that dies before leaves bytes that the next one overwrites.
 * (2) Two places take the state in turn, so a state half written never harms
 *     the one before it.  Readers need no lock: they take the good state with the larger sequence.
 * (3) Every record has a sum, tied to the file's generation and the record's place.
 * (4) Nothing is fsynced.  After a power cut the sums tell what is left, and the stamps whether the
 *     folder has gone on since; the worst is one look through the folder.
 * (5) A journal that was folded into a new map ends with a state that says so,
 *     and which generation goes on.  Who has read it to that end knows all that the new map says.
 */
#include "common/index/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/index/sum.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"

enum { SLOT_BYTES = 512, RECORDS_AT = 4 * SLOT_BYTES, JOURNAL_ORDER = 0x01020304, JOURNAL_VERSION = 3 };
enum kind { KIND_NONE, KIND_FLAGS, KIND_GONE, KIND_ITEM, KIND_SIZE };

static const char journal_name[] = "linnet.journal";
static const char journal_magic[8] = "linnetJ";

struct header {
	char     magic[8];
	uint32_t order, version;
	uint64_t generation, own;
};

struct record {
	uint32_t kind, length; /* of what follows, a multiple of 8 */
	uint64_t modseq, own;
};

struct stored_item {
	uint32_t uid, in_new, name_length, pad;
	uint64_t octets;
	int64_t  date; /* the name follows, with NULs up to a multiple of 8 */
};

enum { STATE_FITS_ITS_SLOT = 1 / (sizeof(struct journal_state) <= SLOT_BYTES) };

static uint64_t
header_sum(const struct header *h)
{
	return sum_of(h, offsetof(struct header, own), JOURNAL_VERSION);
}

static uint64_t
state_sum(const struct journal_state *s)
{
	return sum_of(s, offsetof(struct journal_state, own), JOURNAL_VERSION);
}

static uint64_t
record_sum(const struct record *r, const void *payload, uint64_t generation, uint64_t at)
{
	uint64_t head[4] = { r->kind, r->length, r->modseq, at };

	return sum_of(payload, r->length, sum_of(head, sizeof(head), generation));
}

/* ---- opening ---- */

static bool
is_good_state(const struct journal_state *s, uint64_t generation)
{
	return s->own == state_sum(s) && s->generation == generation && s->end >= RECORDS_AT && s->end <= LIMIT_JOURNAL_BYTES &&
	       s->end % 8 == 0;
}

static bool
read_state(struct journal *j, uint64_t generation)
{
	char slots[2 * SLOT_BYTES];
	bool found = false;

	if (pread(j->fd, slots, sizeof(slots), SLOT_BYTES) != (ssize_t)sizeof(slots))
		return false;
	for (int i = 0; i < 2; i++) {
		struct journal_state s;

		memcpy(&s, slots + i * SLOT_BYTES, sizeof(s));
		if (!is_good_state(&s, generation) || (found && s.sequence < j->state.sequence))
			continue;
		j->state = s;
		found = true;
	}
	return found;
}

bool
journal_refresh(struct journal *j)
{
	return read_state(j, j->state.generation) && j->at <= j->state.end;
}

int
journal_open(int folder, struct journal *journal_out)
{
	struct journal j = JOURNAL_NONE;
	struct header h;
	struct stat st;

	j.fd = file_open(folder, journal_name, O_RDWR | O_NONBLOCK);
	if (j.fd < 0 && (errno == EACCES || errno == EROFS))
		j.fd = file_open(folder, journal_name, O_RDONLY | O_NONBLOCK);
	if (j.fd < 0)
		return -1;
	if (fstat(j.fd, &st) == 0 && S_ISREG(st.st_mode) && pread(j.fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) &&
	    memcmp(h.magic, journal_magic, sizeof(h.magic)) == 0 && h.order == JOURNAL_ORDER && h.version == JOURNAL_VERSION &&
	    h.own == header_sum(&h) && read_state(&j, h.generation) && (uint64_t)st.st_size >= j.state.end) {
		j.at = RECORDS_AT;
		*journal_out = j;
		return 0;
	}
	close(j.fd);
	errno = EBADMSG;
	return -1;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	*j = (struct journal)JOURNAL_NONE;
}

bool
journal_is_there(const struct journal *j, int folder)
{
	struct stat mine, there;

	return fstat(j->fd, &mine) == 0 && fstatat(folder, journal_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev && (uint64_t)mine.st_size >= j->state.end;
}

/* ---- reading records ---- */

typedef bool take_fn(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq);

static bool
take_flags(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	struct journal_flags f;

	for (; n >= sizeof(f); at += sizeof(f), n -= sizeof(f)) {
		memcpy(&f, at, sizeof(f));
		if (f.first == 0 || f.first > f.last || f.flags & ~(uint32_t)FLAGS_SYSTEM || f.letters >> 26 || f.in_new > 1 ||
		    !reader->flags(reader->context, &f, modseq))
			return false;
	}
	return n == 0;
}

static bool
take_gone(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	uint32_t range[2];

	for (; n >= sizeof(range); at += sizeof(range), n -= sizeof(range)) {
		memcpy(range, at, sizeof(range));
		if (range[0] == 0 || range[0] > range[1] || !reader->gone(reader->context, range[0], range[1], modseq))
			return false;
	}
	return n == 0;
}

/* The name comes from a file: it must be one of a message, and lead nowhere else. */
static bool
is_message_name(const char *name, size_t n)
{
	return n > 0 && n <= NAME_MAX && name[0] != '.' && name[n] == '\0' && strlen(name) == n && !strchr(name, '/') &&
	       !filename_is_odd(name);
}

static bool
take_item(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	struct stored_item s;
	struct journal_item i;

	if (n < sizeof(s) + 8)
		return false;
	memcpy(&s, at, sizeof(s));
	if (s.uid == 0 || s.uid == UINT32_MAX || s.in_new > 1 || s.name_length >= n - sizeof(s) ||
	    !is_message_name(at + sizeof(s), s.name_length))
		return false;
	i = (struct journal_item){ s.uid, s.in_new, s.octets, s.date, at + sizeof(s) };
	return reader->item(reader->context, &i, modseq);
}

static bool
take_size(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	struct journal_size s;

	(void)modseq;
	for (; n >= sizeof(s); at += sizeof(s), n -= sizeof(s)) {
		memcpy(&s, at, sizeof(s));
		if (s.uid == 0 || s.uid >= UINT32_MAX || !reader->size(reader->context, &s))
			return false;
	}
	return n == 0;
}

static take_fn *const take_kind[] = {
	[KIND_FLAGS] = take_flags, [KIND_GONE] = take_gone, [KIND_ITEM] = take_item, [KIND_SIZE] = take_size,
};
enum { KINDS = sizeof(take_kind) / sizeof(take_kind[0]) };

static bool
take_records(struct journal *j, const struct journal_reader *reader, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length;
	struct record r;

	while ((size_t)(end - at) >= sizeof(r)) {
		memcpy(&r, at, sizeof(r));
		if (r.length % 8 != 0 || r.length > (size_t)(end - at) - sizeof(r) || r.kind == KIND_NONE || r.kind >= KINDS ||
		    r.own != record_sum(&r, at + sizeof(r), j->state.generation, j->at) || r.modseq > j->state.highest ||
		    !take_kind[r.kind](reader, at + sizeof(r), r.length, r.modseq))
			return false;
		j->at += sizeof(r) + r.length;
		at += sizeof(r) + r.length;
	}
	return at == end;
}

int
journal_read(struct journal *j, const struct journal_reader *reader)
{
	size_t length = (size_t)(j->state.end - j->at), got = 0;
	char *bytes;
	bool good;

	if (length == 0)
		return 0;
	bytes = malloc(length);
	while (bytes && got < length) {
		ssize_t n = pread(j->fd, bytes + got, length - got, (off_t)(j->at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	good = bytes && got == length && take_records(j, reader, bytes, length);
	free(bytes);
	if (good)
		return 0;
	errno = EBADMSG;
	return -1;
}

/* ---- writing ---- */

void
pending_free(struct pending *p)
{
	buf_free(&p->bytes);
	buf_free(&p->group);
	p->kind = KIND_NONE;
}

/* What was gathered of one kind becomes a record; its sum follows in journal_commit(), when its place is known. */
static void
end_group(struct pending *p, uint64_t modseq)
{
	struct record r = { p->kind, (uint32_t)p->group.len, modseq, 0 };

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
	struct journal_flags f = { it->shown.uid, it->shown.uid, it->flags, it->letters, it->in_new, 0 }, last;

	begin_group(p, KIND_FLAGS, modseq);
	if (p->group.len >= sizeof(last) && uid_before) {
		char *at = p->group.data + p->group.len - sizeof(last);

		memcpy(&last, at, sizeof(last));
		if (last.last == uid_before && last.flags == f.flags && last.letters == f.letters && last.in_new == f.in_new) {
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
pending_item(struct pending *p, uint32_t uid, bool in_new, const char *name, uint64_t octets, time_t date, uint64_t modseq)
{
	struct stored_item s = { uid, in_new, (uint32_t)strlen(name), 0, octets, date };

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
		struct record r;

		memcpy(&r, p->bytes.data + at, sizeof(r));
		r.own = record_sum(&r, p->bytes.data + at + sizeof(r), generation, place + at);
		memcpy(p->bytes.data + at, &r, sizeof(r));
		at += sizeof(r) + r.length;
	}
}

static int
write_at(int fd, const char *bytes, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, bytes, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		bytes += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

static int
write_state(struct journal *j, const struct journal_state *state)
{
	char slot[SLOT_BYTES];

	memset(slot, 0, sizeof(slot));
	memcpy(slot, state, sizeof(*state));
	if (write_at(j->fd, slot, sizeof(slot), SLOT_BYTES * (1 + state->sequence % 2)) != 0)
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
	next.own = state_sum(&next);
	if (next.end > LIMIT_JOURNAL_BYTES) {
		errno = EFBIG;
		return -1;
	}
	if (write_at(j->fd, p->bytes.data, p->bytes.len, j->state.end) != 0 || write_state(j, &next) != 0)
		return -1;
	j->at = next.end;
	return 0;
}

int
journal_create(int folder, const struct journal_state *state, struct journal *journal_out)
{
	static const char tmp[] = "linnet.tmp.linnet.journal";
	struct journal j = JOURNAL_NONE;
	struct journal_state first = *state;
	struct header h;
	int failed = 0;

	first.sequence = 1;
	first.end = RECORDS_AT;
	first.next = 0;
	first.bits &= ~(uint32_t)JOURNAL_IS_FOLDED;
	first.own = state_sum(&first);
	memset(&h, 0, sizeof(h));
	memcpy(h.magic, journal_magic, sizeof(h.magic));
	h.order = JOURNAL_ORDER;
	h.version = JOURNAL_VERSION;
	h.generation = first.generation;
	h.own = header_sum(&h);
	unlinkat(folder, tmp, 0);
	j.fd = file_open(folder, tmp, O_RDWR | O_CREAT | O_EXCL);
	if (j.fd < 0)
		return -1;
	if (ftruncate(j.fd, RECORDS_AT) != 0 || write_at(j.fd, (const char *)&h, sizeof(h), 0) != 0 ||
	    write_state(&j, &first) != 0 || renameat(folder, tmp, folder, journal_name) != 0)
		failed = errno;
	j.at = RECORDS_AT;
	if (failed) {
		unlinkat(folder, tmp, 0);
		journal_close(&j);
		errno = failed;
		return -1;
	}
	*journal_out = j;
	return 0;
}
