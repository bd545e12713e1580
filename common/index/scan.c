/* scan.c - one pass over new/ and cur/, held against the uidlist */
#include "common/index/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/number.h"
#include "common/index/items.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"

static uint64_t
stored_size(const struct uidlist_record *r)
{
	struct span field = r->ext[0] ? uidlist_field(r, 'W') : SPAN_NONE;
	uint64_t n;

	return field.at && number_parse(field, INT64_MAX, &n) ? n : SIZE_UNKNOWN;
}

void
scan_begin(struct scan *scan, int cur, int new_mail, const struct uidlist *uids)
{
	memset(scan, 0, sizeof(*scan));
	scan->cur = cur;
	scan->new_mail = new_mail;
	scan->uids = uids;
	scan->count = uids->count;
	scan->found = arena_array(&scan->mem, uids->count + 1, sizeof(*scan->found));
	for (size_t i = 0; i < uids->count; i++) {
		scan->found[i].uid = uids->record[i].uid;
		scan->found[i].size = stored_size(&uids->record[i]);
	}
}

void
scan_end(struct scan *scan)
{
	arena_free(&scan->mem);
}

static bool
is_there(const struct scan *scan, const char *name, bool in_new)
{
	struct stat st;

	return fstatat(in_new ? scan->new_mail : scan->cur, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
add_stranger(struct scan *scan, const char *name, bool in_new, bool is_bad)
{
	/* a second pass meets those of the first again; scan_sort_strangers() makes them one */
	scan->stranger = arena_grow(&scan->mem, scan->stranger, scan->strangers, &scan->room,
	                            sizeof(*scan->stranger));
	scan->stranger[scan->strangers++] = (struct scan_stranger){ name, in_new, is_bad, false };
}

/*
 * The base is known and was seen before in this scan.  Mostly the file was
 * renamed between the two sights; only if both are there, two files share a base (W05).
 */
static void
see_again(struct scan *scan, struct scan_found *f, const char *name, bool in_new)
{
	if (strcmp(f->name, name) == 0 && f->in_new == in_new)
		return;
	if (!is_there(scan, f->name, f->in_new)) {
		f->name = name;
		f->in_new = in_new;
	} else if (is_there(scan, name, in_new)) {
		add_stranger(scan, name, in_new, true);
	}
}

static void
see_one(struct scan *scan, const char *name, size_t number, bool in_new)
{
	if (number >= scan->count || scan->found[number].is_dead) {
		add_stranger(scan, name, in_new, false);
	} else if (scan->found[number].name) {
		see_again(scan, &scan->found[number], name, in_new);
	} else {
		scan->found[number].name = name;
		scan->found[number].in_new = in_new;
	}
}

static void
see_waiting(struct scan *scan, bool in_new)
{
	size_t number[UIDLIST_MANY];

	uidlist_find_many(scan->uids, scan->waiting, scan->waits, number);
	for (size_t i = 0; i < scan->waits; i++)
		see_one(scan, scan->waiting[i].at, number[i], in_new);
	scan->waits = 0;
}

static void
see(struct scan *scan, const char *entry, bool in_new)
{
	const char *name = arena_string(&scan->mem, span_of(entry));

	scan->letters |= filename_flags(name).letters;
	if (filename_is_odd(name)) {
		add_stranger(scan, name, in_new, true);
		return;
	}
	scan->waiting[scan->waits++] = span_make(name, filename_base_length(name));
	if (scan->waits == UIDLIST_MANY)
		see_waiting(scan, in_new);
}

/*
 * Regular files only: no symlink, FIFO or directory is a message (N09, N10), and nothing with a
 * dot in front.
 */
static bool
is_message(int dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_name[0] == '.')
		return false;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_REG;
	return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Call visit for each message file of a directory. */
typedef void visit_fn(struct scan *scan, const char *name, bool in_new);

static int
read_part(struct scan *scan, int part, bool in_new, visit_fn *visit)
{
	int fd = dir_open(part, ".");
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int failed;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0)
		if (is_message(fd, e))
			visit(scan, e->d_name, in_new);
	failed = errno;
	closedir(dir);
	errno = failed;
	return failed ? -1 : 0;
}

static int
see_part(struct scan *scan, int part, bool in_new)
{
	if (read_part(scan, part, in_new, see) != 0)
		return -1;
	see_waiting(scan, in_new);
	return 0;
}

int
scan_pass(struct scan *scan)
{
	if (scan->new_mail >= 0 && see_part(scan, scan->new_mail, true) != 0)
		return -1;
	return see_part(scan, scan->cur, false);
}

static void
see_stranger(struct scan *scan, const char *name, bool in_new)
{
	add_stranger(scan, arena_string(&scan->mem, span_of(name)), in_new, false);
}

int
scan_new(struct scan *scan, int new_mail)
{
	memset(scan, 0, sizeof(*scan));
	scan->cur = -1;
	scan->new_mail = new_mail;
	if (read_part(scan, new_mail, true, see_stranger) != 0)
		return -1;
	scan_sort_strangers(scan);
	return 0;
}

static void
see_letters(struct scan *scan, const char *name, bool in_new)
{
	(void)in_new;
	scan->letters |= filename_flags(name).letters;
}

int
scan_letters(int cur, uint32_t *letters_out)
{
	struct scan scan = { .cur = cur, .new_mail = -1 };

	if (read_part(&scan, cur, false, see_letters) != 0)
		return -1;
	*letters_out = scan.letters;
	return 0;
}

size_t
scan_missing(const struct scan *scan)
{
	size_t missing = 0;

	for (size_t i = 0; i < scan->count; i++)
		if (!scan->found[i].name && !scan->found[i].is_dead)
			missing++;
	return missing;
}

static int
compare_strangers(const void *a, const void *b)
{
	const struct scan_stranger *x = a, *y = b;
	int order = filename_compare_arrival(x->name, y->name);

	return order ? order : (int)x->in_new - (int)y->in_new;
}

static bool
has_same_base(const char *a, const char *b)
{
	size_t n = filename_base_length(a);

	return n == filename_base_length(b) && memcmp(a, b, n) == 0;
}

void
scan_sort_strangers(struct scan *scan)
{
	size_t kept = 0;

	if (scan->strangers > 0)
		qsort(scan->stranger, scan->strangers, sizeof(*scan->stranger), compare_strangers);
	for (size_t i = 0; i < scan->strangers; i++) {
		struct scan_stranger *s = &scan->stranger[i],
				     *last = kept ? &scan->stranger[kept - 1] : NULL;

		if (last && strcmp(last->name, s->name) == 0 && last->in_new == s->in_new)
			continue; /* two passes */
		if (last && has_same_base(last->name, s->name)) {
			if (!is_there(scan, s->name, s->in_new))
				continue;
			if (!is_there(scan, last->name, last->in_new))
				kept--;
			else
				s->is_bad = true;
		}
		scan->stranger[kept++] = *s;
	}
	scan->strangers = kept;
}
