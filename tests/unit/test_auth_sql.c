/* test_auth_sql.c - queries with variables made into statements, and connect strings */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/sql_connect.h"
#include "authd/sql_query.h"

/* text is NULL where the query is refused; then bind[0] is the reason. */
static const struct row {
	const char *query, *text;
	const char *bind[3];
} rows[] = {
	{ "SELECT email as user, password FROM virtual_users WHERE email='%u'",
	  "SELECT email as user, password FROM virtual_users WHERE email=?", { "%u" } },
	{ "WHERE a=\"%u\"", "WHERE a=?", { "%u" } },
	{ "WHERE a=%u", "WHERE a=?", { "%u" } },
	{ "WHERE a=%Lu AND b = '%Ln'", "WHERE a=? AND b = ?", { "%Lu", "%Ln" } },
	{ "WHERE a='%n@%d' AND d='%d'", "WHERE a=? AND d=?", { "%n@%d", "%d" } },
	{ "WHERE a='x''%u'", "WHERE a=?", { "x'%u" } },
	{ "WHERE a=\"x\"\"%u\"", "WHERE a=?", { "x\"%u" } },
	{ "WHERE a='%%u' AND b=5%%2", "WHERE a='%u' AND b=5%2", { NULL } },
	{ "WHERE a='it''s' AND b='%u'", "WHERE a='it''s' AND b=?", { "%u" } },
	{ "WHERE a='it\\'s' AND b='%u'", "WHERE a='it\\'s' AND b=?", { "%u" } },
	{ "WHERE a='?' AND b='%u'", "WHERE a='?' AND b=?", { "%u" } },
	{ "WHERE a='%%%u'", "WHERE a=?", { "%%%u" } },
	{ "SELECT `user` FROM `t` WHERE a='%u'", "SELECT `user` FROM `t` WHERE a=?", { "%u" } },
	{ "WHERE a='%u'AND b='%u'", "WHERE a=?AND b=?", { "%u", "%u" } },
	{ "", "", { NULL } },
	{ "WHERE a='%u", NULL, { "a quote that does not end" } },
	{ "WHERE a=`%u`", NULL, { "a variable cannot be the name of a table or column" } },
	{ "WHERE a='\\'%u'", NULL, { "a variable and a backslash within one pair of quotes" } },
	{ "WHERE a=?", NULL, { "a ? outside quotes; write %u where the name belongs" } },
	{ "WHERE a=%", NULL, { "a lone % at the end; write %% for the sign itself" } },
	{ "%u%u%u%u%u%u%u%u%u%u%u%u%u%u%u%u%u", NULL, { "too many variables" } },
};

static void
test_rewrite_A10(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena mem = ARENA_EMPTY;
		struct sql_query query;
		const char *why = NULL;
		bool is_good = sql_query_rewrite(rows[i].query, &mem, &query, &why);

		if (rows[i].text) {
			assert_true(is_good);
			assert_string_equal(query.text, rows[i].text);
			for (size_t k = 0; k < query.bind_count; k++) {
				assert_non_null(rows[i].bind[k]);
				assert_string_equal(query.bind[k], rows[i].bind[k]);
			}
			assert_true(query.bind_count == 3 || !rows[i].bind[query.bind_count]);
		} else {
			assert_false(is_good);
			assert_string_equal(why, rows[i].bind[0]);
		}
		arena_free(&mem);
	}
}

static void
test_unknown_variable_is_named(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct sql_query query;
	const char *why = NULL;

	(void)state;
	assert_false(sql_query_rewrite("WHERE a='%z'", &mem, &query, &why));
	assert_non_null(strstr(why, "%z"));
	arena_free(&mem);
}

static void
test_connect(void **state)
{
	struct arena mem = ARENA_EMPTY;
	struct sql_connect c;
	const char *why = NULL;

	(void)state;
	assert_true(sql_connect_parse(
		"host=localhost dbname=messagerie user=messagerieUser password=openclassrooms",
		&mem, &c, &why));
	assert_string_equal(c.host[0], "localhost");
	assert_string_equal(c.dbname, "messagerie");
	assert_string_equal(c.password, "openclassrooms");
	assert_int_equal(c.port, 0);
	assert_null(c.ssl_ca);
	assert_true(
		sql_connect_parse(" host=/run/x  host=db2 port=3307 dbname=d user=u password=a=b "
	                          "ssl_ca=/c ssl_verify_server_cert=no read_timeout=7",
	                          &mem, &c, &why));
	assert_int_equal(c.host_count, 2);
	assert_string_equal(c.host[1], "db2");
	assert_string_equal(c.password, "a=b");
	assert_int_equal(c.port, 3307);
	assert_int_equal(c.read_timeout, 7);
	assert_false(c.ssl_verify_server_cert);
	arena_free(&mem);
}

/* B04: what is wrong is told without the password, also where the password is what is wrong. */
static void
test_bad_connect_B04(void **state)
{
	static const char *const texts[] = {
		"", "host=x", "dbname=d user=u", "host= dbname=d user=u",
		"host=h dbname=d user=u port=65536",
		"host=h dbname=d user=u port=x", "host=h dbname=d user=u password=my secret",
		"host=h dbname=d user=u secret",
		"host=h dbname=d user=u ssl_verify_server_cert=maybe",
		"host=1 host=2 host=3 host=4 host=5 host=6 host=7 host=8 host=9 dbname=d user=u",
	};
	struct arena mem = ARENA_EMPTY;
	struct sql_connect c;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *why = NULL;

		assert_false(sql_connect_parse(texts[i], &mem, &c, &why));
		assert_non_null(why);
		assert_null(strstr(why, "secret"));
	}
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewrite_A10),
		cmocka_unit_test(test_unknown_variable_is_named),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_bad_connect_B04),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
