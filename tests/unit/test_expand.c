/* test_expand.c - %u, %n, %d in settings */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/expand.h"

static const struct expand_values toto = {
	.user = "Toto@Mondomaine.local", .home = "/home/%u", .service = "imap", .local_ip = "::1",
	.remote_ip = "10.0.0.1", .id = "7", .hash = "{PLAIN}%u",
};

static const struct {
	const char *text, *expanded; /* NULL: refused */
} rows[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "maildir:/var/mail/vhosts/%d/%n", "maildir:/var/mail/vhosts/Mondomaine.local/Toto" },
	{ "%u", "Toto@Mondomaine.local" },
	{ "%Lu", "toto@mondomaine.local" },
	{ "%Un@%Ld", "TOTO@mondomaine.local" },
	{ "%h", "/home/%u" },
	{ "%s %l %r", "imap ::1 10.0.0.1" },
	{ "%%u %%", "%u %" },
	{ "%{user} %{username} %{domain} %{home} %{service} %{lip} %{rip}",
	  "Toto@Mondomaine.local Toto Mondomaine.local /home/%u imap ::1 10.0.0.1" },
	{ "%{id} %{hash}", "7 {PLAIN}%u" },
	{ "%L{username}", "toto" },
	{ "%n%n", "TotoToto" },
	{ "%", NULL },
	{ "a%", NULL },
	{ "%L", NULL },
	{ "%LLu", NULL },
	{ "%L%", NULL },
	{ "%x", NULL },
	{ "%{", NULL },
	{ "%{}", NULL },
	{ "%{user", NULL },
	{ "%{User}", NULL },
	{ "%{users}", NULL },
	{ "%\xc3\xa4", NULL },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		const char *why = NULL, *got = expand(rows[i].text, &toto, &mem, &why);

		if (!rows[i].expanded) {
			assert_null(got);
			assert_non_null(why);
		} else {
			assert_non_null(got);
			assert_string_equal(got, rows[i].expanded);
		}
		arena_free(&mem);
	}
}

static void
test_reason_names_the_variable(void **state)
{
	struct arena mem = ARENA_EMPTY;
	const char *why = NULL;

	(void)state;
	assert_null(expand("/a/%x/b", &toto, &mem, &why));
	assert_non_null(strstr(why, "unknown variable \"%x\" in \"/a/%x/b\""));
	assert_null(expand("/a/%L{zone}/b", &toto, &mem, &why));
	assert_non_null(strstr(why, "unknown variable \"%L{zone}\""));
	assert_null(expand("/a/%", &toto, &mem, &why));
	assert_non_null(strstr(why, "%%"));
	arena_free(&mem);
}

static void
test_absent_values_are_empty(void **state)
{
	struct arena mem = ARENA_EMPTY;
	const struct expand_values none = { .user = NULL },
				   no_domain = { .user = "toto" };
	const char *why;

	(void)state;
	assert_string_equal(expand("<%u%n%d%h%s%l%r>", &none, &mem, &why), "<>");
	assert_string_equal(expand("<%u|%n|%d>", &no_domain, &mem, &why), "<toto|toto|>");
	arena_free(&mem);
}

static void
test_split_user(void **state)
{
	static const struct {
		const char *user, *name, *domain;
	} users[] = {
		{ "a@b", "a", "b" }, { "a", "a", "" },  { "a@b@c", "a@b", "c" },
		{ "@b", "", "b" },   { "a@", "a", "" }, { "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct span name, domain;

		expand_split_user(users[i].user, &name, &domain);
		assert_true(span_is(name, users[i].name));
		assert_true(span_is(domain, users[i].domain));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reason_names_the_variable),
		cmocka_unit_test(test_absent_values_are_empty),
		cmocka_unit_test(test_split_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
