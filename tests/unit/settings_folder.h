/* settings_folder.h - a folder of settings files that a test writes and that go with it */
#ifndef LINNET_TESTS_SETTINGS_FOLDER_H
#define LINNET_TESTS_SETTINGS_FOLDER_H

#include "common/base/settings.h"

enum { MOST_FILES = 16 };

struct fixture {
	char                     folder[64];
	char                    *written[MOST_FILES];
	size_t                   count;
	struct arena             mem;
	struct settings          s;
	struct settings_problems problems;
};

/* For cmocka_unit_test_setup_teardown(): *state is a struct fixture. */
int set_up(void **state);
int tear_down(void **state);

/* Remove what was written so far. */
void remove_written(struct fixture *f);

const char *path_of(struct fixture *f, const char *name);
const char *write_bytes(struct fixture *f, const char *name, const char *bytes, size_t n);
const char *write_file(struct fixture *f, const char *name, const char *text);

/* Load text as the main file, for a service; load() is for "imap". */
bool load_as(struct fixture *f, const char *service, const char *text);
bool load(struct fixture *f, const char *text);

/* All problems that are worth a log line, as "line text\n". */
const char *told(struct fixture *f);
void assert_told(struct fixture *f, const char *part);
void assert_clean(struct fixture *f);

#endif
