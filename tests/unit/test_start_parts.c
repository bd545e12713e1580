/* test_start_parts.c - packets, PROXY headers, mail locations, places of a listener */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* itself, for its table of children: full without as many connections */
#include "common/start/listener.c"

#include <pwd.h>

#include "common/start/greeter_message.h"
#include "common/start/mail_folder.h"
#include "common/start/mail_location.h"

static struct greeter_message message;

static void
test_packets_round(void **state)
{
	size_t size;

	(void)state;
	assert_true(greeter_message_make(&message, GREETER_AUTH, span_of("PLAIN"), span_of("toto"),
	                                 span_of("AAA="), &size));
	assert_true(greeter_message_is_whole(&message, size));
	assert_true(span_is(greeter_message_name(&message), "PLAIN"));
	assert_true(span_is(greeter_message_user(&message), "toto"));
	assert_true(span_is(greeter_message_data(&message), "AAA="));
	assert_true(greeter_message_make(&message, GREETER_AUTH, span_of("LOGIN"), SPAN_NONE,
	                                 SPAN_NONE, &size));
	assert_null(greeter_message_data(&message).at);
	assert_true(greeter_message_make(&message, GREETER_AUTH, span_of("LOGIN"), SPAN_NONE,
	                                 span_of(""), &size));
	assert_non_null(greeter_message_data(&message).at);
}

/* A29: what a broken greeter may send instead. */
static void
test_packets_that_are_none(void **state)
{
	static const struct {
		uint32_t kind, has_data, name, user, data;
		size_t   behind; /* bytes behind the head */
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ GREETER_KINDS, 0, 0, 0, 0, 0 },
		{ UINT32_MAX, 0, 0, 0, 0, 0 },
		{ GREETER_AUTH, 1, 5, 0, 4, 8 },                         /* short */
		{ GREETER_AUTH, 1, 5, 0, 4, 10 },                        /* long */
		/* data that is not there */
		{ GREETER_AUTH, 0, 5, 0, 4, 9 },
		{ GREETER_AUTH, 2, 5, 0, 4, 9 },
		/* a mechanism's name too long */
		{ GREETER_AUTH, 1, 32, 0, 0, 32 },
		{ GREETER_AUTH, 1, 5, LIMIT_USER_NAME + 1, 0, 5 + LIMIT_USER_NAME + 1 },
		/* a sum that wraps around in 32 bits */
		{ GREETER_AUTH, 1, UINT32_MAX, 2, 0, 1 },
		{ GREETER_CONT, 1, 1, 0, 0, 1 },
		{ GREETER_STARTTLS, 1, 0, 0, 1, 1 },
		{ GREETER_END, 0, GREETER_NAME_MOST + 1, 0, 0, GREETER_NAME_MOST + 1 },
		{ GREETER_PROXY, 1, 0, 0, sizeof(struct proxy_header) + 1,
		  sizeof(struct proxy_header) + 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message.kind = rows[i].kind;
		message.has_data = rows[i].has_data;
		message.name_len = rows[i].name;
		message.user_len = rows[i].user;
		message.data_len = rows[i].data;
		assert_false(
			greeter_message_is_whole(&message, GREETER_MESSAGE_HEAD + rows[i].behind));
	}
	for (size_t n = 0; n < GREETER_MESSAGE_HEAD; n++)
		assert_false(greeter_message_is_whole(&message, n));
}

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(s) s, sizeof(s) - 1

static void
test_proxy_headers(void **state)
{
	static const struct {
		const char       *bytes;
		size_t            len;
		enum proxy_result result;
		size_t            used;
		const char       *remote; /* 16 bytes, or NULL */
	} rows[] = {
		{ BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nmore"), PROXY_WHOLE, 32,
		  "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4" },
		{ BYTES("PROXY TCP6 2001:db8::7 ::1 1 2\r\n"), PROXY_WHOLE, 32,
		  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7" },
		{ BYTES("PROXY TCP6 1:2:3:4:5:6:7:8 :: 1 2\r\n"), PROXY_WHOLE, 35,
		  "\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\x8" },
		{ BYTES("PROXY UNKNOWN\r\n"), PROXY_WHOLE, 15, NULL },
		{ BYTES("PROXY UNKNOWN a b c\r\n"), PROXY_WHOLE, 21, NULL },
		{ BYTES("PROXY TCP6 1:2:3:4:5:6:7:8:9 :: 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP6 1::2::3 :: 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP6 1:2:3:4:5:6:7 :: 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP6 12345:: :: 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY \r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("PROXY\r\n"), PROXY_BAD, 0, NULL },
		{ BYTES("POP"), PROXY_BAD, 0, NULL },
		{ BYTES("PROX"), PROXY_MORE, 0, NULL },
		{ BYTES(""), PROXY_MORE, 0, NULL },
		{ BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r"), PROXY_MORE, 0, NULL },
		{ BYTES(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x8\0\1\0\2x"), PROXY_WHOLE, 28,
		  "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4" },
		{ BYTES(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x8\0\1\0"), PROXY_MORE, 0, NULL },
		{ BYTES(V2 "\x20\0\0\0"), PROXY_WHOLE, 16, NULL },
		{ BYTES(V2 "\x21\0\0\1x"), PROXY_WHOLE, 17, NULL },
		{ BYTES(V2 "\x22\x11\0\x0c"), PROXY_BAD, 0, NULL },
		{ BYTES(V2 "\x11\x11\0\x0c"), PROXY_BAD, 0, NULL },
		{ BYTES(V2 "\x21\x31\0\1x"), PROXY_BAD, 0, NULL },
		{ BYTES(V2 "\x21\x11\0\x0b\1\2\3\4\5\6\7\x8\0\1\0"), PROXY_BAD, 0, NULL },
		{ BYTES(V2 "\x21\x11\x02\x09"), PROXY_BAD, 0, NULL },
		{ BYTES("\r\n\r\nx"), PROXY_BAD, 0, NULL },
	};
	struct proxy_header header;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(proxy_parse(span_make(rows[i].bytes, rows[i].len), &header, &used),
		                 rows[i].result);
		if (rows[i].result != PROXY_WHOLE)
			continue;
		assert_int_equal(used, rows[i].used);
		assert_int_equal(header.has_addresses, rows[i].remote != NULL);
		if (rows[i].remote)
			assert_memory_equal(header.remote, rows[i].remote, 16);
		/* every beginning of a whole header wants more */
		for (size_t n = 0; n < used; n++)
			assert_int_equal(
				proxy_parse(span_make(rows[i].bytes, n), &header, &(size_t){ 0 }),
				PROXY_MORE);
	}
}

static void
test_mail_locations(void **state)
{
	static const struct {
		const char *location;
		bool        is_literal;
		const char *user, *path; /* path NULL: refused */
	} rows[] = {
		{ "maildir:/var/mail/vhosts/%d/%n", false, "toto@d.test",
		  "/var/mail/vhosts/d.test/toto" },
		{ "/var/mail/%u/", false, "toto@d.test", "/var/mail/toto@d.test" },
		{ "maildir:~/Maildir", false, "toto", "/home/toto/Maildir" },
		{ "maildir:%h", false, "toto", "/home/toto" },
		{ "maildir:/x/%d", true, "toto@d.test", "/x/%d" },
		{ "maildir:~/M", true, "toto", "/home/toto/M" },
		{ "maildir:/var/mail/%d/%n", false, "toto", NULL },        /* an empty domain */
		{ "maildir:/var/mail/%n", false, "..@d.test", NULL },      /* A09 */
		{ "maildir:/var/mail/%n", false, ".@d.test", NULL },
		{ "maildir:/var/mail/%d/%n", false, "u1@..", NULL },
		{ "maildir:/var/mail/%n", false, "a/../b@d.test", NULL },
		{ "maildir:/var/mail/%n", false, "a/b@d.test", NULL },
		{ "maildir:/var/mail/%n", false, "%u@d.test", "/var/mail/%u" }, /* A11 */
		{ "maildir:mail/%n", false, "toto@d.test", NULL },         /* A13 */
		{ "maildir:../../root", true, "toto@d.test", NULL },
		{ "maildir:", true, "toto@d.test", NULL },
		{ "maildir:/", false, "toto@d.test", NULL },
		{ "", false, "toto@d.test", NULL },
		{ "maildir:/a/./b", false, "toto@d.test", NULL },
		{ "maildir:/a//b", false, "toto@d.test", NULL },
		{ "maildir:/a/%q", false, "toto@d.test", NULL },
		{ "maildir:/a/%n:INDEX=/b", false, "toto@d.test", "/a/toto" },
		{ "maildir:/a/%n:INDEX=MEMORY:LAYOUT=maildir++", false, "toto@d.test", "/a/toto" },
		{ "maildir:/a/%n:INDEX=", false, "toto@d.test", NULL },
		{ "maildir:/a/%n:INDEX=/b:CONTROL=/c", false, "toto@d.test", NULL },
		{ "maildir:/a/%n:LAYOUT=fs", false, "toto@d.test", NULL },
		{ "maildir:/a/%n:", false, "toto@d.test", NULL },
		{ "mbox:/a/%n", false, "toto@d.test", NULL },
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expand_values values = { .user = rows[i].user, .home = "/home/toto" };
		const char *why = NULL;
		const char *path = mail_location_path(rows[i].location, rows[i].is_literal, &values,
		                                      &mem, &why);

		if (rows[i].path)
			assert_string_equal(path ? path : why, rows[i].path);
		else
			assert_null(path);
		assert_int_equal(path == NULL, why != NULL);
	}
	arena_free(&mem);
}

static void
test_index_paths(void **state)
{
	static const struct {
		const char *location;
		bool        is_literal;
		const char *index_dir, *user, *path; /* path NULL: nowhere; "?": a mistake */
	} rows[] = {
		{ "maildir:/a/%n", false, "", "toto@d.test", "" },
		{ "maildir:/a/%n", false, "/i/%d/%n", "toto@d.test", "/i/d.test/toto" },
		{ "maildir:/a/%n", false, "%h/index/", "toto@d.test", "/home/toto/index" },
		{ "maildir:/a/x", true, "/i/%u", "toto@d.test", "/i/toto@d.test" },
		{ "maildir:/a/%n", false, "MEMORY", "toto@d.test", NULL },
		{ "maildir:/a/%n:INDEX=MEMORY", false, "/i/%u", "toto@d.test", NULL },
		{ "maildir:/a/%n:INDEX=/b/%d/%n", false, "/i/%u", "toto@d.test", "/b/d.test/toto" },
		{ "maildir:/a/%n:LAYOUT=maildir++:INDEX=~/i", false, "", "toto", "/home/toto/i" },
		{ "/a/%n:INDEX=/b/%u", false, "", "toto", "/b/toto" },
		{ "maildir:/a:INDEX=/b/%d", true, "", "toto@d.test", "/b/%d" },
		{ "maildir:/a/%n:INDEX=/b/%d/x", false, "", "toto", "?" },
		{ "maildir:/a/%n", false, "i/%n", "toto", "?" },
		{ "maildir:/a/%n", false, "/i/../%n", "toto", "?" },
		{ "maildir:/a/%n", false, "/i/%q", "toto", "?" },
	};
	struct arena mem = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expand_values values = { .user = rows[i].user, .home = "/home/toto" };
		struct settings set = { .index_dir = rows[i].index_dir };
		const char *why, *path = mail_index_path(rows[i].location, rows[i].is_literal, &set,
		                                         &values, &mem, &why);
		bool is_mistake = rows[i].path && rows[i].path[0] == '?';

		assert_int_equal(why != NULL, is_mistake);
		if (!rows[i].path || is_mistake)
			assert_null(path);
		else
			assert_string_equal(path, rows[i].path);
	}
	arena_free(&mem);
}

/* Children before login, then such behind it: all from one address, or each from elsewhere. */
static void
fill_places(struct listener *l, size_t waiting, size_t users, const struct net_address *from)
{
	memset(children, 0, sizeof(children));
	for (size_t i = 0; i < waiting + users; i++) {
		uint32_t number = htonl((uint32_t)i);

		children[i].pid = (pid_t)(i + 2);
		logged_in[i] = i >= waiting;
		memcpy(children[i].remote.byte, "\x20\x01\x0d\xb8", 4);
		memcpy(children[i].remote.byte + 4, &number, 4); /* another /64 for each */
		if (from)
			children[i].remote = *from;
	}
	l->used = waiting + users;
}

/* LIMIT_LISTENER_*: what is logged in takes nobody's place before login. */
static void
test_listener_places(void **state)
{
	static const struct {
		size_t      waiting, users;
		const char *from; /* all of these; NULL: each from elsewhere */
		const char *comer;
		bool        is_free;
	} rows[] = {
		{ 0, 0, NULL, "192.0.2.1", true },
		{ LIMIT_LISTENER_WAITING - 1, 0, NULL, "192.0.2.1", true },
		{ LIMIT_LISTENER_WAITING, 0, NULL, "192.0.2.1", false },
		{ LIMIT_LISTENER_WAITING - 1, LIMIT_LISTENER_WAITING, NULL, "192.0.2.1", true },
		{ LIMIT_LISTENER_WAITING, LIMIT_LISTENER_WAITING, NULL, "192.0.2.1", false },
		{ 0, LIMIT_LISTENER_CHILDREN - 1, NULL, "192.0.2.1", true },
		{ 0, LIMIT_LISTENER_CHILDREN, NULL, "192.0.2.1", false },
		{ 1, LIMIT_LISTENER_CHILDREN - 1, NULL, "192.0.2.1", false },
		{ LIMIT_LISTENER_WAITING_ADDRESS - 1, 0, "192.0.2.1", "192.0.2.1", true },
		{ LIMIT_LISTENER_WAITING_ADDRESS, 0, "192.0.2.1", "192.0.2.1", false },
		{ LIMIT_LISTENER_WAITING_ADDRESS, 0, "192.0.2.1", "192.0.2.2", true },
		{ LIMIT_LISTENER_WAITING_ADDRESS - 1, 5000, "192.0.2.1", "192.0.2.1", true },
		{ LIMIT_LISTENER_WAITING_SHARED - 1, 0, "127.0.0.1", "127.0.0.1", true },
		{ LIMIT_LISTENER_WAITING_SHARED, 0, "127.0.0.1", "127.0.0.1", false },
		{ LIMIT_LISTENER_WAITING_SHARED - 1, 0, "10.1.2.3", "10.1.2.3", true },
		{ LIMIT_LISTENER_WAITING_SHARED, 0, "10.1.2.3", "10.1.2.3", false },
	};
	static bool table[LIMIT_LISTENER_CHILDREN];
	struct settings set = { .login_trusted_networks = "10.0.0.0/8",
		                .haproxy_trusted_networks = "" };
	struct prepared p = { .settings = &set };
	struct net_address from = { .port = 0 }, comer;

	(void)state;
	logged_in = table;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listener l = { .p = &p, .last_complaint = clock_ms() };

		assert_true(net_address_parse(rows[i].comer, &comer));
		assert_true(!rows[i].from || net_address_parse(rows[i].from, &from));
		fill_places(&l, rows[i].waiting, rows[i].users, rows[i].from ? &from : NULL);
		assert_int_equal(find_place(&l, &comer) >= 0, rows[i].is_free);
	}
}

/* A place in the middle that is free again is taken, also when the table is full behind it. */
static void
test_listener_place_again(void **state)
{
	static bool table[LIMIT_LISTENER_CHILDREN];
	struct settings set = { .login_trusted_networks = "", .haproxy_trusted_networks = "" };
	struct prepared p = { .settings = &set };
	struct listener l = { .p = &p, .last_complaint = clock_ms() };
	struct net_address comer;

	(void)state;
	logged_in = table;
	assert_true(net_address_parse("192.0.2.1", &comer));
	fill_places(&l, 0, LIMIT_LISTENER_CHILDREN, NULL);
	assert_int_equal(find_place(&l, &comer), -1);
	children[777].pid = 0;
	assert_int_equal(find_place(&l, &comer), 777);
}

/* default_login_user: every account of this machine's file, as getpwnam(3) knows it. */
static void
test_find_user(void **state)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *row;
	uid_t uid = 1;
	gid_t gid = 1;
	size_t accounts = 0;

	(void)state;
	assert_non_null(file);
	while ((row = fgetpwent(file))) {
		const struct passwd *wanted;

		assert_true(privileges_find_user(row->pw_name, &uid, &gid));
		wanted = getpwnam(row->pw_name);
		assert_non_null(wanted);
		assert_int_equal(uid, wanted->pw_uid);
		assert_int_equal(gid, wanted->pw_gid);
		accounts++;
	}
	fclose(file);
	assert_true(accounts > 0);
	assert_false(privileges_find_user("no:such", &uid, &gid));
	assert_false(privileges_find_user("", &uid, &gid));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_round),
		cmocka_unit_test(test_packets_that_are_none),
		cmocka_unit_test(test_proxy_headers),
		cmocka_unit_test(test_mail_locations),
		cmocka_unit_test(test_index_paths),
		cmocka_unit_test(test_listener_places),
		cmocka_unit_test(test_listener_place_again),
		cmocka_unit_test(test_find_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
