/*
 * keywords.c - dovecot-keywords: which letter of a file name is which keyword
 *
 *	0 $Forwarded
 *	1 work
 *
 * (1) A letter never changes its meaning: names are added, none is removed or
 *     moved, and a letter that stands in a file name without a line here (the
 *     file was lost) is not given to another keyword (S17).
 * (2) Written under the lock of dovecot-uidlist only, as Dovecot does.
 * (3) Dovecot reads the file anew only when its mtime in seconds differs, so
 *     each writing moves it forward by one second at least.
 */
#include "common/maildir/keywords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"

static const char file_name[] = "dovecot-keywords";

void
keywords_init(struct keywords *k)
{
	memset(k, 0, sizeof(*k));
	k->other = span_make("", 0);
}

void
keywords_free(struct keywords *k)
{
	arena_free(&k->mem);
	keywords_init(k);
}

bool
keywords_is_name(struct span name)
{
	if (name.len == 0 || name.len > LIMIT_KEYWORD)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] <= ' ' || name.at[i] == 0x7f ||
		    strchr("(){%*\"\\]", name.at[i]))
			return false;
	return true;
}

/* "NUMBER NAME"; numbers from 26 on and everything else are kept for who understands them. */
static bool
parse_line(struct keywords *k, struct span line)
{
	uint64_t n;

	if (!number_take(&line, LIMIT_KEYWORDS - 1, &n) || line.len < 2 || line.at[0] != ' ')
		return false;
	line = span_skip(line, 1);
	if (!keywords_is_name(line) || k->name[n])
		return false;
	k->name[n] = arena_string(&k->mem, line);
	return true;
}

void
keywords_parse(struct keywords *k, struct span text)
{
	struct buf other = BUF_EMPTY;
	struct span line;

	while (span_split(&text, '\n', &line)) {
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || parse_line(k, line))
			continue;
		buf_span(&other, line);
		buf_byte(&other, '\n');
	}
	k->other = arena_copy(&k->mem, buf_view(&other));
	buf_free(&other);
}

static void
start_anew(struct keywords *k)
{
	unsigned generation = k->generation;

	keywords_free(k);
	k->generation = generation + 1;
}

int
keywords_refresh(struct keywords *k, int dir)
{
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	int failed = 0;

	if (fstatat(dir, file_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return -1;
		if (k->is_there || k->is_new)
			start_anew(k);
		return 0;
	}
	if (k->is_there && !k->is_new && st.st_ino == k->file.st_ino &&
	    st.st_dev == k->file.st_dev && st.st_size == k->file.st_size &&
	    st.st_mtim.tv_sec == k->file.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == k->file.st_mtim.tv_nsec)
		return 0;
	if (file_read(dir, file_name, LIMIT_KEYWORDS_BYTES, &mem, &text, &st) != 0)
		failed = errno;
	if (failed && failed != EFBIG && failed != EINVAL && failed != ELOOP) {
		arena_free(&mem);
		errno = failed;
		return -1;
	}
	start_anew(k);
	k->is_there = true;
	k->file = st;
	if (failed)
		k->trouble = "dovecot-keywords is no file, or far too large";
	else
		keywords_parse(k, text);
	arena_free(&mem);
	return 0;
}

int
keywords_find(const struct keywords *k, const char *name)
{
	for (int n = 0; n < LIMIT_KEYWORDS; n++)
		if (k->name[n] && span_is_nocase(span_of(name), k->name[n]))
			return n;
	return -1;
}

int
keywords_add(struct keywords *k, const char *name, uint32_t taken)
{
	int n = keywords_find(k, name);

	if (n >= 0)
		return n;
	for (n = 0; n < LIMIT_KEYWORDS; n++) {
		if (k->name[n] || taken & 1U << n)
			continue;
		k->name[n] = arena_string(&k->mem, span_of(name));
		k->is_new = true;
		k->generation++;
		return n;
	}
	errno = EMLINK;
	return -1;
}

/* Invariant (3). */
static void
move_mtime(struct stat *st, int dir, time_t before)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { before + 1, 0 } };

	if (st->st_mtime <= before && utimensat(dir, file_name, times, AT_SYMLINK_NOFOLLOW) == 0)
		fstatat(dir, file_name, st, AT_SYMLINK_NOFOLLOW);
}

int
keywords_save(struct keywords *k, int dir, bool sync)
{
	time_t before = k->is_there ? k->file.st_mtime : 0;
	struct buf text = BUF_EMPTY;
	struct stat st;
	int failed;

	if (!k->is_new)
		return 0;
	for (unsigned n = 0; n < LIMIT_KEYWORDS; n++)
		if (k->name[n])
			buf_printf(&text, "%u %s\n", n, k->name[n]);
	buf_span(&text, k->other);
	failed = file_replace(dir, file_name, buf_view(&text), sync, &st);
	buf_free(&text);
	if (failed)
		return -1;
	move_mtime(&st, dir, before);
	k->file = st;
	k->is_there = true;
	k->is_new = false;
	return 0;
}
