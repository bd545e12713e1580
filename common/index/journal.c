/*
 * journal.c - linnet.journal: what changed since linnet.map, and where the folder stands now
 *
 *	header, 512 bytes | state | state | records from 2048 on
 *
 * (1) Only the holder of the index's lock (index.h) writes.  A change is its
 *     records, written behind the end, and then a state with the new end: the moment from which
 *     they
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
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/index/journal_file.h"
#include "common/index/sum.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"

enum { FOLD_SHARE = 4, FOLD_LEAST = 64 * 1024, FOLD_MOST = 512 * 1024 };

uint64_t
journal_header_sum(const struct journal_header *h)
{
	return sum_of(h, offsetof(struct journal_header, own), JOURNAL_VERSION);
}

uint64_t
journal_state_sum(const struct journal_state *s)
{
	return sum_of(s, offsetof(struct journal_state, own), JOURNAL_VERSION);
}

uint64_t
journal_record_sum(const struct journal_record *r, const void *payload, uint64_t generation,
                   uint64_t at)
{
	uint64_t head[4] = { r->kind, r->length, r->modseq, at };

	return sum_of(payload, r->length, sum_of(head, sizeof(head), generation));
}

/*
 * A share of the map, as folding costs what the map has; and not more than a
 * session may have to read at each opening.
 */
bool
journal_is_long(const struct journal_state *s)
{
	uint64_t share = (uint64_t)s->counters.messages * sizeof(struct item) / FOLD_SHARE;

	return s->end > (share < FOLD_LEAST ? FOLD_LEAST : share > FOLD_MOST ? FOLD_MOST : share);
}

/* ---- opening ---- */

static bool
is_good_state(const struct journal_state *s, uint64_t generation)
{
	return s->own == journal_state_sum(s) && s->generation == generation &&
	       s->end >= JOURNAL_RECORDS && s->end <= LIMIT_JOURNAL_BYTES && s->end % 8 == 0;
}

static bool
read_state(struct journal *j, uint64_t generation)
{
	char slots[2 * JOURNAL_SLOT];
	bool found = false;

	if (pread(j->fd, slots, sizeof(slots), JOURNAL_SLOT) != (ssize_t)sizeof(slots))
		return false;
	for (int i = 0; i < 2; i++) {
		struct journal_state s;

		memcpy(&s, slots + i * JOURNAL_SLOT, sizeof(s));
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
	struct journal_header h;
	struct stat st;

	j.fd = file_open(folder, JOURNAL_NAME, O_RDWR | O_NONBLOCK);
	if (j.fd < 0 && (errno == EACCES || errno == EROFS))
		j.fd = file_open(folder, JOURNAL_NAME, O_RDONLY | O_NONBLOCK);
	if (j.fd < 0)
		return -1;
	if (fstat(j.fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(j.fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) &&
	    memcmp(h.magic, journal_magic, sizeof(h.magic)) == 0 && h.order == JOURNAL_ORDER &&
	    h.version == JOURNAL_VERSION && h.own == journal_header_sum(&h) &&
	    read_state(&j, h.generation) && (uint64_t)st.st_size >= j.state.end) {
		j.at = JOURNAL_RECORDS;
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

	return fstat(j->fd, &mine) == 0 &&
	       fstatat(folder, JOURNAL_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev &&
	       (uint64_t)mine.st_size >= j->state.end;
}

/* ---- reading records ---- */

typedef bool
take_fn(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq);

static bool
take_flags(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	struct journal_flags f;

	for (; n >= sizeof(f); at += sizeof(f), n -= sizeof(f)) {
		memcpy(&f, at, sizeof(f));
		if (f.first == 0 || f.first > f.last || f.flags & ~(uint32_t)FLAGS_SYSTEM ||
		    f.letters >> 26 || f.in_new > 1 || !reader->flags(reader->context, &f, modseq))
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
		if (range[0] == 0 || range[0] > range[1] ||
		    !reader->gone(reader->context, range[0], range[1], modseq))
			return false;
	}
	return n == 0;
}

/* The name comes from a file: it must be one of a message, and lead nowhere else. */
static bool
is_message_name(const char *name, size_t n)
{
	return n > 0 && n <= NAME_MAX && name[0] != '.' && name[n] == '\0' && strlen(name) == n &&
	       !strchr(name, '/') && !filename_is_odd(name);
}

static bool
take_item(const struct journal_reader *reader, const char *at, size_t n, uint64_t modseq)
{
	struct journal_stored_item s;
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
	[KIND_FLAGS] = take_flags,
	[KIND_GONE] = take_gone,
	[KIND_ITEM] = take_item,
	[KIND_SIZE] = take_size,
};
enum { KINDS = sizeof(take_kind) / sizeof(take_kind[0]) };

static bool
take_records(struct journal *j, const struct journal_reader *reader, const char *bytes,
             size_t length)
{
	const char *at = bytes, *end = bytes + length;
	struct journal_record r;

	while ((size_t)(end - at) >= sizeof(r)) {
		memcpy(&r, at, sizeof(r));
		if (r.length % 8 != 0 || r.length > (size_t)(end - at) - sizeof(r) ||
		    r.kind == KIND_NONE || r.kind >= KINDS ||
		    r.own != journal_record_sum(&r, at + sizeof(r), j->state.generation, j->at) ||
		    r.modseq > j->state.highest ||
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
