/* fetch_grammar.c - which arguments FETCH takes, and why it refuses others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/commands.h"
#include "imapd/cursor.h"
#include "tests/unit/fetch_mailbox.h"

void
fetch_grammar_check(const struct fetch_grammar *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arena mem = ARENA_EMPTY;
		struct cursor c;

		print_message("%s\n", rows[i].arguments);
		cursor_open(&c, span_of(rows[i].arguments), &mem);
		parse_fetch(&c);
		take_end(&c);
		if (rows[i].why) {
			assert_non_null(c.why);
			assert_string_equal(c.why, rows[i].why);
		} else {
			assert_null(c.why);
		}
		arena_free(&mem);
	}
}
