/* greet_harness.c - the pre-login dialogue in this process, with read, write and exit replaced */
#include "tests/unit/greet_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLIENT = 1000, CHANNEL = 1001 };

static struct greet_play *play;
static struct greeter *greeter;
static jmp_buf over;
static bool facts_due;

ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __real_write(int fd, const void *from, size_t n);
ssize_t __wrap_read(int fd, void *to, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
long __wrap_syscall(long number, ...);

static ssize_t
read_input(void *to, size_t n)
{
	if (play->chunk > 0 && n > play->chunk)
		n = play->chunk;
	if (n > play->input.len)
		n = play->input.len;
	memcpy(to, play->input.at, n);
	play->input = span_skip(play->input, n);
	return (ssize_t)n;
}

static ssize_t
read_answer(void *to, size_t room)
{
	static const char challenge[] = "VXNlcm5hbWU6";
	struct greeter_reply r;
	size_t at = play->asked - 1;

	if (facts_due) {
		facts_due = false;
		memcpy(to, &play->facts, sizeof(play->facts));
		return sizeof(play->facts);
	}
	if (at >= play->verdict_count)
		at = play->verdict_count - 1;
	memset(&r, 0, sizeof(r));
	r.verdict = play->verdict_count > 0 ? play->verdict[at] % (VERDICT_CONTINUE + 1u) :
	                                      VERDICT_FAILED;
	r.is_last = play->asked >= LIMIT_GREETER_FAILURES && r.verdict != VERDICT_CONTINUE;
	r.text_len = r.verdict == VERDICT_CONTINUE ? sizeof(challenge) - 1 : 0;
	memcpy(r.text, challenge, r.text_len);
	if (room < GREETER_REPLY_HEAD + r.text_len)
		abort();
	memcpy(to, &r, GREETER_REPLY_HEAD + r.text_len);
	return (ssize_t)(GREETER_REPLY_HEAD + r.text_len);
}

ssize_t
__wrap_read(int fd, void *to, size_t n)
{
	if (fd == CLIENT)
		return read_input(to, n);
	return fd == CHANNEL ? read_answer(to, n) : __real_read(fd, to, n);
}

static void
copy_text(char *to, struct span s)
{
	if (s.len > 0)
		memcpy(to, s.at, s.len);
	to[s.len] = '\0';
}

static void
take_packet(const void *from, size_t n)
{
	const struct greeter_message *m = from;

	play->packets++;
	if (n > sizeof(play->last) || !greeter_message_is_whole(m, n)) {
		play->broke_rules = true;
		return;
	}
	memcpy(&play->last, from, n);
	facts_due = m->kind == GREETER_PROXY;
	if (m->kind != GREETER_AUTH && m->kind != GREETER_CONT)
		return;
	play->asked++;
	if (m->kind == GREETER_AUTH)
		copy_text(play->auth_name, greeter_message_name(m));
	copy_text(play->auth_user, greeter_message_user(m));
	copy_text(play->auth_data, greeter_message_data(m));
	play->auth_has_data = m->has_data != 0;
}

ssize_t
__wrap_write(int fd, const void *from, size_t n)
{
	size_t room = sizeof(play->output) - 1;

	if (fd == CHANNEL)
		take_packet(from, n);
	if (fd != CLIENT)
		return fd == CHANNEL ? (ssize_t)n : __real_write(fd, from, n);
	room -= play->output_len;
	play->is_full = play->is_full || n > room;
	memcpy(play->output + play->output_len, from, n < room ? n : room);
	play->output_len += n < room ? n : room;
	return (ssize_t)n;
}

/* The greeter calls exit with it and nothing else. */
long
__wrap_syscall(long number, ...)
{
	if (number == SYS_exit && play)
		longjmp(over, 1);
	abort();
}

void
greet_play(struct greet_play *p)
{
	/* a block of its own each time: what reads beyond it is found */
	greeter = calloc(1, sizeof(*greeter));
	if (!greeter)
		abort();
	play = p;
	facts_due = false;
	greeter->client = CLIENT;
	greeter->channel = CHANNEL;
	greeter->facts = p->facts;
	greeter->expects_proxy = p->expects_proxy;
	if (setjmp(over) == 0)
		greeter_run(greeter, p->greet);
	p->output[p->output_len] = '\0';
	free(greeter);
	play = NULL;
}
