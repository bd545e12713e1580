/* test_settings_files.c - linnet.conf: includes, files that cannot be read, limits */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "tests/unit/settings_folder.h"

/*
 * Included files are read in the order of their names, within a section too, and
 * relative to the includer.
 */
static void
test_includes(void **state)
{
	struct fixture *f = *state;
	const char *folder = path_of(f, "d");

	mkdir(folder, 0700);
	write_file(f, "d/20-b.conf", "login_greeting = $login_greeting two\n");
	write_file(f, "d/10-a.conf", "login_greeting = one\n!include ../args\n");
	write_file(f, "args", "auth_default_realm = example.org\n");
	write_file(f, "driver", "driver = sql\n");
	assert_true(load(
		f, "!include d/*.conf\npassdb {\n !include driver\n}\n!include_try none-*.conf\n"));
	assert_clean(f);
	assert_string_equal(f->s.login_greeting, "one two");
	assert_string_equal(f->s.auth_default_realm, "example.org");
	assert_string_equal(f->s.passdb[0].driver, "sql");
	remove_written(f);
	rmdir(folder);
}

/* A file closes what it opens: a } too many must not end the includer's section. */
static void
test_include_is_balanced(void **state)
{
	struct fixture *f = *state;

	write_file(f, "close", "}\n");
	assert_false(load(f, "passdb {\n driver = sql\n !include close\n}\n"));
	assert_told(f, "1 a } without its {");
	assert_int_equal(f->s.passdb_count, 1);
}

static void
test_no_file(void **state)
{
	struct fixture *f = *state;

	assert_false(settings_load(path_of(f, "none.conf"), NULL, &f->mem, &f->s, &f->problems));
	assert_told(f, "none.conf: No such file or directory");
	assert_string_equal(f->s.login_greeting, "linnet ready.");
	assert_false(settings_load(f->folder, NULL, &f->mem, &f->s, &f->problems));
	assert_told(f, "Is a directory");
	assert_true(settings_load("/dev/null", NULL, &f->mem, &f->s, &f->problems));
}

static void
test_nul_byte(void **state)
{
	struct fixture *f = *state;
	const char *path = write_bytes(f, "nul.conf", "ssl = no\n\0\n", 11);

	assert_false(settings_load(path, NULL, &f->mem, &f->s, &f->problems));
	assert_told(f, "it has a NUL byte");
}

static void
test_limit_conf_file(void **state)
{
	struct fixture *f = *state;
	char *big = malloc(LIMIT_CONF_FILE + 1);
	const char *path;

	memset(big, '\n', LIMIT_CONF_FILE + 1);
	path = write_bytes(f, "big.conf", big, LIMIT_CONF_FILE);
	assert_true(settings_load(path, NULL, &f->mem, &f->s, &f->problems));
	path = write_bytes(f, "big2.conf", big, LIMIT_CONF_FILE + 1);
	assert_false(settings_load(path, NULL, &f->mem, &f->s, &f->problems));
	assert_told(f, "File too large");
	free(big);
}

/* So many sections inside each other, around a line that is read or not. */
static bool
load_nested(struct fixture *f, int depth)
{
	struct buf text = BUF_EMPTY;
	bool ok;

	for (int i = 0; i < depth; i++)
		buf_str(&text, "nosuch {\n");
	for (int i = 0; i < depth; i++)
		buf_str(&text, "}\n");
	ok = load(f, text.data);
	buf_free(&text);
	return ok;
}

static void
test_limit_conf_nesting(void **state)
{
	struct fixture *f = *state;

	assert_true(load_nested(f, LIMIT_CONF_NESTING));
	assert_false(load_nested(f, LIMIT_CONF_NESTING + 1));
	assert_told(f, "more than 16 sections inside each other");
}

/* A file that includes itself ends at the depth; one that does so twice, at the number of files. */
static void
test_limit_conf_includes(void **state)
{
	struct fixture *f = *state;

	write_file(f, "self", "!include self\n");
	assert_false(load(f, "!include self\n"));
	assert_told(f, "too many !include inside each other");
	assert_int_equal(f->problems.count, 1);
}

static void
test_limit_conf_files(void **state)
{
	struct fixture *f = *state;
	struct buf text = BUF_EMPTY;

	write_file(f, "one", "ssl = no\n");
	for (int i = 1; i < LIMIT_CONF_FILES; i++)
		buf_str(&text, "!include one\n");
	assert_true(load(f, text.data));
	assert_clean(f);
	buf_str(&text, "!include one\n");
	assert_false(load(f, text.data));
	assert_told(f, "too many files");
	buf_free(&text);
}

/* Neither a long line, nor many, nor a thousand problems cost more than they are long. */
static void
test_large_input(void **state)
{
	struct fixture *f = *state;
	struct buf text = BUF_EMPTY;

	buf_str(&text, "login_greeting = ");
	for (int i = 0; i < 100000; i++)
		buf_str(&text, "\\\na ");
	buf_str(&text, "\n");
	for (int i = 0; i < 20000; i++)
		buf_str(&text, "mail_locatoin_of_all = \"'\n");
	assert_true(load(f, text.data));
	assert_int_equal(strlen(f->s.login_greeting), 2 * 100000 - 1);
	assert_int_equal(f->problems.count, 20000);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_includes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_include_is_balanced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nul_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_conf_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_input, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_conf_nesting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_conf_includes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_conf_files, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
