/*
 * intent.c - several messages enter a folder all together: what says so while they do
 *
 * linnet.intent in the folder that messages enter:
 *
 *	linnet intent 1 LF                                  "linnet links 1": links, not renames
 *	FOLDER NUL PART NUL NAME NUL PART NUL NAME NUL      for each message: from where, to where
 *	0000000100 0123456789abcdef LF                      how many, and the sum of all before
 *
 * Names may hold any byte but NUL and '/', so nothing else can stand between them.
 *
 * (1) Written, and done away with, only under the lock of the folder's uidlist.
 * (2) It appears whole, by rename after fsync.  Before it nothing was renamed or linked.
 * (3) It is a file in a Maildir, so it is input: it names nothing but messages
 *     of this user's mailboxes, and no name leads out of them.
 *
 * Renames (APPEND, MOVE), which a kill cut short, are finished:
 *
 * (4) The uidlist with the new UIDs was written before.  From the moment that the intent is
 *     there the messages are in.
 * (5) Doing it again changes nothing: a source that is gone was renamed
 *     already, a target that is there stays as it is.
 * (6) It is removed after the renames were fsynced.  That it is gone is not
 *     fsynced: by (5) it may come back after a power cut.
 * (7) When the renames fail, all are taken back before it is removed.
 *
 * A source that another program renamed between a kill and the next opening
 * stays where it is: MOVE then has moved the others.  No message is lost by that.
 * So does what lies on another file system: it was never renamed, MOVE goes on to copy it.
 *
 * Links (COPY), which a kill cut short, are taken back:
 *
 * (8) Links first, then their UIDs in the uidlist, both fsynced; then the intent goes, and that
 *     is fsynced before the COPY is answered.
 * (9) Where no link has a UID, nobody was told of one: all are removed.  They are known by their
 *     base names, which are new ones.  What has become the only link of its file stays: whoever
 *     removed the original had seen the copy.
 * (10) Where one has a UID, all are in already, or Dovecot came first and shows some: then those
 *      that are missing are linked, too, as far as their sources are where they were.
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
static const char of_renames[] = "linnet intent 1\n", of_links[] = "linnet links 1\n";
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
		buf_str(&i->text, i->is_links ? of_links : of_renames);
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

/* (3) */
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
intent_is_of_links(struct span text)
{
	return span_starts(text, of_links);
}

/* The entries between header and trailer; false: it is damaged. */
static bool
find_body(struct span text, struct span *body_out)
{
	const char *folder_before = "", *header = intent_is_of_links(text) ? of_links : of_renames;
	char trailer[TRAILER_BYTES + 1];
	struct intent_entry e;
	struct span body, rest;
	size_t count = 0;

	if (!span_starts(text, header) || text.len < strlen(header) + TRAILER_BYTES)
		return false;
	body = span_make(text.at, text.len - TRAILER_BYTES);
	*body_out = span_skip(body, strlen(header));
	for (rest = *body_out; rest.len > 0; count++) {
		if (!take_entry(&rest, &e) || !is_sound(&e, folder_before))
			return false;
		folder_before = e.from_folder;
	}
	print_trailer(trailer, body, count);
	return span_is(span_skip(text, body.len), trailer);
}

bool
intent_parse(struct span text, bool (*visit)(void *context, const struct intent_entry *e),
             void *context)
{
	struct intent_entry e;
	struct span rest;

	if (!find_body(text, &rest))
		return false;
	while (take_entry(&rest, &e))
		if (!visit(context, &e))
			break;
	return true;
}

/* What is no file, or not whole, was never an intent (2): it promises nothing. */
static bool
is_no_intent(int error)
{
	return error == ELOOP || error == EINVAL || error == EFBIG;
}

int
intent_read(int folder, struct arena *mem, struct span *text_out)
{
	struct stat st;

	*text_out = SPAN_NONE;
	if (file_read(folder, file_name, LIMIT_INTENT_BYTES, mem, text_out, &st) == 0)
		return 0;
	if (is_no_intent(errno)) {
		intent_clear(folder);
		return 0;
	}
	return errno == ENOENT || errno == ENXIO ? 0 : -1;
}
