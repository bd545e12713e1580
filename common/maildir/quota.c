/*
 * quota.c - how much mail a user has, how much there may be: maildirsize
 *
 *	1073741824S,10000C     the limits: bytes, messages; a limit that is none is left out
 *	52340 17               what was counted: bytes, messages
 *	2048 1                 what came since
 *	-2048 -1               what left
 *
 * The Maildir++ rules, which Dovecot, Courier, maildrop and Postfix keep, too:
 *
 * (1) Changes are appended, each by one write() with O_APPEND, without a lock.
 * (2) A file of more than 5120 bytes, without a good first line, with limits
 *     that are not ours, with a line that is none or a sum below zero is counted
 *     anew (W11).  So is one that says "over quota" before that is believed, unless
 *     it holds nothing but a count less than 15 minutes old.
 * (3) A count is written beside it and renamed over it.  When the file changed
 *     while we counted, we count again; what is appended in the moment before the
 *     rename is lost, and found by the next count.
 * (4) A file that is not there is not made by a change: what was there before is not known.
 */
#include "common/maildir/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/name.h"
#include "common/maildir/store_inside.h"

static const char file_name[] = "maildirsize";
enum { FRESH_SECONDS = 15 * 60, COUNTS_MOST = 3 };

/* ---- reading ---- */

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = span_skip(s, 1);
	return s;
}

/* limits = limit *("," limit); limit = number ("S" / "C") */
static bool
parse_limits(struct span line, struct quota_amounts *limits)
{
	struct span one;
	uint64_t n;

	while (span_split(&line, ',', &one)) {
		one = span_trim(one);
		if (!number_take(&one, INT64_MAX, &n) || one.len != 1)
			return false;
		if (one.at[0] == 'S')
			limits->bytes = n;
		else if (one.at[0] == 'C')
			limits->messages = n;
		else
			return false;
	}
	return true;
}

static bool
take_signed(struct span *s, int64_t *n_out)
{
	bool is_negative;
	uint64_t n;

	*s = skip_blanks(*s);
	is_negative = s->len > 0 && s->at[0] == '-';
	if (is_negative)
		*s = span_skip(*s, 1);
	if (!number_take(s, INT64_MAX / LIMIT_QUOTA_BYTES, &n))
		return false;
	*n_out = is_negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* change = number SP number */
static bool
add_change(struct span line, int64_t *bytes, int64_t *messages)
{
	int64_t b, m;

	if (!take_signed(&line, &b) || !take_signed(&line, &m) || span_trim(line).len > 0)
		return false;
	*bytes += b;
	*messages += m;
	return true;
}

/* (2); each sum is of less than LIMIT_QUOTA_BYTES numbers, so it cannot overflow. */
bool
quota_parse(struct span text, struct quota_file *file_out)
{
	struct quota_file f = { { 0, 0 }, { 0, 0 }, 0 };
	int64_t bytes = 0, messages = 0;
	struct span line;

	if (text.len == 0 || text.len > LIMIT_QUOTA_BYTES || text.at[text.len - 1] != '\n' ||
	    span_find(text, '\0'))
		return false;
	text.len--;
	span_split(&text, '\n', &line);
	if (!parse_limits(line, &f.limits))
		return false;
	for (; span_split(&text, '\n', &line); f.lines++)
		if (!add_change(line, &bytes, &messages))
			return false;
	if (f.lines == 0 || bytes < 0 || messages < 0)
		return false;
	f.use = (struct quota_amounts){ (uint64_t)bytes, (uint64_t)messages };
	*file_out = f;
	return true;
}

/* False: it has to be counted. */
static bool
read_file(const struct store *s, struct quota_file *f, struct stat *st)
{
	struct arena mem = ARENA_EMPTY;
	struct quota_amounts limits;
	struct span text;
	bool good;

	quota_limits(s, NULL, &limits);
	good = file_read(s->root, file_name, LIMIT_QUOTA_BYTES, &mem, &text, st) == 0 &&
	       quota_parse(text, f) && f->limits.bytes == limits.bytes &&
	       f->limits.messages == limits.messages;
	arena_free(&mem);
	return good;
}

/* ---- counting ---- */

uint64_t
quota_size_of(int dir, const char *name)
{
	struct stat st;
	uint64_t n;

	if (filename_size(name, 'S', &n))
		return n;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
}

static int
add_part(int folder, const char *part, struct quota_amounts *use)
{
	DIR *dir = dir_list(folder, part);
	struct dirent *e;
	int failed;

	if (!dir)
		return errno == ENOENT ? 0 : -1;
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0) {
		if (e->d_name[0] == '.' || (e->d_type != DT_REG && e->d_type != DT_UNKNOWN))
			continue;
		use->bytes += quota_size_of(dirfd(dir), e->d_name);
		use->messages++;
	}
	failed = errno;
	closedir(dir);
	errno = failed;
	return failed ? -1 : 0;
}

int
quota_add_folder(int fd, struct quota_amounts *use)
{
	return add_part(fd, "new", use) == 0 ? add_part(fd, "cur", use) : -1;
}

static int
add_mailbox(struct store *s, const char *name, struct quota_amounts *use)
{
	int fd, failed;

	if (!quota_counts(s, name))
		return 0;
	fd = store_open_folder(s, name);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	failed = quota_add_folder(fd, use);
	close(fd);
	return failed;
}

static int
count_all(struct store *s, struct quota_amounts *use_out)
{
	struct quota_amounts use = { 0, 0 };
	struct arena mem = ARENA_EMPTY;
	const char **names;
	size_t count;
	int failed = store_names(s, &mem, &names, &count);

	if (failed == 0)
		failed = add_mailbox(s, "INBOX", &use);
	for (size_t i = 0; failed == 0 && i < count; i++)
		failed = add_mailbox(s, names[i], &use);
	if (failed == 0)
		*use_out = use;
	arena_free(&mem);
	return failed;
}

static void
print_limits(const struct quota_amounts *limits, struct buf *out)
{
	if (limits->bytes)
		buf_printf(out, "%lluS", (unsigned long long)limits->bytes);
	if (limits->messages)
		buf_printf(out, "%s%lluC", out->len ? "," : "",
		           (unsigned long long)limits->messages);
	if (out->len == 0)
		buf_str(out, "0S");
}

/* As one that had no file before: what is there then. */
static void
look_at_file(const struct store *s, struct stat *st)
{
	if (fstatat(s->root, file_name, st, AT_SYMLINK_NOFOLLOW) != 0)
		memset(st, 0, sizeof(*st));
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size;
}

/* (3).  Where it cannot be written (full disk) the count is as good. */
static int
count_anew(struct store *s, struct quota_amounts *use_out)
{
	struct quota_amounts limits;
	struct buf text = BUF_EMPTY;
	struct stat before, now;

	for (int i = 0; i < COUNTS_MOST; i++) {
		look_at_file(s, &before);
		if (count_all(s, use_out) != 0)
			return -1;
		look_at_file(s, &now);
		if (is_same(&before, &now))
			break;
	}
	quota_limits(s, NULL, &limits);
	print_limits(&limits, &text);
	buf_printf(&text, "\n%llu %llu\n", (unsigned long long)use_out->bytes,
	           (unsigned long long)use_out->messages);
	file_replace(s->root, file_name, buf_view(&text), false, &now);
	buf_free(&text);
	return 0;
}

/* ---- asking ---- */

int
quota_use(struct store *s, struct quota_amounts *use_out)
{
	struct quota_file f;
	struct stat st;

	if (!read_file(s, &f, &st))
		return count_anew(s, use_out);
	*use_out = f.use;
	return 0;
}

static bool
has_room(const struct quota_amounts *use, const struct quota_amounts *limits, uint64_t bytes,
         uint64_t messages)
{
	return (!limits->bytes ||
	        (use->bytes <= limits->bytes && bytes <= limits->bytes - use->bytes)) &&
	       (!limits->messages || (use->messages <= limits->messages &&
	                              messages <= limits->messages - use->messages));
}

int
quota_allow(struct store *s, const char *mailbox, uint64_t bytes, uint64_t messages)
{
	struct quota_amounts limits, use;
	struct quota_file f;
	struct stat st;
	bool is_fresh;

	if (!quota_counts(s, mailbox) || !s->quota->is_enforced)
		return 0;
	quota_limits(s, mailbox, &limits);
	if (!limits.bytes && !limits.messages)
		return 0;
	is_fresh = read_file(s, &f, &st);
	if (is_fresh && has_room(&f.use, &limits, bytes, messages))
		return 0;
	use = f.use;
	is_fresh = is_fresh && f.lines == 1 && time(NULL) - st.st_mtime < FRESH_SECONDS;
	if (!is_fresh && count_anew(s, &use) != 0)
		return 0;
	if (has_room(&use, &limits, bytes, messages))
		return 0;
	errno = EDQUOT;
	return -1;
}

/* ---- telling ---- */

/* False: what stands there now is not true. */
static bool
append_line(const struct store *s, int64_t bytes, int64_t messages)
{
	/* (1), (4); a FIFO in its place makes nobody wait */
	int fd = file_open(s->root, file_name, O_WRONLY | O_APPEND | O_NONBLOCK);
	char line[64];
	bool done;

	if (fd < 0)
		return errno == ENOENT;
	snprintf(line, sizeof(line), "%lld %lld\n", (long long)bytes, (long long)messages);
	done = write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	close(fd);
	return done;
}

void
quota_change(struct store *s, int64_t bytes, int64_t messages)
{
	int saved = errno;

	if (s->quota && (bytes || messages) && !append_line(s, bytes, messages))
		quota_forget(s);
	errno = saved;
}

void
quota_forget(struct store *s)
{
	int saved = errno;

	if (s->quota)
		unlinkat(s->root, file_name, 0);
	errno = saved;
}
