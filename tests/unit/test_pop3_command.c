/* test_pop3_command.c - POP3 command lines: numbers, blanks, and what is refused (D01, D02, P16) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pop3d/command.h"

/* The table names them; no test here runs one. */
#define STUB(name) \
	void \
	pop3_run_##name(struct pop3_session *s, const struct pop3_args *args) \
	{ \
		(void)s; \
		(void)args; \
	}
STUB(capa)
STUB(stat)
STUB(list)
STUB(uidl)
STUB(retr)
STUB(top)
STUB(dele)
STUB(rset)
STUB(noop)
STUB(lang)
STUB(quit)

enum verdict { FINE, UNKNOWN, BAD_ARGUMENTS, REFUSED };

static const struct {
	const char  *line;
	enum verdict verdict;
	uint32_t     number;
	uint64_t     lines;
} rows[] = {
	{ "STAT", FINE, 0, 0 },
	{ "stat", FINE, 0, 0 },
	{ "sTaT  ", FINE, 0, 0 },
	{ "STAT 1", BAD_ARGUMENTS, 0, 0 },
	{ " STAT", UNKNOWN, 0, 0 },
	{ "\tSTAT", UNKNOWN, 0, 0 },
	{ "STAT\t1", UNKNOWN, 0, 0 },
	{ "", UNKNOWN, 0, 0 },
	{ "   ", UNKNOWN, 0, 0 },
	{ "STATUS", UNKNOWN, 0, 0 },
	{ "STA", UNKNOWN, 0, 0 },
	{ "LIST", FINE, 0, 0 },
	{ "LIST ", FINE, 0, 0 },
	{ "LIST 99", FINE, 99, 0 },
	{ "LIST x", BAD_ARGUMENTS, 0, 0 },
	{ "UIDL 3", FINE, 3, 0 },
	{ "UIDL 3 4", BAD_ARGUMENTS, 0, 0 },
	{ "RETR", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 0", BAD_ARGUMENTS, 0, 0 },
	{ "RETR -1", BAD_ARGUMENTS, 0, 0 },
	{ "RETR +1", BAD_ARGUMENTS, 0, 0 },
	{ "RETR  1", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 1 1", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 1x", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 0x1", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 4294967295", FINE, UINT32_MAX, 0 },
	{ "RETR 4294967296", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 4294967297", BAD_ARGUMENTS, 0, 0 },
	{ "RETR 18446744073709551617", BAD_ARGUMENTS, 0, 0 },
	{ "DELE 00000000000000000000001", FINE, 1, 0 },
	{ "DELE 7 ", FINE, 7, 0 },
	{ "TOP 1 0", FINE, 1, 0 },
	{ "TOP 1 4294967295", FINE, 1, UINT32_MAX },
	{ "TOP 1 18446744073709551614", FINE, 1, UINT64_MAX - 1 },
	{ "TOP 1 18446744073709551615", BAD_ARGUMENTS, 0, 0 },
	{ "TOP 1 -1", BAD_ARGUMENTS, 0, 0 },
	{ "TOP 1", BAD_ARGUMENTS, 0, 0 },
	{ "TOP", BAD_ARGUMENTS, 0, 0 },
	{ "TOP 1 1 1", BAD_ARGUMENTS, 0, 0 },
	{ "TOP 0 1", BAD_ARGUMENTS, 0, 0 },
	{ "NOOP x", BAD_ARGUMENTS, 0, 0 },
	{ "CAPA x", BAD_ARGUMENTS, 0, 0 },
	{ "QUIT extra", BAD_ARGUMENTS, 0, 0 },
	{ "LAST", REFUSED, 0, 0 },
	{ "USER toto", REFUSED, 0, 0 },
	{ "PASS secret", REFUSED, 0, 0 },
	{ "STLS", REFUSED, 0, 0 },
	{ "AUTH PLAIN", REFUSED, 0, 0 },
	{ "XTND XMIT", UNKNOWN, 0, 0 },
};

static void
test_lines_D01_D02_P16(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pop3_args args = { 0, 0, SPAN_NONE };
		struct span rest;
		const struct pop3_command *row = pop3_command_find(span_of(rows[i].line), &rest);
		enum verdict verdict = UNKNOWN;
		enum text why;

		if (row && !row->parse) {
			verdict = REFUSED;
			assert_in_range(row->refusal, TEXT_LOGGED_IN_ALREADY,
			                TEXT_LAST_IS_OBSOLETE);
		} else if (row) {
			verdict = row->parse(rest, &args, &why) ? FINE : BAD_ARGUMENTS;
		}
		if (verdict != rows[i].verdict)
			print_error("line \"%s\"\n", rows[i].line);
		assert_int_equal(verdict, rows[i].verdict);
		if (verdict == BAD_ARGUMENTS)
			assert_in_range(why, TEXT_LANGUAGES, TEXTS - 1);
		if (verdict != FINE)
			continue;
		assert_int_equal(args.number, rows[i].number);
		assert_true(args.lines == rows[i].lines);
	}
}

static void
test_a_line_with_nul_is_no_command(void **state)
{
	struct span rest;

	(void)state;
	assert_null(pop3_command_find(span_make("STAT\0", 5), &rest));
	assert_null(pop3_command_find(span_make("\0", 1), &rest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_D01_D02_P16),
		cmocka_unit_test(test_a_line_with_nul_is_no_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
