/*
 * fuzz_name.c - mailbox names from clients and from disk, file names: one form each, and back again
 */
#include <stdlib.h>

#include "common/maildir/filename.h"
#include "common/maildir/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool holds)
{
	if (!holds)
		abort();
}

/* A name that was taken leads to one folder, and from there back to itself. */
static void
try_client(struct span input, bool utf8)
{
	struct arena mem = ARENA_EMPTY;
	const char *why = NULL, *name = name_from_client(input, utf8, false, &mem, &why);

	need(name != NULL || why != NULL);
	if (name) {
		const char *dir = name_to_dir(name, &mem), *back = name_from_dir(dir, &mem);
		const char *shown = name_to_client(name, utf8, &mem);

		need(back && strcmp(back, name) == 0);
		need(!strchr(dir, '/') && strcmp(dir, "..") != 0 && strlen(dir) <= 255);
		need(strcmp(name_from_client(span_of(shown), utf8, false, &mem, &why), name) == 0);
	}
	arena_free(&mem);
}

static void
try_file(const char *text)
{
	struct file_flags f = filename_flags(text);
	struct buf same = BUF_EMPTY, other = BUF_EMPTY;
	struct file_flags none = { 0, 0 };
	uint64_t n;

	filename_with_flags(text, f, UINT32_MAX, &same);
	need(filename_flags(same.data).system == f.system &&
	     filename_flags(same.data).letters == f.letters);
	filename_with_flags(text, none, UINT32_MAX, &other);
	need(filename_flags(other.data).system == 0 && filename_flags(other.data).letters == 0);
	need(strncmp(text, other.data, filename_base_length(text)) == 0);
	filename_size(text, 'S', &n);
	need(filename_compare_arrival(text, text) == 0);
	buf_free(&same);
	buf_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_make((const char *)data, size);
	struct arena mem = ARENA_EMPTY;
	const char *text = arena_string(&mem, input);

	try_client(input, false);
	try_client(input, true);
	name_from_dir(text, &mem);
	try_file(text);
	arena_free(&mem);
	return 0;
}
