/* test_auth_penalty.c - who guesses waits, and nobody else; what is cached (A18-A20) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/cache.h"
#include "authd/penalty.h"

static const struct penalty_rules rules = { 2000, 15000 };
static const unsigned char seed[PENALTY_SEED] = "penalty";

static struct net_address
address(const char *text)
{
	struct net_address a;

	assert_true(net_address_parse(text, &a));
	return a;
}

/* One attempt, waiting as long as it has to; how long that was. */
static int64_t
attempt(struct penalty *p, const char *ip, const char *user, enum penalty_outcome outcome,
        uint32_t proof, int64_t *now)
{
	struct net_address a = address(ip);
	struct penalty_ticket t;
	int64_t wait, waited = 0;

	while ((wait = penalty_enter(p, &rules, &a, span_of(user), *now, &t)) > 0) {
		*now += wait;
		waited += wait;
	}
	penalty_leave(p, &rules, &t, outcome, proof, *now);
	return waited;
}

static void
test_pauses_grow(void **state)
{
	struct penalty *p = penalty_make(seed);
	static const int64_t wanted[] = { 0, 2000, 4000, 8000, 15000, 15000 };
	int64_t now = 1000000;

	(void)state;
	for (uint32_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(attempt(p, "192.0.2.1", "u@d", PENALTY_WRONG, i + 1, &now),
		                 wanted[i]);
	free(p);
}

/* A phone that tries its old password for ever is no guesser. */
static void
test_the_same_password_again(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000;

	(void)state;
	attempt(p, "192.0.2.1", "u@d", PENALTY_WRONG, 7, &now);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(attempt(p, "192.0.2.1", "u@d", PENALTY_WRONG, 7, &now), 2000);
	/* and the right one, behind it, waits no longer than that */
	assert_true(attempt(p, "192.0.2.1", "u@d", PENALTY_RIGHT, 0, &now) <= 2000);
	free(p);
}

static void
test_the_victim_is_let_through(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000;
	char ip[32];

	(void)state;
	attempt(p, "198.51.100.7", "u@d", PENALTY_RIGHT, 0, &now);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(ip, sizeof(ip), "10.1.%u.%u", i / 250, i % 250);
		attempt(p, ip, "u@d", PENALTY_WRONG, i + 1, &now);
	}
	assert_int_equal(attempt(p, "198.51.100.7", "u@d", PENALTY_RIGHT, 0, &now), 0);
	/* others from where the guessers sit, and other users from anywhere, are not held either */
	assert_int_equal(attempt(p, "203.0.113.5", "v@d", PENALTY_RIGHT, 0, &now), 0);
	/* but a network that nobody knows waits at this user */
	assert_true(attempt(p, "203.0.113.9", "u@d", PENALTY_WRONG, 5000, &now) > 0);
	free(p);
}

static void
test_one_network_many_users(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000, waited = 0;
	char user[32];

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		snprintf(user, sizeof(user), "u%u@d", i);
		waited += attempt(p, "192.0.2.1", user, PENALTY_WRONG, i + 1, &now);
	}
	assert_in_range(waited, 150000, 300000);
	free(p);
}

/* IPv6: the /64 is one network, the /48 around it counts too. */
static void
test_networks_of_IPv6(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000, waited = 0;
	char ip[64];

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		snprintf(ip, sizeof(ip), "2001:db8:1:1::%x", i + 1);
		waited += attempt(p, ip, "u@d", PENALTY_WRONG, i + 1, &now);
	}
	assert_true(waited > 20000);
	waited = 0;
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(ip, sizeof(ip), "2001:db8:2:%x::1", i + 1);
		waited += attempt(p, ip, i % 2 ? "x@d" : "y@d", PENALTY_WRONG, i + 1, &now);
	}
	assert_true(waited > 300000);
	free(p);
}

/* Two hundred at once are looked at as if they came one after the other. */
static void
test_at_once_A19(void **state)
{
	enum { MANY = 200 };
	static struct penalty_ticket ticket[MANY];
	static bool is_done[MANY];
	struct penalty *p = penalty_make(seed);
	struct net_address a = address("192.0.2.1");
	int64_t now = 1000000, end = now + 120000;
	size_t looked_at = 0;

	(void)state;
	for (; now < end; now += 100)
		for (size_t i = 0; i < MANY; i++) {
			if (is_done[i] ||
			    penalty_enter(p, &rules, &a, span_of("u@d"), now, &ticket[i]) > 0)
				continue;
			is_done[i] = true;
			looked_at++;
			/* the verdicts come when all that may be are under way */
			if (looked_at > 10)
				penalty_leave(p, &rules, &ticket[i], PENALTY_WRONG,
				              (uint32_t)i + 1, now);
			if (looked_at == 10)
				for (size_t k = 0; k <= i; k++)
					penalty_leave(p, &rules, &ticket[k], PENALTY_WRONG,
					              (uint32_t)k + 1, now);
		}
	assert_in_range(looked_at, 10, 25); /* in two minutes */
	free(p);
}

/* What nobody could tell costs nobody anything. */
static void
test_no_verdict_no_penalty_B01(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(attempt(p, "192.0.2.1", "u@d", PENALTY_NOTHING, i, &now), 0);
	assert_int_equal(penalty_count(p, now), 0);
	free(p);
}

static void
test_forgotten_in_time(void **state)
{
	struct penalty *p = penalty_make(seed);
	int64_t now = 1000000;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		attempt(p, "192.0.2.1", "u@d", PENALTY_WRONG, i + 1, &now);
	now += 24 * 3600 * 1000;
	assert_int_equal(attempt(p, "192.0.2.1", "u@d", PENALTY_WRONG, 99, &now), 0);
	free(p);
}

/* --- the cache ------------------------------------------------------------------------------- */

static void
keep(struct cache *c, const char *question, const char *user, const char *answer)
{
	unsigned char key[CACHE_KEY];

	cache_key(c, span_of(question), key);
	cache_keep(c, key, span_of(user), span_of(answer), 100);
}

static struct span
find(struct cache *c, const char *question)
{
	unsigned char key[CACHE_KEY];
	int64_t age;

	cache_key(c, span_of(question), key);
	return cache_find(c, key, 150, &age);
}

/* Ten thousand questions: each finds its own answer or none (A20). */
static void
test_every_question_its_own_answer_A20(void **state)
{
	struct cache *c = cache_make();
	char question[32], answer[32];

	(void)state;
	cache_resize(c, 8 * 1024 * 1024);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(question, sizeof(question), "q%u", i);
		snprintf(answer, sizeof(answer), "a%u", i);
		keep(c, question, i % 2 ? "u@d" : "v@d", answer);
	}
	for (unsigned i = 0; i < 20000; i++) {
		struct span found;

		snprintf(question, sizeof(question), "q%u", i);
		snprintf(answer, sizeof(answer), "a%u", i);
		found = find(c, question);
		assert_true(i < 10000 ? span_is(found, answer) : !found.at);
	}
	assert_int_equal(cache_flush(c, span_of("U@D")), 5000);
	assert_null(find(c, "q1").at);
	assert_true(span_is(find(c, "q2"), "a2"));
	assert_int_equal(cache_flush(c, SPAN_NONE), 5000);
	assert_int_equal(cache_counts(c).bytes, 0);
	free(c);
}

static void
test_size_is_kept(void **state)
{
	struct cache *c = cache_make();
	char question[32];

	(void)state;
	keep(c, "q", "u@d", "no room"); /* of none */
	assert_null(find(c, "q").at);
	cache_resize(c, 10000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(question, sizeof(question), "q%u", i);
		keep(c, question, "u@d", "answer");
		find(c, "q0"); /* asked for all the time: it stays */
		assert_true(cache_counts(c).bytes <= 10000);
	}
	assert_true(find(c, "q0").at && find(c, "q999").at && !find(c, "q1").at);
	cache_resize(c, 0);
	assert_int_equal(cache_counts(c).entries, 0);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pauses_grow),
		cmocka_unit_test(test_the_same_password_again),
		cmocka_unit_test(test_the_victim_is_let_through),
		cmocka_unit_test(test_one_network_many_users),
		cmocka_unit_test(test_networks_of_IPv6),
		cmocka_unit_test(test_at_once_A19),
		cmocka_unit_test(test_no_verdict_no_penalty_B01),
		cmocka_unit_test(test_forgotten_in_time),
		cmocka_unit_test(test_every_question_its_own_answer_A20),
		cmocka_unit_test(test_size_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
