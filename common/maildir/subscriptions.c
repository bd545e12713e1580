/*
 * subscriptions.c - the file of subscribed names, in both of Dovecot's forms
 *
 * Version 2, since Dovecot 2.3: the line "V<TAB>2", an empty line, then one name
 * a line with a tab between its levels.  Before: names with dots, no header.
 * Names are in modified UTF-7 in both.  A file keeps its form; a new one is
 * version 2.  Lines that are no name of a mailbox are kept as they are (N17).
 */
#include "common/maildir/subscriptions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/limits.h"
#include "common/maildir/courier.h"
#include "common/maildir/dir.h"
#include "common/maildir/dotlock.h"
#include "common/maildir/name.h"

static const char file_name[] = "subscriptions";
static const char header[] = "V\t2\n\n";

static struct span
strip(struct span line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Canonical name of one line, or NULL. */
static const char *
parse_line(struct span line, bool is_old, struct arena *mem)
{
	const char *why;
	struct span copy;

	if (line.len == 0 || line.len > LIMIT_NAME)
		return NULL;
	if (is_old)
		return name_from_client(line, false, false, mem, &why);
	/* a dot within a level of version 2 is no separator: no mailbox of a Maildir++ has one */
	if (span_find(line, '.'))
		return NULL;
	copy = arena_copy(mem, line);
	for (size_t i = 0; i < copy.len; i++)
		if (copy.at[i] == '\t')
			((char *)(uintptr_t)copy.at)[i] = '.';
	return name_from_client(copy, false, false, mem, &why);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
subscriptions_parse(struct span text, struct arena *mem, struct subscriptions *subs_out)
{
	struct subscriptions s = { NULL, 0, text, text.len > 0 && !span_starts(text, "V\t"),
		                   false };
	struct span rest = text, line;
	size_t room = 0, kept = 0;

	if (!s.is_old)
		span_split(&rest, '\n', &line);
	while (span_split(&rest, '\n', &line)) {
		const char *name = parse_line(strip(line), s.is_old, mem);

		if (!name)
			continue;
		s.name = arena_grow(mem, s.name, s.count, &room, sizeof(*s.name));
		s.name[s.count++] = name;
	}
	if (s.count > 0)
		qsort(s.name, s.count, sizeof(*s.name), compare_names);
	for (size_t i = 0; i < s.count; i++)
		if (i == 0 || strcmp(s.name[i], s.name[kept - 1]) != 0)
			s.name[kept++] = s.name[i];
	s.count = kept;
	*subs_out = s;
}

int
subscriptions_read(int root, struct arena *mem, struct subscriptions *subs_out)
{
	struct span text = span_make("", 0);
	struct stat st;

	bool is_courier = false;

	if (file_read(root, file_name, LIMIT_SUBSCRIPTIONS_BYTES, mem, &text, &st) != 0) {
		if (errno != ENOENT)
			return -1;
		is_courier = courier_subscriptions(root, mem, &text);
	}
	subscriptions_parse(text, mem, subs_out);
	subs_out->is_courier = is_courier;
	return 0;
}

bool
subscriptions_have(const struct subscriptions *subs, const char *name)
{
	return subs->count > 0 &&
	       bsearch(&name, subs->name, subs->count, sizeof(*subs->name), compare_names);
}

void
subscriptions_edit(const struct subscriptions *subs, const char *name, bool on, struct buf *out)
{
	struct span rest = subs->text, line;
	struct arena mem = ARENA_EMPTY;
	size_t start;

	if (!subs->is_old && rest.len > 0) {
		span_split(&rest, '\n', &line);
		buf_printf(out, "%.*s\n", (int)line.len, line.at);
	} else if (!subs->is_old) {
		buf_str(out, header);
	}
	while (span_split(&rest, '\n', &line)) {
		struct arena_mark mark = arena_mark(&mem);
		const char *there = parse_line(strip(line), subs->is_old, &mem);
		bool keep = !there || strcmp(there, name) != 0;

		arena_release(&mem, mark);
		if (subs->is_old && span_starts(line, "V\t"))
			/* no name, and as the first line it would make the file one of version 2 */
			keep = false;
		/* nothing stands behind the last line end */
		if (!keep || (line.len == 0 && !rest.at))
			continue;
		buf_span(out, line);
		buf_byte(out, '\n');
	}
	if (on) {
		start = out->len;
		buf_str(out, name_to_client(name, false, &mem));
		for (size_t i = start; !subs->is_old && i < out->len; i++)
			if (out->data[i] == '.')
				out->data[i] = '\t';
		buf_byte(out, '\n');
	}
	arena_free(&mem);
}

static int
change_locked(int root, const char *name, bool on, bool sync)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions subs;
	struct buf text = BUF_EMPTY;
	struct stat st;
	int failed = subscriptions_read(root, &mem, &subs);

	if (failed == 0 && subscriptions_have(&subs, name) != on) {
		subscriptions_edit(&subs, name, on, &text);
		failed = text.len > LIMIT_SUBSCRIPTIONS_BYTES ? -1 : 0;
		if (failed)
			errno = EMLINK;
		else
			failed = file_replace(root, file_name, buf_view(&text), sync, &st);
	}
	buf_free(&text);
	arena_free(&mem);
	return failed;
}

int
subscriptions_change(int root, const char *name, bool on, bool sync)
{
	struct dotlock lock = DOTLOCK_NONE;
	int failed;

	if (dotlock_take(&lock, root, file_name, LIMIT_LOCK_SECONDS) != 0)
		return -1;
	failed = change_locked(root, name, on, sync);
	dotlock_release(&lock);
	return failed;
}

static void
take_over_locked(int root, bool sync)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions subs;
	struct stat st;

	if (subscriptions_read(root, &mem, &subs) == 0 && subs.is_courier) {
		courier_take_folders(root);
		file_replace(root, file_name, subs.text, sync, &st);
	}
	arena_free(&mem);
}

void
subscriptions_take_over(int root, bool sync)
{
	struct dotlock lock = DOTLOCK_NONE;

	if (dotlock_take(&lock, root, file_name, 0) != 0)
		return;
	take_over_locked(root, sync);
	dotlock_release(&lock);
}
