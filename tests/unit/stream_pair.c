/* stream_pair.c - a client's end and our two streams over a socketpair, for the tests of io */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/stream_pair.h"

static jmp_buf   away;
static enum gone last_gone;

/* gone() may not return. */
static void __attribute__((noreturn))
went(enum gone why)
{
	last_gone = why;
	longjmp(away, 1);
}

int
pair_set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	p->client = ends[0];
	out_open(&p->out, ends[1], went);
	in_open(&p->in, ends[1], &p->out, went);
	*state = p;
	return 0;
}

int
pair_tear_down(void **state)
{
	struct pair *p = *state;

	pair_hang_up(p);
	close(p->in.fd);
	in_close(&p->in);
	out_close(&p->out);
	free(p);
	return 0;
}

void
pair_hang_up(struct pair *p)
{
	if (p->client >= 0)
		close(p->client);
	p->client = -1;
}

enum gone
pair_gone_by(void (*run)(struct pair *p), struct pair *p)
{
	if (setjmp(away))
		return last_gone;
	run(p);
	fail_msg("the stream went on");
	return last_gone;
}
