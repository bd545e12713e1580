/*
 * metadata.c - linnet.metadata: annotations of a mailbox or of the server (RFC 5464)
 *
 * The file is the line "linnet-metadata 1" and, for each entry,
 *
 *	NAME SP LENGTH LF VALUE LF
 *
 * (1) It is whole: replaced by rename under the folder's lock, and removed with the last entry.
 * (2) It lies in the mailbox's folder, so it goes with DELETE and stays with RENAME.
 * (3) NAME is in small letters, has no blank in it, and stands once; VALUE is LENGTH
 *     bytes of any kind.
 * (4) What cannot be read ends the reading: the entries in front of it count.
 */
#include "common/maildir/metadata.h"

#include <errno.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"
#include "common/maildir/dotlock.h"

static const char first_line[] = "linnet-metadata 1\n";

static bool
is_name(struct span s)
{
	bool is = s.len > 1 && s.len <= LIMIT_METADATA_NAME && s.at[0] == '/';

	for (size_t i = 0; is && i < s.len; i++)
		is = s.at[i] > ' ' && s.at[i] < 0x7f && ascii_lower(s.at[i]) == s.at[i];
	return is;
}

/* One entry from the front of *rest. */
static bool
take_entry(struct span *rest, struct span *name_out, struct span *value_out)
{
	uint64_t length;

	if (!span_split(rest, ' ', name_out) || !is_name(*name_out))
		return false;
	if (!number_take(rest, LIMIT_METADATA_VALUE, &length) || !span_starts(*rest, "\n"))
		return false;
	*rest = span_skip(*rest, 1);
	if (rest->len <= length || rest->at[length] != '\n')
		return false;
	*value_out = span_make(rest->at, (size_t)length);
	*rest = span_skip(*rest, (size_t)length + 1);
	return true;
}

struct span
metadata_find(const struct metadata *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->entry[i].name, name) == 0)
			return m->entry[i].value;
	return SPAN_NONE;
}

void
metadata_parse(struct span text, struct arena *mem, struct metadata *found_out)
{
	struct span name, value;

	*found_out = (struct metadata){ NULL, 0 };
	if (!span_starts(text, first_line))
		return;
	text = span_skip(text, sizeof(first_line) - 1);
	found_out->entry = arena_array(mem, LIMIT_METADATA_ENTRIES, sizeof(*found_out->entry));
	while (found_out->count < LIMIT_METADATA_ENTRIES && take_entry(&text, &name, &value)) {
		const char *copy = arena_string(mem, name);

		if (metadata_find(found_out, copy).at)
			return;
		found_out->entry[found_out->count++] = (struct metadata_entry){ copy, value };
	}
}

void
metadata_write(const struct metadata *m, struct buf *out)
{
	buf_str(out, first_line);
	for (size_t i = 0; i < m->count; i++) {
		buf_printf(out, "%s %zu\n", m->entry[i].name, m->entry[i].value.len);
		buf_span(out, m->entry[i].value);
		buf_byte(out, '\n');
	}
}

int
metadata_read(int at, const char *file, struct arena *mem, struct metadata *found_out)
{
	struct metadata found = { NULL, 0 };
	struct span text;
	struct stat st;

	if (file_read(at, file, LIMIT_METADATA_BYTES, mem, &text, &st) == 0)
		metadata_parse(text, mem, &found);
	else if (errno != ENOENT)
		return -1;
	*found_out = found;
	return 0;
}

/* One change to m, which has room for one entry more. */
static void
apply(struct metadata *m, const struct metadata_entry *change)
{
	size_t i = 0;

	while (i < m->count && strcmp(m->entry[i].name, change->name) != 0)
		i++;
	if (change->value.at) {
		m->entry[i] = *change;
		m->count += i == m->count;
	} else if (i < m->count) {
		m->count--;
		memmove(&m->entry[i], &m->entry[i + 1], (m->count - i) * sizeof(m->entry[0]));
	}
}

/* What the file is to hold: text, empty for no file. */
static int
edit(struct metadata *m, const struct metadata_entry *change, size_t count, struct arena *mem,
     struct buf *text)
{
	struct metadata after = { arena_array(mem, m->count + count + 1, sizeof(*m->entry)),
		                  m->count };

	if (m->count > 0)
		memcpy(after.entry, m->entry, m->count * sizeof(*m->entry));
	for (size_t i = 0; i < count; i++) {
		if (change[i].value.len > LIMIT_METADATA_VALUE) {
			errno = EMSGSIZE;
			return -1;
		}
		apply(&after, &change[i]);
	}
	if (after.count > 0)
		metadata_write(&after, text);
	if (after.count <= LIMIT_METADATA_ENTRIES && text->len <= LIMIT_METADATA_BYTES)
		return 0;
	errno = EMLINK;
	return -1;
}

static int
replace(int folder, const char *file, struct span text, bool sync)
{
	struct stat st;

	if (text.len > 0)
		return file_replace(folder, file, text, sync, &st);
	if (unlinkat(folder, file, 0) != 0 && errno != ENOENT)
		return -1;
	return dir_sync(folder, sync);
}

int
metadata_change(int folder, const char *file, const struct metadata_entry *change, size_t count,
                bool sync)
{
	struct dotlock lock = DOTLOCK_NONE;
	struct arena mem = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct metadata now;
	int failed, saved;

	if (dotlock_take(&lock, folder, file, LIMIT_LOCK_SECONDS) != 0)
		return -1;
	failed = metadata_read(folder, file, &mem, &now);
	if (!failed)
		failed = edit(&now, change, count, &mem, &text);
	if (!failed)
		failed = replace(folder, file, buf_view(&text), sync);
	saved = errno;
	dotlock_release(&lock);
	buf_free(&text);
	arena_free(&mem);
	errno = saved;
	return failed;
}
