/*
 * intent.c - several messages enter a folder all together: what a kill cut short is finished
 *
 * linnet.intent in the folder that messages enter:
 *
 *	linnet intent 1 LF
 *	FOLDER NUL PART NUL NAME NUL PART NUL NAME NUL      for each message: from where, to where
 *	0000000100 0123456789abcdef LF                      how many, and the sum of all before
 *
 * Names may hold any byte but NUL and '/', so nothing else can stand between them.
 *
 * (1) Written, and done away with, only under the lock of the folder's
 *     uidlist, after the uidlist with the new UIDs was written.
 * (2) It appears whole, by rename after fsync: from that moment on the
 *     messages are in.  Before it nothing was renamed; so all are in or none is.
 * (3) Doing it again changes nothing: a source that is gone was renamed
 *     already, a target that is there stays as it is.
 * (4) It is removed after the renames were fsynced.  That it is gone is not
 *     fsynced: by (3) it may come back after a power cut.
 * (5) When the renames fail, all are taken back before it is removed.
 * (6) It is a file in a Maildir, so it is input: it names nothing but messages
 *     of this user's mailboxes, and no name leads out of them.
 *
 * A source that another program renamed between a kill and the next opening
 * stays where it is: MOVE then has moved the others.  No message is lost by that.
 * So does what lies on another file system: it was never renamed, MOVE goes on to copy it.
 */
#include "common/maildir/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/limits.h"
#include "common/base/span.h"
#include "common/maildir/dir.h"
#include "common/maildir/name.h"

static const char file_name[] = "linnet.intent";
static const char header[] = "linnet intent 1\n";
enum { TRAILER_BYTES = 10 + 1 + 16 + 1, FIELDS = 5 };

void
intent_free(struct intent *i)
{
	buf_free(&i->text);
	i->count = 0;
}

static uint64_t
sum_of(struct span text)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.at[i]) * 1099511628211ULL;
	return h;
}

static void
print_trailer(char out[TRAILER_BYTES + 1], struct span text, size_t count)
{
	snprintf(out, TRAILER_BYTES + 1, "%010lu %016llx\n", (unsigned long)(uint32_t)count,
	         (unsigned long long)sum_of(text));
}

/* ---- writing ---- */

void
intent_add(struct intent *i, const char *from_folder, const char *from_part, const char *from,
           const char *to_part, const char *to)
{
	const char *const field[FIELDS] = { from_folder, from_part, from, to_part, to };

	if (i->count == 0)
		buf_str(&i->text, header);
	for (size_t n = 0; n < FIELDS; n++)
		buf_add(&i->text, field[n], strlen(field[n]) + 1);
	i->count++;
}

int
intent_write(const struct intent *i, int folder, bool sync)
{
	struct buf text = BUF_EMPTY;
	char trailer[TRAILER_BYTES + 1];
	struct stat st;
	int failed;

	if (i->text.len + TRAILER_BYTES > LIMIT_INTENT_BYTES) {
		errno = EFBIG;
		return -1;
	}
	print_trailer(trailer, buf_view(&i->text), i->count);
	buf_span(&text, buf_view(&i->text));
	buf_str(&text, trailer);
	failed = file_replace(folder, file_name, buf_view(&text), sync, &st);
	buf_free(&text);
	if (failed)
		intent_clear(folder);
	return failed;
}

void
intent_clear(int folder)
{
	int saved = errno;

	unlinkat(folder, file_name, 0);
	errno = saved;
}

bool
intent_is_there(int folder)
{
	struct stat st;

	return fstatat(folder, file_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- reading ---- */

static bool
is_part(const char *part, bool may_be_tmp)
{
	return strcmp(part, "cur") == 0 || strcmp(part, "new") == 0 ||
	       (may_be_tmp && strcmp(part, "tmp") == 0);
}

static bool
is_file_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

static bool
is_folder_name(const char *name)
{
	struct arena mem = ARENA_EMPTY;
	bool is = name_from_dir(name, &mem) != NULL;

	arena_free(&mem);
	return is;
}

/* (6) */
static bool
is_sound(const struct intent_entry *e, const char *folder_before)
{
	bool is_own = !e->from_folder[0];

	if (!is_own && strcmp(e->from_folder, folder_before) != 0 &&
	    !is_folder_name(e->from_folder))
		return false;
	return is_part(e->from_part, is_own) && is_file_name(e->from) &&
	       is_part(e->to_part, false) && is_file_name(e->to);
}

/* The next string that ends in NUL; NULL: there is none. */
static const char *
take_string(struct span *rest)
{
	const char *start = rest->at, *end = rest->len > 0 ? memchr(start, '\0', rest->len) : NULL;

	if (end)
		*rest = span_skip(*rest, (size_t)(end - start) + 1);
	return end ? start : NULL;
}

static bool
take_entry(struct span *rest, struct intent_entry *e_out)
{
	const char *field[FIELDS];

	for (size_t n = 0; n < FIELDS; n++) {
		field[n] = take_string(rest);
		if (!field[n])
			return false;
	}
	*e_out = (struct intent_entry){ field[0], field[1], field[2], field[3], field[4] };
	return true;
}

bool
intent_parse(struct span text, bool (*visit)(void *context, const struct intent_entry *e),
             void *context)
{
	char trailer[TRAILER_BYTES + 1];
	const char *folder_before = "";
	struct intent_entry e;
	struct span body, rest;
	size_t count = 0;

	if (!span_starts(text, header) || text.len < sizeof(header) - 1 + TRAILER_BYTES)
		return false;
	body = span_make(text.at, text.len - TRAILER_BYTES);
	for (rest = span_skip(body, sizeof(header) - 1); rest.len > 0; count++) {
		if (!take_entry(&rest, &e) || !is_sound(&e, folder_before))
			return false;
		folder_before = e.from_folder;
	}
	print_trailer(trailer, body, count);
	if (!span_is(span_skip(text, body.len), trailer))
		return false;
	for (rest = span_skip(body, sizeof(header) - 1); take_entry(&rest, &e);)
		if (!visit(context, &e))
			break;
	return true;
}

/* ---- finishing ---- */

struct finish {
	int         folder, root;
	int         source, target; /* directories, as last used */
	const char *source_folder, *source_part, *target_part;
	bool        in_cur, in_new;
	int         failed;
};

static void
close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Entries of one source stand together, so the directories are mostly open already. */
static void
open_source(struct finish *f, const struct intent_entry *e)
{
	int folder;

	if (f->source_part && strcmp(f->source_folder, e->from_folder) == 0 &&
	    strcmp(f->source_part, e->from_part) == 0)
		return;
	close_if_open(&f->source);
	folder = e->from_folder[0] ? dir_open(f->root, e->from_folder) : dir_open(f->folder, ".");
	f->source = folder >= 0 ? dir_open(folder, e->from_part) : -1;
	close_if_open(&folder);
	f->source_folder = e->from_folder;
	f->source_part = e->from_part;
}

static void
open_target(struct finish *f, const struct intent_entry *e)
{
	if (f->target_part && strcmp(f->target_part, e->to_part) == 0)
		return;
	close_if_open(&f->target);
	f->target = dir_open(f->folder, e->to_part);
	f->target_part = e->to_part;
}

/* (3) */
static bool
finish_one(void *context, const struct intent_entry *e)
{
	struct finish *f = context;
	struct stat st;

	open_source(f, e);
	if (f->source < 0 || fstatat(f->source, e->from, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode))
		return true;
	open_target(f, e);
	if (f->target >= 0 && fstatat(f->target, e->to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	if (f->target < 0 || renameat(f->source, e->from, f->target, e->to) != 0) {
		f->failed = errno == ENOENT || errno == EXDEV ? 0 : errno;
		return !f->failed;
	}
	f->in_cur |= e->to_part[0] == 'c';
	f->in_new |= e->to_part[0] == 'n';
	return true;
}

static int
sync_part(int folder, const char *part, bool sync)
{
	int fd = dir_open(folder, part), failed;

	if (fd < 0)
		return -1;
	failed = dir_sync(fd, sync);
	close(fd);
	return failed;
}

static int
finish_text(struct finish *f, struct span text, bool sync)
{
	intent_parse(text, finish_one, f);
	close_if_open(&f->source);
	close_if_open(&f->target);
	if (!f->failed && ((f->in_cur && sync_part(f->folder, "cur", sync) != 0) ||
	                   (f->in_new && sync_part(f->folder, "new", sync) != 0)))
		f->failed = errno;
	if (!f->failed)
		intent_clear(f->folder);
	errno = f->failed;
	return f->failed ? -1 : 0;
}

/* What is no file, or not whole, was never an intent (2): it promises nothing. */
static bool
is_no_intent(int error)
{
	return error == ELOOP || error == EINVAL || error == EFBIG;
}

int
intent_finish(int folder, int root, bool sync)
{
	struct finish f = { .folder = folder, .root = root, .source = -1, .target = -1 };
	struct arena mem = ARENA_EMPTY;
	struct span text = SPAN_NONE;
	struct stat st;
	int failed, saved;

	failed = file_read(folder, file_name, LIMIT_INTENT_BYTES, &mem, &text, &st);
	if (failed == 0)
		failed = finish_text(&f, text, sync);
	else if (errno == ENOENT || errno == ENXIO)
		failed = 0;
	else if (is_no_intent(errno)) {
		intent_clear(folder);
		failed = 0;
	}
	saved = errno;
	arena_free(&mem);
	errno = saved;
	return failed;
}
