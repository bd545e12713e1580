/* test_list_match.c - LIST patterns against a plain oracle, and their cost (N20) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "imapd/list_match.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
matches(const char *reference, const char *pattern, const char *name)
{
	struct arena mem = ARENA_EMPTY;
	bool result = list_pattern_matches(
		list_pattern_make(span_of(reference), span_of(pattern), '.', &mem), name);

	arena_free(&mem);
	return result;
}

static const struct {
	const char *reference, *pattern, *name;
	bool        matches;
} rows[] = {
	{ "", "*", "INBOX", true },
	{ "", "*", "a.b.c", true },
	{ "", "%", "a", true },
	{ "", "%", "a.b", false },
	{ "", "%.%", "a.b", true },
	{ "", "%.%", "a.b.c", false },
	{ "", "a.%", "a.b", true },
	{ "", "a.%", "a", false },
	{ "", "a%", "a", true },
	{ "", "*%*", "a.b", true },
	{ "", "%*", "a.b", true },
	{ "", "", "a", false },
	{ "", "", "", true },
	{ "a.", "%", "a.b", true },
	{ "a", "*", "ab.c", true },
	{ "a*", "%b", "a.x.b", true },
	{ "", "inbox", "INBOX", true },
	{ "", "InB%", "INBOX", true },
	{ "", "inbox.x", "INBOX.x", true },
	{ "", "inbox.X", "INBOX.x", false },
	{ "", "inboxx", "INBOXX", false },
	{ "", "sent", "Sent", false },
	{ "", "&AOk-*", "&AOk-t&AOk-", true },
	{ "", "a?c", "abc", false },
	{ "", "[ab]", "a", false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (matches(rows[i].reference, rows[i].pattern, rows[i].name) != rows[i].matches)
			fail_msg("%s|%s on %s", rows[i].reference, rows[i].pattern, rows[i].name);
}

/* The definition, written down: exponential, and only good for short texts. */
static bool
oracle(const char *pattern, const char *name)
{
	if (*pattern == '\0')
		return *name == '\0';
	if (*pattern == '*' || *pattern == '%') {
		if (oracle(pattern + 1, name))
			return true;
		return *name && (*pattern == '*' || *name != '.') && oracle(pattern, name + 1);
	}
	return *pattern == *name && oracle(pattern + 1, name + 1);
}

static uint32_t seed = 1;

static void
random_text(char *to, const char *from, size_t kinds, size_t most)
{
	size_t n;

	seed = seed * 1103515245 + 12345;
	n = (seed >> 16) % (most + 1);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		to[i] = from[(seed >> 16) % kinds];
	}
	to[n] = '\0';
}

static void
test_like_the_oracle(void **state)
{
	(void)state;
	for (int i = 0; i < 50000; i++) {
		char pattern[12], name[16];

		random_text(pattern, "ab.*%", 5, sizeof(pattern) - 1);
		random_text(name, "ab.", 3, sizeof(name) - 1);
		if (matches("", pattern, name) != oracle(pattern, name))
			fail_msg("%s on %s", pattern, name);
	}
}

/*
 * Patterns longer than one machine word: a literal prefix moves the short pattern
 * across the border.
 */
static void
test_long_patterns_like_the_oracle(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char prefix[80], pattern[12], name[16], whole[100];
		size_t n = 55 + (size_t)i % 20;

		memset(prefix, 'p', n);
		prefix[n] = '\0';
		random_text(pattern, "ab.*%", 5, sizeof(pattern) - 1);
		random_text(name, "ab.", 3, sizeof(name) - 1);
		memcpy(whole, prefix, n);
		memcpy(whole + n, name, strlen(name) + 1);
		if (matches(prefix, pattern, whole) != oracle(pattern, name))
			fail_msg("%zu bytes and %s on %s", n, pattern, name);
	}
}

static void
repeat(struct buf *b, const char *text, int times)
{
	while (times-- > 0)
		buf_str(b, text);
}

/* 10,000 names against patterns that make others look back for ever. */
static void
test_N20_cost(void **state)
{
	static const struct {
		const char *text, *end;
		int         times;
	} patterns[] = {
		{ "*%", "", 64 }, { "%", "", 4096 }, { "*a", "b", 4 }, { "*a", "b", 500 },
		{ "%a", "b", 500 }, { "a", "*", 60000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		struct arena mem = ARENA_EMPTY;
		struct buf text = BUF_EMPTY;
		struct list_pattern *p;
		int64_t start = clock_ms();
		int found = 0;

		repeat(&text, patterns[i].text, patterns[i].times);
		buf_str(&text, patterns[i].end);
		p = list_pattern_make(span_of(""), buf_view(&text), '.', &mem);
		for (int k = 0; k < 10000; k++)
			found += list_pattern_matches(p, "aaaaaaaaaa.aaaaaaaaaa.aaaaaaaaaa");
		assert_true(found == 0 || i == 0);
		assert_true(mem.total < 512 * 1024);
		/* 50 ms without sanitizers and neighbours */
		assert_true(clock_ms() - start < 2000);
		buf_free(&text);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_like_the_oracle),
		cmocka_unit_test(test_long_patterns_like_the_oracle),
		cmocka_unit_test(test_N20_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
