/*
 * courier_keywords.c - keywords that Courier kept beside the messages become letters of their names
 *
 *	courierimapkeywords/:list            what was known when it was written:
 *	  work                               keywords, a line for each,
 *	  $Forwarded
 *	                                     an empty line,
 *	  1700000001.M1P1.host,S=15:1 0      and BASE ":" their numbers, from 0
 *
 *	courierimapkeywords/.5984357.BASE    newer: the keywords of one message, a line for
 *	                                     each; the larger number is the newer one
 *	courierimapkeywords/BASE             the newest
 *
 * Names come first into dovecot-keywords, then each file of cur/ is renamed. A
 * process killed in between leaves a folder without a uidlist, and the next one
 * does the same again: a keyword has its letter then, a file its new name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/keywords.h"

static const char folder_name[] = "courierimapkeywords";
enum { AGE_OF_LIST = 0, AGE_NEWEST = UINT32_MAX };

static void
add_entry(struct courier_keywords *k, struct span base, uint32_t age, struct span words)
{
	if (base.len == 0 || k->count == LIMIT_COURIER_KEYWORDS)
		return;
	k->entry = arena_grow(&k->mem, k->entry, k->count, &k->room, sizeof(*k->entry));
	k->entry[k->count++] = (struct courier_words){ arena_string(&k->mem, base), age,
		                                       arena_copy(&k->mem, words) };
}

void
courier_parse_list(struct courier_keywords *k, struct span text)
{
	struct span line, base;

	while (span_split(&text, '\n', &line) && line.len > 0) {
		k->name = arena_grow(&k->mem, k->name, k->names, &k->names_room, sizeof(*k->name));
		k->name[k->names++] = arena_string(&k->mem, line);
	}
	while (span_split(&text, '\n', &line))
		if (span_split(&line, ':', &base) && line.at)
			add_entry(k, base, AGE_OF_LIST, line);
}

/* ".5984357.BASE" or "BASE" */
static void
read_entry(struct courier_keywords *k, int dir, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	struct span base = span_of(name), text;
	uint64_t age = AGE_NEWEST;
	struct stat st;
	bool good = true;

	if (name[0] == '.') {
		base = span_skip(base, 1);
		good = number_take(&base, UINT32_MAX - 2, &age) && base.len > 1 &&
		       base.at[0] == '.';
		base = span_skip(base, 1);
		age++; /* newer than :list */
	}
	if (good && file_read(dir, name, LIMIT_KEYWORDS_BYTES, &mem, &text, &st) == 0)
		add_entry(k, base, (uint32_t)age, text);
	arena_free(&mem);
}

static int
read_entries(struct courier_keywords *k, int dir)
{
	DIR *d = dir_list(dir, ".");
	struct dirent *e;
	int failed;

	if (!d)
		return -1;
	for (errno = 0; (e = readdir(d)) != NULL; errno = 0)
		if (strcmp(e->d_name, ":list") != 0 && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			read_entry(k, dir, e->d_name);
	failed = errno;
	closedir(d);
	errno = failed;
	return failed ? -1 : 0;
}

/* By base, the newest first. */
static int
compare_entries(const void *a, const void *b)
{
	const struct courier_words *x = a, *y = b;
	int order = strcmp(x->base, y->base);

	return order ? order : x->age > y->age ? -1 : x->age < y->age;
}

static void
keep_the_newest(struct courier_keywords *k)
{
	size_t kept = 0;

	if (k->count > 0)
		qsort(k->entry, k->count, sizeof(*k->entry), compare_entries);
	for (size_t i = 0; i < k->count; i++)
		if (kept == 0 || strcmp(k->entry[kept - 1].base, k->entry[i].base) != 0)
			k->entry[kept++] = k->entry[i];
	k->count = kept;
}

/* More than 26 keywords cannot be kept: the first ones are. */
static uint32_t
letter_of(struct keywords *list, struct span word)
{
	struct arena mem = ARENA_EMPTY;
	int letter = -1;

	if (keywords_is_name(word))
		letter = keywords_add(list, arena_string(&mem, word), 0);
	arena_free(&mem);
	return letter < 0 ? 0 : 1U << letter;
}

static uint32_t
letters_of(const struct courier_keywords *k, const struct courier_words *w, struct keywords *list)
{
	struct span rest = w->words, word;
	uint32_t letters = 0;
	uint64_t n;

	while (span_split(&rest, w->age == AGE_OF_LIST ? ' ' : '\n', &word)) {
		word = span_trim(word);
		if (w->age != AGE_OF_LIST)
			letters |= letter_of(list, word);
		else if (number_parse(word, UINT32_MAX, &n) && n < k->names)
			letters |= letter_of(list, span_of(k->name[n]));
	}
	return letters;
}

static const struct courier_words *
find(const struct courier_keywords *k, const char *name)
{
	size_t length = filename_base_length(name), low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(k->entry[middle].base, name, length);

		if (order == 0 && k->entry[middle].base[length] == '\0')
			return &k->entry[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A name that would be too long keeps its file without the letters. */
static int
rename_one(int cur, const char *name, uint32_t letters)
{
	struct file_flags flags = filename_flags(name);
	struct buf to = BUF_EMPTY;
	int failed = 0;

	flags.letters = letters;
	filename_with_flags(name, flags, UINT32_MAX, &to);
	if (strcmp(name, to.data) != 0 && renameat(cur, name, cur, to.data) != 0 &&
	    errno != ENAMETOOLONG && errno != ENOENT)
		failed = -1;
	buf_free(&to);
	return failed;
}

/* All names first: a file that was renamed may be met again. */
static int
rename_all(const struct courier_keywords *k, int cur, struct keywords *list)
{
	DIR *d = dir_list(cur, ".");
	struct dirent *e;
	int failed = 0;

	if (!d)
		return -1;
	while (!failed) {
		const struct courier_words *w;

		errno = 0;
		e = readdir(d);
		if (!e) {
			failed = errno;
			break;
		}
		w = e->d_name[0] == '.' ? NULL : find(k, e->d_name);
		if (w && rename_one(cur, e->d_name, letters_of(k, w, list)) != 0)
			failed = errno;
	}
	closedir(d);
	errno = failed;
	return failed ? -1 : 0;
}

static int
give_letters(const struct courier_keywords *k, int dir, bool sync)
{
	struct keywords list;
	int cur = dir_open(dir, "cur"), failed;

	keywords_init(&list);
	failed = cur < 0 ? -1 : keywords_refresh(&list, dir);
	for (size_t i = 0; failed == 0 && i < k->count; i++)
		letters_of(k, &k->entry[i], &list);
	if (failed == 0)
		failed = keywords_save(&list, dir, sync);
	if (failed == 0)
		failed = rename_all(k, cur, &list);
	if (failed == 0)
		failed = dir_sync(cur, sync);
	keywords_free(&list);
	if (cur >= 0)
		close(cur);
	return failed;
}

static bool
is_new_to_us(int dir)
{
	struct stat st;

	return fstatat(dir, "dovecot-uidlist", &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT &&
	       fstatat(dir, "linnet.uids", &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

static int
take(int from, int dir, bool sync)
{
	struct courier_keywords k;
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	int failed, saved;

	memset(&k, 0, sizeof(k));
	if (file_read(from, ":list", LIMIT_COURIER_BYTES, &mem, &text, &st) == 0)
		courier_parse_list(&k, text);
	failed = read_entries(&k, from);
	keep_the_newest(&k);
	if (failed == 0 && k.count > 0)
		failed = give_letters(&k, dir, sync);
	saved = errno;
	arena_free(&k.mem);
	arena_free(&mem);
	errno = saved;
	return failed;
}

int
courier_take_keywords(int dir, bool sync)
{
	int from, failed, saved;

	if (!is_new_to_us(dir))
		return 0;
	from = dir_open(dir, folder_name);
	if (from < 0) /* none, or none that can be read */
		return 0;
	failed = take(from, dir, sync);
	saved = errno;
	close(from);
	errno = saved;
	return failed;
}
