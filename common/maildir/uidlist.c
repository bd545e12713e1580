/*
 * uidlist.c - dovecot-uidlist: reading it, and the list in memory
 *
 *	3 V1795294406 N7 G6849301ec604026b1d3f000083ecc375
 *	1 :1795294406.M506481P16157.host,S=28,W=32
 *	4 W1234 P0000000a :1795294999.M1P2.host
 *
 * Version 1 has "1 UIDVALIDITY NEXT" and "UID BASE".  Fields that this server does not
 * know are kept.
 *
 * Invariants of a uidlist:
 * (1) A UID is never given twice: next is larger than any UID in the file, in
 *     its header, and in linnet.uids.
 * (2) A line counts only with its line end.  Appending writes whole lines and
 *     fsyncs them before anybody is told a UID of them; a line cut off by a
 *     crash was never shown, and the next save replaces the file.
 * (3) UIDs grow in file order.  Where they do not, or where a UID or a base
 *     name comes twice, the file is damaged: (W04)
 *       - lines that cannot be read are left out, the rest is sorted;
 *       - a UID that two files claim belongs to neither;
 *       - a file with two UIDs keeps the larger one.
 *     Files that thereby have no UID get new ones above next, as if just delivered.
 * (4) UIDVALIDITY comes from the header; when it cannot be read, from
 *     linnet.uids or the index, and UIDs from the index, too.  A header with a smaller
 *     UIDVALIDITY than linnet.uids is a file from the past: its UIDs mean other messages.
 *     Only when nothing else is left is there a new UIDVALIDITY.
 * (5) Only the holder of dovecot-uidlist.lock writes.  Readers take no lock:
 *     the file is replaced by rename or grows by whole lines.  A holder that was
 *     stopped for minutes may have lost the lock: it finds the file changed
 *     behind its back and does not write.
 */
#include "common/maildir/uidlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/uidlist_file.h"

void
uidlist_init(struct uidlist *u)
{
	memset(u, 0, sizeof(*u));
	u->next = 1;
	u->header = "";
	u->seed = (uint64_t)clock_ms() ^ (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)u;
}

void
uidlist_free(struct uidlist *u)
{
	uidlist_recall_fn *recall = u->recall;
	int place = u->recall_place;

	arena_free(&u->mem);
	free(u->slot);
	free(u->record);
	uidlist_init(u);
	u->recall = recall;
	u->recall_place = place;
}

/* ---- the hash table: open addressing, at most half full ---- */

/* Eight bytes at a time, from a start value of this process. */
static uint64_t
hash_base(const struct uidlist *u, const char *base, size_t length)
{
	uint64_t h = u->seed ^ length, word;

	for (; length > 0; base += length < 8 ? length : 8, length -= length < 8 ? length : 8) {
		word = 0;
		memcpy(&word, base, length < 8 ? length : 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
	}
	return h;
}

/*
 * The slot that holds this base, or the empty one where it
 * would go.  The mark spares most looks at records.
 */
static struct uidlist_slot *
find_slot(const struct uidlist *u, struct span base, uint64_t h)
{
	size_t at = (size_t)h & (u->slots - 1);

	for (; u->slot[at].number; at = (at + 1) & (u->slots - 1)) {
		const char *there;

		if (u->slot[at].mark != (uint32_t)(h >> 32))
			continue;
		there = u->record[u->slot[at].number - 1].base;
		if (strncmp(there, base.at, base.len) == 0 && there[base.len] == '\0')
			break;
	}
	return &u->slot[at];
}

/* Hashes of up to UIDLIST_MANY bases; memory begins to fetch their slots. */
static void
hash_many(const struct uidlist *u, const struct span *base, size_t count, uint64_t *h_out)
{
	for (size_t i = 0; i < count; i++) {
		h_out[i] = hash_base(u, base[i].at, base[i].len);
		__builtin_prefetch(&u->slot[(size_t)h_out[i] & (u->slots - 1)]);
	}
}

/*
 * Records [from, to) that have a UID.  A base that comes again is found as the last of them;
 * drop: the others lose their UIDs.  True: there were such.
 */
static bool
enter_many(struct uidlist *u, size_t from, size_t to, bool drop)
{
	struct span base[UIDLIST_MANY];
	uint64_t h[UIDLIST_MANY];
	bool twice = false;

	for (size_t n; from < to; from += n) {
		n = to - from < UIDLIST_MANY ? to - from : UIDLIST_MANY;
		for (size_t i = 0; i < n; i++)
			base[i] = span_of(u->record[from + i].base);
		hash_many(u, base, n, h);
		for (size_t i = 0; i < n; i++) {
			struct uidlist_slot *slot;

			if (!u->record[from + i].uid)
				continue;
			slot = find_slot(u, base[i], h[i]);
			if (slot->number && u->record[slot->number - 1].uid) {
				twice = true;
				if (drop)
					u->record[slot->number - 1].uid = 0;
			}
			*slot = (struct uidlist_slot){ (uint32_t)(from + i + 1),
				                       (uint32_t)(h[i] >> 32) };
		}
	}
	return twice;
}

/* Room for wanted records; the first count of them are entered. */
static void
build_table(struct uidlist *u, size_t wanted, size_t count)
{
	size_t slots = 64;

	while (slots < wanted * 2)
		slots *= 2;
	free(u->slot);
	u->slot = uidlist_memory(NULL, slots, sizeof(*u->slot));
	memset(u->slot, 0, slots * sizeof(*u->slot));
	u->slots = slots;
	enter_many(u, 0, count, false);
}

static size_t
find(const struct uidlist *u, struct span base, uint64_t h)
{
	uint32_t number = find_slot(u, base, h)->number;

	return number && u->record[number - 1].uid ? number - 1 : SIZE_MAX;
}

size_t
uidlist_find(const struct uidlist *u, const char *base, size_t length)
{
	return u->slots ? find(u, span_make(base, length), hash_base(u, base, length)) : SIZE_MAX;
}

void
uidlist_find_many(const struct uidlist *u, const struct span *base, size_t count,
                  size_t *number_out)
{
	uint64_t h[UIDLIST_MANY];

	if (u->slots)
		hash_many(u, base, count, h);
	for (int step = 0; u->slots && step < 2; step++) {
		for (size_t i = 0; i < count; i++) {
			uint32_t number = u->slot[(size_t)h[i] & (u->slots - 1)].number;
			const struct uidlist_record *r;

			if (!number)
				continue;
			r = &u->record[number - 1];
			__builtin_prefetch(step == 0 ? (const char *)r : r->base);
		}
	}
	for (size_t i = 0; i < count; i++)
		number_out[i] = u->slots ? find(u, base[i], h[i]) : SIZE_MAX;
}

size_t
uidlist_place(const struct uidlist_record *record, size_t count, uint32_t uid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (record[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
uidlist_at_or_behind(const struct uidlist *u, uint32_t uid)
{
	return uidlist_place(u->record, u->count, uid);
}

size_t
uidlist_find_uid(const struct uidlist *u, uint32_t uid)
{
	size_t at = uidlist_at_or_behind(u, uid);

	return at < u->count && u->record[at].uid == uid ? at : SIZE_MAX;
}

void
uidlist_push(struct uidlist *u, struct uidlist_record r)
{
	if (u->count == u->room) {
		u->room = u->room ? u->room * 2 : 64;
		u->record = uidlist_memory(u->record, u->room, sizeof(*u->record));
	}
	u->record[u->count++] = r;
}

/* Record number was pushed last: make it findable. */
void
uidlist_enter(struct uidlist *u, size_t number)
{
	if (u->count * 2 > u->slots)
		build_table(u, u->count * 2, u->count);
	enter_many(u, number, number + 1, false);
}

void
uidlist_rebuild_table(struct uidlist *u)
{
	build_table(u, u->count, u->count);
}

static void
enter_all(struct uidlist *u, size_t from)
{
	if (u->count * 2 > u->slots || from == 0)
		build_table(u, u->count, from);
	if (!enter_many(u, from, u->count, true))
		return;
	uidlist_complain(u, "dovecot-uidlist: a file has two UIDs in it");
	uidlist_compact(u);
	build_table(u, u->count, u->count);
}

/* Remember the last bytes of the file, to know it again when it has grown. */
static void
remember_tail(struct uidlist *u, struct span text)
{
	u->tail_length = text.len < sizeof(u->tail) ? text.len : sizeof(u->tail);
	memcpy(u->tail, text.at + text.len - u->tail_length, u->tail_length);
}

/* The text is cut to pieces in place, and stays as long as the list. */
static void
parse_in_place(struct uidlist *u, char *text, size_t length)
{
	char *stop = memchr(text, '\n', length);
	size_t header = stop ? (size_t)(stop - text) : length;

	remember_tail(u, span_make(text, length));
	if (!uidlist_parse_header(u, span_trim(span_make(text, header))))
		uidlist_complain(u, "dovecot-uidlist: its first line cannot be read");
	if (!stop)
		uidlist_complain(u, "dovecot-uidlist: its first line was cut off");
	else
		uidlist_parse_records(u, stop + 1, length - header - 1);
	uidlist_bring_to_order(u, 0);
	enter_all(u, 0);
	u->saved = u->count;
}

void
uidlist_parse(struct uidlist *u, struct span text)
{
	parse_in_place(u, arena_string(&u->mem, text), text.len);
}

/* ---- refreshing ---- */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return is_same_file(a, b) && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
start_anew(struct uidlist *u)
{
	unsigned generation = u->generation;

	uidlist_free(u);
	u->generation = generation + 1;
}

/* Invariants (1) and (4): hold what was read against linnet.uids, as it was before that. */
static void
hold_against_floor(struct uidlist *u, uint32_t validity, uint32_t next)
{
	if (u->uidvalidity == 0) {
		u->uidvalidity = validity;
	} else if (u->uidvalidity < validity) {
		uidlist_complain(u, "dovecot-uidlist: it is older than what was shown");
		u->above = validity;
		u->uidvalidity = 0;
	} else if (u->uidvalidity > validity) {
		return;
	}
	u->noted = next;
	if (u->next < next) {
		uidlist_complain(u, "dovecot-uidlist: it knows less UIDs than were given");
		u->next = next;
	}
}

static int
load(struct uidlist *u, int dir)
{
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	uint32_t validity = 0, next = 0;
	/* read first, it cannot know more than the uidlist */
	bool has_floor = uidlist_read_floor(dir, &validity, &next);
	int failed = file_read(dir, uidlist_name, LIMIT_UIDLIST_BYTES, &mem, &text, &st);

	failed = failed ? errno : 0;
	if (failed && failed != ENOENT && failed != EFBIG && failed != EINVAL && failed != ELOOP) {
		arena_free(&mem);
		errno = failed;
		return -1;
	}
	start_anew(u);
	u->mem = mem;
	u->is_there = !failed;
	if (!failed) {
		u->file = st;
		parse_in_place(u, (char *)text.at, text.len);
	} else {
		u->must_rewrite = true;
		if (failed != ENOENT)
			u->trouble = "dovecot-uidlist: it is no file, or far too large";
		else if (!has_floor)
			courier_read_uids(u, dir);
	}
	if (has_floor)
		hold_against_floor(u, validity, next);
	if (failed || u->trouble)
		uidlist_mend(u, dir);
	return 0;
}

/*
 * The file grew: read from before the old end, and take the new lines if the
 * old end is still what it was.  False: it has to be read whole.
 */
static bool
load_tail(struct uidlist *u, int dir, const struct stat *now)
{
	size_t old = (size_t)u->file.st_size, grown = (size_t)(now->st_size - u->file.st_size);
	size_t before = u->count, known = u->tail_length, want = known + grown;
	int fd = file_open(dir, uidlist_name, O_RDONLY | O_NONBLOCK);
	char *text = arena_alloc(&u->mem, want + 1);
	struct stat st;
	bool fits;

	if (fd < 0)
		return false;
	fits = fstat(fd, &st) == 0 && is_same_file(&st, now) &&
	       pread(fd, text, want, (off_t)(old - known)) == (ssize_t)want &&
	       memcmp(text, u->tail, known) == 0 && text[known - 1] == '\n' &&
	       text[want - 1] == '\n';
	close(fd);
	if (!fits)
		return false;
	u->file = *now;
	remember_tail(u, span_make(text, want));
	uidlist_parse_records(u, text + known, grown);
	uidlist_bring_to_order(u, before);
	enter_all(u, before);
	u->saved = u->count;
	return !u->must_rewrite;
}

int
uidlist_refresh(struct uidlist *u, int dir)
{
	struct stat now;

	if (fstatat(dir, uidlist_name, &now, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return -1;
		if (!u->is_there && u->generation > 0)
			return 0;
		return load(u, dir);
	}
	if (u->is_there && is_unchanged(&u->file, &now))
		return 0;
	if (u->is_there && u->saved == u->count && is_same_file(&u->file, &now) &&
	    now.st_size > u->file.st_size && now.st_size <= LIMIT_UIDLIST_BYTES &&
	    !u->must_rewrite && u->tail_length > 0 && load_tail(u, dir, &now))
		return 0;
	return load(u, dir);
}

void
uidlist_note(struct uidlist *u, int dir)
{
	if (u->uidvalidity == 0 || u->saved != u->count || u->noted == u->next)
		return;
	uidlist_write_floor(dir, u->uidvalidity, u->next);
	u->noted = u->next;
}

static struct span
find_field(const char *fields, char field)
{
	struct span rest = span_of(fields), word;

	while (span_split(&rest, ' ', &word))
		if (word.len > 0 && word.at[0] == field)
			return span_skip(word, 1);
	return SPAN_NONE;
}

struct span
uidlist_field(const struct uidlist_record *r, char field)
{
	return find_field(r->ext, field);
}

struct span
uidlist_header_field(const struct uidlist *u, char field)
{
	return find_field(u->header, field);
}
