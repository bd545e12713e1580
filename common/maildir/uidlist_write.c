/* uidlist_write.c - dovecot-uidlist: changing it under its lock (invariants: uidlist.c) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"
#include "common/maildir/uidlist_file.h"
#include "common/maildir/uidvalidity.h"
#include "common/maildir/unique.h"

const char uidlist_name[] = "dovecot-uidlist";
static const char floor_name[] = "linnet.uids";

void *
uidlist_memory(void *old, size_t count, size_t size)
{
	void *got = count < SIZE_MAX / 2 / size ? realloc(old, count * size) : NULL;

	if (!got)
		die("out of memory: %zu elements of %zu bytes", count, size);
	return got;
}

int
uidlist_lock(int dir, int seconds, struct dotlock *lock_out)
{
	return dotlock_take(lock_out, dir, uidlist_name, seconds);
}

void
uidlist_note_owner(int dir)
{
	dotlock_note_owner(dir, uidlist_name);
}

/* ---- linnet.uids: "V1795294406 N0000000007 CHECKSUM\n", always of the same length ---- */

static uint32_t
checksum(const char *text, size_t n)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619U;
	return h;
}

static void
print_floor(char text[64], uint32_t uidvalidity, uint32_t next)
{
	int n = snprintf(text, 64, "V%010lu N%010lu ", (unsigned long)uidvalidity,
	                 (unsigned long)next);

	snprintf(text + n, 64 - (size_t)n, "%08lx\n", (unsigned long)checksum(text, (size_t)n));
}

bool
uidlist_read_floor(int dir, uint32_t *uidvalidity_out, uint32_t *next_out)
{
	struct arena mem = ARENA_EMPTY;
	uint64_t validity = 0, next = 0;
	struct span text, s;
	char wanted[64];
	struct stat st;
	bool good = file_read(dir, floor_name, 128, &mem, &text, &st) == 0;

	if (good) {
		s = span_skip(text, 1);
		good = number_take(&s, UINT32_MAX, &validity) && span_starts(s, " N");
		s = span_skip(s, 2);
		good = good && number_take(&s, UINT32_MAX, &next);
	}
	if (good) {
		print_floor(wanted, (uint32_t)validity, (uint32_t)next);
		good = span_is(text, wanted) && validity > 0 && next > 0;
	}
	arena_free(&mem);
	if (good) {
		*uidvalidity_out = (uint32_t)validity;
		*next_out = (uint32_t)next;
	}
	return good;
}

void
uidlist_write_floor(int dir, uint32_t uidvalidity, uint32_t next)
{
	char text[64];
	int fd = file_open(dir, floor_name, O_WRONLY | O_CREAT);

	if (fd < 0)
		return;
	print_floor(text, uidvalidity, next);
	if (pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		errno = 0; /* the checksum tells a half written one */
	close(fd);
}

/* ---- changes in memory ---- */

uint32_t
uidlist_add(struct uidlist *u, struct span base, struct span ext)
{
	struct uidlist_record r;

	if (u->next >= UINT32_MAX - 1) {
		errno = EOVERFLOW;
		return 0;
	}
	r.uid = u->next++;
	r.base = arena_string(&u->mem, base);
	r.ext = ext.len ? arena_string(&u->mem, ext) : "";
	uidlist_push(u, r);
	uidlist_enter(u, u->count - 1);
	return r.uid;
}

bool
uidlist_adopt(struct uidlist *u, int dir, uint32_t uidvalidity, uint32_t next)
{
	unsigned generation = u->generation;
	struct stat st;

	if (uidvalidity == 0 || next == 0 || next > UINT32_MAX / 2 ||
	    fstatat(dir, uidlist_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	uidlist_free(u);
	u->generation = generation + 1;
	u->uidvalidity = uidvalidity;
	u->next = next;
	u->file = st;
	u->is_there = true;
	return true;
}

void
uidlist_drop(struct uidlist *u, size_t number)
{
	u->record[number].uid = 0;
	u->must_rewrite = true;
}

void
uidlist_rename(struct uidlist *u, size_t number, struct span base)
{
	u->record[number].base = arena_string(&u->mem, base);
	u->must_rewrite = true;
	uidlist_rebuild_table(u);
}

void
uidlist_set_field(struct uidlist *u, size_t number, char field, uint64_t value)
{
	struct span rest = span_of(u->record[number].ext), word;
	struct buf out = BUF_EMPTY;

	while (span_split(&rest, ' ', &word))
		if (word.len > 0 && word.at[0] != field)
			buf_printf(&out, "%.*s ", (int)word.len, word.at);
	buf_byte(&out, field);
	buf_number(&out, value);
	u->record[number].ext = arena_string(&u->mem, buf_view(&out));
	u->must_rewrite = true;
	buf_free(&out);
}

void
uidlist_renumber(struct uidlist *u)
{
	u->next = 1;
	for (size_t i = 0; i < u->count; i++)
		if (u->record[i].uid)
			u->record[i].uid = u->next++;
	if (u->uidvalidity > u->above)
		u->above = u->uidvalidity;
	u->uidvalidity = 0;
	u->must_rewrite = true;
}

/* ---- saving ---- */

static void
print_record(const struct uidlist_record *r, struct buf *out)
{
	buf_number(out, r->uid);
	buf_byte(out, ' ');
	if (r->ext[0]) {
		buf_str(out, r->ext);
		buf_byte(out, ' ');
	}
	buf_byte(out, ':');
	buf_str(out, r->base);
	buf_byte(out, '\n');
}

static void
remember_file(struct uidlist *u, const struct stat *st, const struct buf *written)
{
	size_t n = written->len < sizeof(u->tail) ? written->len : sizeof(u->tail);

	u->file = *st;
	memcpy(u->tail, written->data + written->len - n, n);
	u->tail_length = n;
	u->is_there = true;
	u->must_rewrite = false;
	u->saved = u->count;
}

/* Invariant (5).  What is no file (a symlink in its place) was not read, and may be replaced. */
static bool
is_as_read(const struct uidlist *u, int dir)
{
	struct stat now;

	if (!u->is_there || fstatat(dir, uidlist_name, &now, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	return now.st_ino == u->file.st_ino && now.st_size == u->file.st_size &&
	       now.st_mtim.tv_sec == u->file.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == u->file.st_mtim.tv_nsec;
}

/* A folder in its place cannot be renamed over: it is kept under another name (W04). */
static int
replace(int dir, struct span text, bool sync, struct stat *st_out)
{
	struct buf aside = BUF_EMPTY;
	int failed = file_replace(dir, uidlist_name, text, sync, st_out);

	if (failed && (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)) {
		buf_str(&aside, "linnet.odd.");
		unique_name(&aside);
		failed = renameat(dir, uidlist_name, dir, aside.data);
		if (failed == 0)
			failed = file_replace(dir, uidlist_name, text, sync, st_out);
		buf_free(&aside);
	}
	return failed;
}

static int
rewrite(struct uidlist *u, int dir, int root, bool sync)
{
	struct buf text = BUF_EMPTY;
	struct stat st;
	size_t kept = 0;
	int failed;

	if (!is_as_read(u, dir)) {
		errno = EBUSY;
		return -1;
	}
	if (u->uidvalidity == 0)
		u->uidvalidity = uidvalidity_next(root, u->above);
	buf_printf(&text, "3 V%lu N%lu", (unsigned long)u->uidvalidity, (unsigned long)u->next);
	if (!u->header[0]) {
		struct buf guid = BUF_EMPTY;

		buf_byte(&guid, 'G');
		unique_guid(&guid);
		u->header = arena_string(&u->mem, buf_view(&guid));
		buf_free(&guid);
	}
	buf_printf(&text, " %s\n", u->header);
	for (size_t i = 0; i < u->count; i++)
		if (u->record[i].uid)
			print_record(&u->record[i], &text);
	failed = replace(dir, buf_view(&text), sync, &st);
	if (failed == 0) {
		for (size_t i = 0; i < u->count; i++)
			if (u->record[i].uid)
				u->record[kept++] = u->record[i];
		if (kept != u->count)
			u->generation++;
		u->count = kept;
		uidlist_rebuild_table(u);
		remember_file(u, &st, &text);
	}
	buf_free(&text);
	return failed;
}

/* Invariant (2): whole lines, fsynced; a write that fails is taken back. */
static int
append(struct uidlist *u, int dir, bool sync)
{
	int fd = file_open(dir, uidlist_name, O_WRONLY | O_APPEND);
	struct buf text = BUF_EMPTY;
	struct stat st;
	int failed = 0;

	if (fd < 0)
		return -1;
	for (size_t i = u->saved; i < u->count; i++)
		print_record(&u->record[i], &text);
	if (fstat(fd, &st) != 0 || st.st_ino != u->file.st_ino || st.st_size != u->file.st_size)
		failed = EBUSY; /* somebody writes without the lock */
	else if (file_write(fd, text.data, text.len) != 0 || dir_sync(fd, sync) != 0 ||
	         fstat(fd, &st) != 0)
		failed = errno;
	if (failed && failed != EBUSY && ftruncate(fd, u->file.st_size) != 0)
		u->must_rewrite = true; /* the next save replaces the file */
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (!failed)
		remember_file(u, &st, &text);
	buf_free(&text);
	errno = failed;
	return failed ? -1 : 0;
}

/* What was added or dropped in memory only must not be taken for the file's content. */
static void
forget(struct uidlist *u)
{
	int saved = errno;
	unsigned generation = u->generation;

	uidlist_free(u);
	u->generation = generation + 1;
	u->is_there = true; /* whatever the stat says next, it is read anew */
	errno = saved;
}

int
uidlist_save(struct uidlist *u, int dir, int root, bool sync)
{
	bool whole = u->must_rewrite || !u->is_there || u->uidvalidity == 0;
	int failed;

	if (!whole && u->saved == u->count)
		return 0;
	failed = whole ? rewrite(u, dir, root, sync) : append(u, dir, sync);
	if (failed) {
		forget(u);
		return -1;
	}
	uidlist_note(u, dir);
	return 0;
}
