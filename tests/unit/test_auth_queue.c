/* test_auth_queue.c - requests waiting for a worker: whose turn it is, and how many may wait */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "authd/queue.h"
#include "authd/server.h"
#include "common/base/limits.h"

/* One lane's flood is refused at its own limit; the others' are not. */
static void
test_limits_of_lanes_and_queue(void **state)
{
	struct request *r = calloc(LIMIT_AUTH_QUEUE + 2, sizeof(*r));
	struct queue *q = queue_make();
	size_t n = 0;

	(void)state;
	for (uint32_t lane = 0; lane < LIMIT_AUTH_QUEUE / LIMIT_AUTH_QUEUE_LANE; lane++) {
		for (size_t i = 0; i < LIMIT_AUTH_QUEUE_LANE; i++, n++) {
			r[n].lane = lane;
			assert_true(queue_push(q, &r[n]));
		}
		r[n].lane = lane;
		assert_false(queue_push(q, &r[n]));
	}
	assert_int_equal(n, LIMIT_AUTH_QUEUE);
	r[n].lane = QUEUE_LANES - 1; /* empty, but the whole is full */
	assert_false(queue_push(q, &r[n]));
	queue_remove(q, &r[0]);
	assert_true(queue_push(q, &r[n]));
	r[n + 1].lane = 0; /* what waited before is never refused, and is next */
	queue_push_front(q, &r[n + 1]);
	assert_ptr_equal(queue_pop(q), &r[n + 1]);
	free(q);
	free(r);
}

/* Behind a thousand of one network, another one's first request waits for one turn. */
static void
test_lanes_in_turn(void **state)
{
	static struct request many[1000], other;
	struct queue *q = queue_make();

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		many[i].lane = 7;
		assert_true(queue_push(q, &many[i]));
	}
	other.lane = 9;
	assert_true(queue_push(q, &other));
	assert_ptr_equal(queue_pop(q), &many[0]);
	assert_ptr_equal(queue_pop(q), &other);
	for (size_t i = 1; i < 1000; i++)
		assert_ptr_equal(queue_pop(q), &many[i]);
	assert_null(queue_pop(q));
	free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_of_lanes_and_queue),
		cmocka_unit_test(test_lanes_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
