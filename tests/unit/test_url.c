/* test_url.c - IMAP URLs of messages: every part, and what is no such URL (RFC 5092) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* mailbox and section NULL: there is none */
static const struct row {
	const char *text, *mailbox, *section;
	uint32_t    uidvalidity, uid;
	uint64_t    skip, most;
} rows[] = {
	{ "/Drafts/;UID=20", "Drafts", NULL, 0, 20, 0, UINT64_MAX },
	{ "Drafts/;UID=20", "Drafts", NULL, 0, 20, 0, UINT64_MAX },
	{ ";UID=20", NULL, NULL, 0, 20, 0, UINT64_MAX },
	{ "/;UID=20", NULL, NULL, 0, 20, 0, UINT64_MAX },
	{ "/a;UIDVALIDITY=385759045/;UID=20", "a", NULL, 385759045, 20, 0, UINT64_MAX },
	{ "/a;uidvalidity=3/;uid=20/;section=HEADER", "a", "HEADER", 3, 20, 0, UINT64_MAX },
	{ "/a/;UID=1/;SECTION=1.2.MIME", "a", "1.2.MIME", 0, 1, 0, UINT64_MAX },
	{ "/a/;UID=1/;SECTION=HEADER.FIELDS%20(DATE%20FROM)", "a", "HEADER.FIELDS (DATE FROM)", 0,
	  1, 0, UINT64_MAX },
	{ "/a/;UID=1/;SECTION=TEXT/;PARTIAL=0.1023", "a", "TEXT", 0, 1, 0, 1023 },
	{ "/a/;UID=1/;PARTIAL=1024", "a", NULL, 0, 1, 1024, UINT64_MAX },
	{ "/~peter/%E6%97%A5%E6%9C%AC/;UID=1", "~peter/\xe6\x97\xa5\xe6\x9c\xac", NULL, 0, 1, 0,
	  UINT64_MAX },
	{ "/a%2Fb%3Bc/;UID=4294967295", "a/b;c", NULL, 0, UINT32_MAX, 0, UINT64_MAX },
	{ "/a.b@c:d&e=f/;UID=1", "a.b@c:d&e=f", NULL, 0, 1, 0, UINT64_MAX },
};

static const char *const none[] = {
	"", "/", "/a", "/a;UID=1", "/a/;UID=", "/a/;UID=0", "/a/;UID=01", "/a/;UID=4294967296",
	"/a/;UID=1x", "/a/;UID=-1", "//a/;UID=1", "imap://h/a/;UID=1", "IMAP://h/;UID=1",
	"/a?SUBJECT%20x/;UID=1", "/a;UIDVALIDITY=0/;UID=1", "/a;UIDVALIDITY=x/;UID=1",
	"/a;UIDVALIDITY=1;x/;UID=1", "/a/;UID=1/;SECTION=", "/a/;UID=1/;SECTION=%",
	"/a/;UID=1/;SECTION=%4", "/a/;UID=1/;SECTION=%00", "/a/;UID=1/;SECTION=a b",
	"/a/;UID=1/;PARTIAL=", "/a/;UID=1/;PARTIAL=x",
	"/a/;UID=1/;PARTIAL=1.0", "/a/;UID=1/;PARTIAL=1.", "/a/;UID=1/;PARTIAL=1.2.3",
	"/a/;UID=1/;PARTIAL=9223372036854775808", "/a%ff/;UID=1", "/a%c0%80/;UID=1", "/a\"/;UID=1",
	"/a/;UID=1;URLAUTH=anonymous", "/a/;UID=1/;EXPIRE=x", "/a;b/;UID=1", "/a/;UID=1/",
};

static bool
same(struct span s, const char *text)
{
	return text ? span_is(s, text) : !s.at;
}

static void
test_rows(void **state)
{
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct url u;

		if (!url_parse(span_of(r->text), &mem, &u) || !same(u.mailbox, r->mailbox) ||
		    !same(u.section, r->section) || u.uidvalidity != r->uidvalidity ||
		    u.uid != r->uid || u.skip != r->skip || u.most != r->most)
			fail_msg("%s", r->text);
	}
	arena_free(&mem);
}

static void
test_none(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct url u;

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		if (url_parse(span_of(none[i]), &mem, &u))
			fail_msg("taken: %s", none[i]);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
