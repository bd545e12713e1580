/* test_net.c - addresses and networks */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/un.h>

#include "common/base/net.h"
#include "common/base/span.h"

static const struct {
	const char *text, *printed; /* NULL: no address */
	bool        is_loopback;
} addresses[] = {
	{ "10.0.0.1", "10.0.0.1", false },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "127.255.255.254", "127.255.255.254", true },
	{ "128.0.0.1", "128.0.0.1", false },
	{ "::1", "::1", true },
	{ "[::1]", "::1", true },
	{ "::", "::", false },
	{ "::2", "::2", false },
	{ "::ffff:127.0.0.1", "127.0.0.1", true },
	{ "::ffff:10.1.2.3", "10.1.2.3", false },
	{ "::127.0.0.1", "::127.0.0.1", false },
	{ "2001:DB8::1", "2001:db8::1", false },
	{ "0.0.0.0", "0.0.0.0", false },
	{ "", NULL, false },
	{ "[]", NULL, false },
	{ "[::1", NULL, false },
	{ "127.1", NULL, false },
	{ "127.0.0.01x", NULL, false },
	{ "127.0.0.1 ", NULL, false },
	{ "256.0.0.1", NULL, false },
	{ "fe80::1%lo", NULL, false },
	{ "localhost", NULL, false },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333", NULL, false },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char text[NET_TEXT_ROOM];
		struct net_address a;

		assert_int_equal(net_address_parse(addresses[i].text, &a),
		                 addresses[i].printed != NULL);
		assert_string_equal(net_address_text(&a, text),
		                    addresses[i].printed ? addresses[i].printed : "");
		assert_int_equal(net_address_is_loopback(&a), addresses[i].is_loopback);
	}
}

static void
test_from_sockaddr(void **state)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(143) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(993) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct net_address a, b, c;

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr);
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &v6.sin6_addr);
	assert_true(net_address_from((struct sockaddr *)&v4, &a));
	assert_true(net_address_from((struct sockaddr *)&v6, &b));
	assert_false(net_address_from((struct sockaddr *)&local, &c));
	assert_int_equal(a.port, 143);
	assert_int_equal(b.port, 993);
	assert_true(net_address_equal(&a, &b));
	assert_false(net_address_equal(&a, &c));
	assert_false(c.known);
	assert_false(net_is_in(&c, "0.0.0.0/0 ::/0"));
}

static const struct {
	const char *address, *networks;
	bool        is_in;
} members[] = {
	{ "10.1.2.3", "10.0.0.0/8", true },
	{ "11.1.2.3", "10.0.0.0/8", false },
	{ "10.1.2.3", "10.1.2.3", true },
	{ "10.1.2.4", "10.1.2.3", false },
	{ "10.1.2.4", "10.1.2.3/31", false },
	{ "10.1.2.2", "10.1.2.3/31", true },
	{ "10.1.2.3", "10.1.2.3/32", true },
	{ "10.1.2.3", "0.0.0.0/0", true },
	{ "::1", "0.0.0.0/0", false },
	{ "10.1.2.3", "::/0", true }, /* kept in its mapped form */
	{ "10.1.2.3", "::ffff:10.0.0.0/104", true },
	{ "2001:db8::1", "2001:db8::/32", true },
	{ "2001:db9::1", "2001:db8::/32", false },
	{ "::1", "[::1]/128", true },
	{ "::1", "[::1]", true },
	{ "10.1.2.3", "::1, 192.168.0.0/16,10.0.0.0/8", true },
	{ "10.1.2.3", "\t 10.0.0.0/8 \t", true },
	{ "10.1.2.3", "", false },
	{ "10.1.2.3", ",", false },
	{ "10.1.2.3", "10.0.0.0/33", false },
	{ "10.1.2.3", "10.0.0.0/", false },
	{ "10.1.2.3", "10.0.0.0/8/8", false },
	{ "10.1.2.3", "10.0.0.0/-1", false },
	{ "10.1.2.3", "lan 10.0.0.0/8", true },
	{ "10.1.2.3", "/8", false },
};

static void
test_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct net_address a;

		assert_true(net_address_parse(members[i].address, &a));
		if (net_is_in(&a, members[i].networks) != members[i].is_in)
			fail_msg("%s in \"%s\"", members[i].address, members[i].networks);
	}
}

static void
test_find_bad(void **state)
{
	static const struct {
		const char *networks, *bad;
	} rows[] = {
		{ "", NULL },
		{ "10.0.0.0/8, ::1 [::1]/128", NULL },
		{ "10.0.0.0/8 lan", "lan" },
		{ "10.0.0.0/33", "10.0.0.0/33" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333",
		  "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:222" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char word[NET_TEXT_ROOM + 8] = "";

		assert_int_equal(net_find_bad(rows[i].networks, word, sizeof(word)),
		                 rows[i].bad != NULL);
		assert_string_equal(word, rows[i].bad ? rows[i].bad : "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_from_sockaddr),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_find_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
