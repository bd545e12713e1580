/* settings_folder.c - a folder of settings files that a test writes and that go with it */
#include "tests/unit/settings_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/linnet-settings-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	*state = f;
	return 0;
}

void
remove_written(struct fixture *f)
{
	while (f->count > 0) {
		unlink(f->written[--f->count]);
		free(f->written[f->count]);
	}
}

int
tear_down(void **state)
{
	struct fixture *f = *state;

	remove_written(f);
	rmdir(f->folder);
	arena_free(&f->mem);
	free(f);
	return 0;
}

const char *
path_of(struct fixture *f, const char *name)
{
	return arena_printf(&f->mem, "%s/%s", f->folder, name);
}

const char *
write_bytes(struct fixture *f, const char *name, const char *bytes, size_t n)
{
	const char *path = path_of(f, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
	assert_in_range(f->count, 0, MOST_FILES - 1);
	f->written[f->count++] = strdup(path);
	return path;
}

const char *
write_file(struct fixture *f, const char *name, const char *text)
{
	return write_bytes(f, name, text, strlen(text));
}

bool
load_as(struct fixture *f, const char *service, const char *text)
{
	const char *path = write_file(f, "linnet.conf", text);
	bool ok = settings_load(path, service, &f->mem, &f->s, &f->problems);

	unlink(path);
	free(f->written[--f->count]);
	return ok;
}

bool
load(struct fixture *f, const char *text)
{
	return load_as(f, "imap", text);
}

const char *
told(struct fixture *f)
{
	const char *all = "";

	for (size_t i = 0; i < f->problems.count; i++)
		if (!f->problems.problem[i].note)
			all = arena_printf(&f->mem, "%s%u %s\n", all, f->problems.problem[i].line,
			                   f->problems.problem[i].text);
	return all;
}

void
assert_told(struct fixture *f, const char *part)
{
	if (!strstr(told(f), part))
		fail_msg("expected \"%s\" in:\n%s", part, told(f));
}

void
assert_clean(struct fixture *f)
{
	assert_string_equal(told(f), "");
}
