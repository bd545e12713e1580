/*
 * fuzz_settings.c - any bytes as linnet.conf
 *
 * What was read is printed and read again: the second reading must be without
 * complaint and print the same.  Inputs with !include only pass the lexer, for
 * they would read this machine's files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/settings.h"
#include "common/base/settings_lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file without a name, written anew each time. */
static const char *
as_file(struct span text)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = dup(fileno(tmpfile()));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text.at, text.len, 0) != (ssize_t)text.len)
		abort();
	return path;
}

static void
run_lexer(struct span text, struct arena *mem)
{
	struct settings_lexer lexer;
	struct settings_item item;
	size_t items = 0;

	settings_lex_open(&lexer, text, mem);
	while ((item = settings_lex(&lexer)).kind != SETTINGS_END)
		if (!item.name || !item.text || ++items > text.len)
			abort();
}

static void
print_row(void *context, const char *name, const char *value, bool is_default, const char *doc)
{
	(void)is_default;
	(void)doc;
	buf_printf(context, "%s = %s\n", name, value);
}

static bool
load_and_print(const char *path, struct arena *mem, struct buf *printed)
{
	struct settings_problems problems;
	struct settings s;
	bool ok = settings_load(path, "imap", mem, &s, &problems);

	for (size_t i = 0; i < problems.count; i++)
		if (!problems.problem[i].file || !problems.problem[i].text)
			abort();
	settings_each(&s, mem, print_row, printed);
	return ok;
}

static void
run_twice(struct span text, struct arena *mem)
{
	struct buf first = BUF_EMPTY, second = BUF_EMPTY;

	load_and_print(as_file(text), mem, &first);
	if (!load_and_print(as_file(buf_view(&first)), mem, &second) ||
	    !span_equal(buf_view(&first), buf_view(&second)))
		abort();
	buf_free(&first);
	buf_free(&second);
}

static void
run_rows(struct span text, struct arena *mem)
{
	static const struct settings_row rows[] = {
		{ "driver", 0, "", "" },
		{ "connect", sizeof(const char *), "", "" },
		{ NULL, 0, NULL, NULL },
	};
	struct settings_problems problems;
	const char *values[2];

	settings_load_rows(as_file(text), rows, mem, values, &problems);
	if (!values[0] || !values[1])
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make((const char *)data, size);
	struct arena mem = ARENA_EMPTY;

	run_lexer(text, &mem);
	if (size > 0 && !memmem(data, size, "!include", 8)) {
		run_twice(text, &mem);
		run_rows(text, &mem);
	}
	arena_free(&mem);
	return 0;
}
