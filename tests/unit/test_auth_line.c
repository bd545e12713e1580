/*
 * test_auth_line.c - lines of the authentication protocol: splitting, escaping, and both together
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/start/auth_line.h"

static const struct row {
	const char *line;
	size_t      len;
	bool        is_good;
	size_t      count;
	const char *last;
	size_t      last_len;
} rows[] = {
	{ "", 0, true, 1, "", 0 },
	{ "DONE", 4, true, 1, "DONE", 4 },
	{ "AUTH\t1\tPLAIN", 12, true, 3, "PLAIN", 5 },
	{ "A\t", 2, true, 2, "", 0 },
	{ "A\t\001t\001n\001r\0010\0011", 12, true, 2, "\t\n\r\0\001", 5 },
	{ "A\t\001", 3, false, 0, NULL, 0 },   /* A29: an escape that ends too early */
	{ "A\t\001x", 4, false, 0, NULL, 0 },  /* A29: an escape nobody knows */
	{ "\0\0\0", 3, true, 1, "\0\0\0", 3 },
};

static void
test_parse_A29(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *line = malloc(rows[i].len + 1);
		struct auth_line parsed;

		memcpy(line, rows[i].line, rows[i].len);
		assert_int_equal(auth_line_parse(line, rows[i].len, &parsed), rows[i].is_good);
		if (rows[i].is_good) {
			assert_int_equal(parsed.count, rows[i].count);
			assert_true(span_equal(parsed.field[parsed.count - 1],
			                       span_make(rows[i].last, rows[i].last_len)));
		}
		free(line);
	}
}

static void
test_too_many_fields_A29(void **state)
{
	char line[2 * LIMIT_AUTH_FIELDS];
	struct auth_line parsed;

	(void)state;
	memset(line, '\t', sizeof(line));
	assert_true(auth_line_parse(line, LIMIT_AUTH_FIELDS - 1, &parsed));
	assert_int_equal(parsed.count, LIMIT_AUTH_FIELDS);
	memset(line, '\t', sizeof(line));
	assert_false(auth_line_parse(line, LIMIT_AUTH_FIELDS, &parsed));
}

/* What is put can be read back, whatever its bytes are, and stays one line. */
static void
test_round_trip(void **state)
{
	struct buf out = BUF_EMPTY;
	struct auth_line parsed;
	char all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	auth_put(&out, "OK");
	auth_put_number(&out, 4294967295u);
	auth_put_value(&out, "user", span_make(all, sizeof(all)));
	auth_put_value(&out, "none", SPAN_NONE);
	auth_put_value(&out, "empty", span_of(""));
	auth_put_field(&out, span_of("word"));
	auth_put_end(&out);
	assert_ptr_equal(memchr(out.data, '\n', out.len), out.data + out.len - 1);
	assert_true(auth_line_parse(out.data, out.len - 1, &parsed));
	assert_int_equal(parsed.count, 5);
	assert_true(span_is(parsed.field[1], "4294967295"));
	assert_true(span_equal(auth_line_value(&parsed, 2, "user"), span_make(all, sizeof(all))));
	assert_null(auth_line_value(&parsed, 2, "none").at);
	assert_non_null(auth_line_value(&parsed, 2, "empty").at);
	assert_int_equal(auth_line_value(&parsed, 2, "empty").len, 0);
	assert_null(auth_line_value(&parsed, 3, "user").at);
	assert_true(auth_line_has(&parsed, 2, "word"));
	assert_false(auth_line_has(&parsed, 2, "empty"));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_A29),
		cmocka_unit_test(test_too_many_fields_A29),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
