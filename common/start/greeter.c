/*
 * greeter.c - the frame of the pre-login dialogue, inside SECCOMP_MODE_STRICT
 *
 * Whatever a stranger makes of this process, it can read and write two
 * descriptors and exit.  The memory is one struct greeter, the clock is the
 * monitor's, and exit is the system call of one thread: glibc's _exit() calls
 * exit_group, for which strict mode kills.
 */
#include "common/start/greeter.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/wipe.h"
#include "common/start/greeter_message.h"

static void leave(void) __attribute__((noreturn));

static void
leave(void)
{
	for (;;)
		syscall(SYS_exit, 0);
}

const struct greeter_facts *
greeter_facts(const struct greeter *g)
{
	return &g->facts;
}

/* To the monitor.  What does not fit is a fault of this process, which can only end. */
static void
tell(struct greeter *g, enum greeter_kind kind, struct span name, struct span user,
     struct span data)
{
	size_t size;

	if (!greeter_message_make(&g->message, kind, name, user, data, &size))
		leave();
	while (write(g->channel, &g->message, size) < 0)
		if (errno != EINTR)
			leave();
}

/* A packet from the monitor; its end is ours. */
static size_t
hear(struct greeter *g, void *into, size_t room)
{
	ssize_t n;

	do
		n = read(g->channel, into, room);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		leave();
	return (size_t)n;
}

/* The client took no more: nothing to tell it, so only the monitor hears. */
static void
gone(struct greeter *g)
{
	tell(g, GREETER_END, span_of(""), SPAN_NONE, SPAN_NONE);
	leave();
}

void
greeter_flush(struct greeter *g)
{
	size_t sent = 0;

	while (sent < g->written) {
		ssize_t n = write(g->client, g->out + sent, g->written - sent);

		if (n > 0)
			sent += (size_t)n;
		else if (n == 0 || errno != EINTR)
			gone(g);
	}
	g->written = 0;
}

void
greeter_write_span(struct greeter *g, struct span s)
{
	while (s.len > 0) {
		size_t n = sizeof(g->out) - g->written;

		if (n > s.len)
			n = s.len;
		memcpy(g->out + g->written, s.at, n);
		g->written += n;
		s = span_skip(s, n);
		if (g->written == sizeof(g->out))
			greeter_flush(g);
	}
}

void
greeter_write(struct greeter *g, const char *text)
{
	greeter_write_span(g, span_of(text));
}

/* Read once more behind what is there. */
static void
fill(struct greeter *g)
{
	ssize_t n;

	greeter_flush(g);
	if (g->at > 0) {
		memmove(g->in, g->in + g->at, g->end - g->at);
		g->end -= g->at;
		g->at = 0;
	}
	do
		n = read(g->client, g->in + g->end, sizeof(g->in) - g->end);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		gone(g);
	g->end += (size_t)n;
}

enum greeter_line
greeter_line(struct greeter *g, size_t max, struct span *line_out)
{
	size_t seen = 0;

	for (;;) {
		struct span held = span_make(g->in + g->at, g->end - g->at);
		const char *lf = span_find(span_skip(held, seen), '\n');

		if (lf && (size_t)(lf - held.at) <= max) {
			size_t len = (size_t)(lf - held.at);

			g->at += len + 1;
			if (len > 0 && held.at[len - 1] == '\r')
				len--;
			*line_out = span_make(held.at, len);
			return GREETER_LINE;
		}
		if (held.len > max) {
			*line_out = span_make(held.at, max);
			return GREETER_TOO_LONG;
		}
		seen = held.len;
		fill(g);
	}
}

int
greeter_peek(struct greeter *g)
{
	if (g->at == g->end)
		fill(g);
	return (unsigned char)g->in[g->at];
}

struct span
greeter_kept(const struct greeter *g)
{
	return span_make(g->block, g->kept);
}

size_t
greeter_room(const struct greeter *g)
{
	return sizeof(g->block) - g->kept;
}

struct span
greeter_keep(struct greeter *g, struct span s)
{
	char *to = g->block + g->kept;

	if (s.len > greeter_room(g))
		return SPAN_NONE;
	if (s.len > 0)
		memcpy(to, s.at, s.len);
	g->kept += s.len;
	return span_make(to, s.len);
}

struct span
greeter_bytes(struct greeter *g, size_t n)
{
	char *to = g->block + g->kept;
	size_t got = 0;

	if (n > greeter_room(g))
		leave();
	while (got < n) {
		size_t held = g->end - g->at, some = held < n - got ? held : n - got;

		memcpy(to + got, g->in + g->at, some);
		g->at += some;
		got += some;
		if (got < n)
			fill(g);
	}
	g->kept += n;
	return span_make(to, n);
}

void
greeter_forget(struct greeter *g)
{
	wipe(g->block, g->kept);
	wipe(g->in, g->at); /* commands that were taken held passwords too */
	g->kept = 0;
}

/* The middle field of PLAIN (RFC 4616). */
static struct span
user_of_plain(struct span message)
{
	struct span word;

	span_split(&message, '\0', &word);
	return span_split(&message, '\0', &word) ? word : SPAN_NONE;
}

/* n= of a SCRAM client's first message (RFC 5802 s.7), as it is. */
static struct span
user_of_scram(struct span message)
{
	struct span word;

	while (span_split(&message, ',', &word))
		if (span_starts(word, "n="))
			return span_skip(word, 2);
	return SPAN_NONE;
}

static struct span
user_of_login(struct span message)
{
	return message;
}

/* APOP's user and digest, as greeter_login_apop() wrote them. */
static struct span
user_of_apop(struct span message)
{
	struct span word = SPAN_NONE;

	span_split(&message, '\0', &word);
	return word;
}

/* Only the first response of these tells who it is: the next one of LOGIN is the password. */
static const struct teller {
	const char *mechanism; /* what its name begins with */
	struct span (*user_of)(struct span message);
} tellers[] = {
	{ "PLAIN", user_of_plain },
	{ "LOGIN", user_of_login },
	{ "APOP", user_of_apop },
	{ "SCRAM-", user_of_scram },
};

/* The name that a response speaks of, for the log only. */
static struct span
user_of(struct greeter *g, struct span response)
{
	struct span word = SPAN_NONE;
	size_t len;

	if (!response.at || g->responses++ > 0 || response.len > sizeof(g->scratch) ||
	    !base64_decode(response, g->scratch, &len))
		return SPAN_NONE;
	for (size_t i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++)
		if (span_starts(span_of(g->mechanism), tellers[i].mechanism))
			word = tellers[i].user_of(span_make(g->scratch, len));
	return word.len <= LIMIT_USER_NAME ? word : SPAN_NONE;
}

static void
give_back(struct greeter *g)
{
	greeter_flush(g);
	tell(g, GREETER_GIVE_BACK, g->tag, SPAN_NONE, span_make(g->in + g->at, g->end - g->at));
	leave();
}

static struct greeter_answer
answer(struct greeter *g)
{
	size_t n = hear(g, &g->reply, sizeof(g->reply));

	wipe(g->scratch, sizeof(g->scratch));
	wipe(&g->message, sizeof(g->message));
	if (n < GREETER_REPLY_HEAD || n - GREETER_REPLY_HEAD != g->reply.text_len)
		leave();
	if (g->reply.verdict == VERDICT_OK)
		give_back(g);
	return (struct greeter_answer){ (enum greeter_verdict)g->reply.verdict,
		                        span_make(g->reply.text, g->reply.text_len),
		                        g->reply.is_last != 0 };
}

struct greeter_answer
greeter_login(struct greeter *g, struct span tag, const char *mechanism, struct span response)
{
	size_t len = strlen(mechanism);

	if (len >= sizeof(g->mechanism))
		leave();
	memcpy(g->mechanism, mechanism, len + 1);
	g->responses = 0;
	g->tag = tag;
	tell(g, GREETER_AUTH, span_of(mechanism), user_of(g, response), response);
	return answer(g);
}

struct greeter_answer
greeter_respond(struct greeter *g, struct span response)
{
	tell(g, GREETER_CONT, SPAN_NONE, user_of(g, response), response);
	return answer(g);
}

void
greeter_cancel(struct greeter *g)
{
	tell(g, GREETER_CANCEL, SPAN_NONE, SPAN_NONE, SPAN_NONE);
}

/* message = [authzid] NUL authcid NUL passwd; the fields themselves have no NUL (RFC 4616). */
struct greeter_answer
greeter_login_plain(struct greeter *g, struct span tag, struct span user, struct span password)
{
	static const struct greeter_answer refused = { VERDICT_FAILED, { NULL, 0 }, false };
	char *raw = g->scratch + sizeof(g->scratch) / 2;
	char encoded[BASE64_ROOM(LIMIT_USER_NAME + LIMIT_PASSWORD + 2)];
	struct greeter_answer a;
	struct span response;
	size_t n = 0;

	if (user.len > LIMIT_USER_NAME || password.len > LIMIT_PASSWORD || span_find(user, '\0') ||
	    span_find(password, '\0'))
		return refused;
	raw[n++] = '\0';
	memcpy(raw + n, user.at, user.len);
	n += user.len;
	raw[n++] = '\0';
	memcpy(raw + n, password.at, password.len);
	n += password.len;
	response = span_make(encoded, base64_encode(span_make(raw, n), encoded));
	a = greeter_login(g, tag, "PLAIN", response);
	wipe(encoded, sizeof(encoded));
	return a;
}

struct greeter_answer
greeter_login_apop(struct greeter *g, struct span tag, struct span user, struct span digest)
{
	enum { DIGITS = 32 };
	static const struct greeter_answer refused = { VERDICT_FAILED, { NULL, 0 }, false };
	char raw[LIMIT_USER_NAME + DIGITS + 1], encoded[BASE64_ROOM(sizeof(raw))];
	struct span message = span_make(raw, user.len + 1 + digest.len);

	if (!g->facts.apop[0] || user.len > LIMIT_USER_NAME || digest.len != DIGITS ||
	    span_find(user, '\0') || span_find(digest, '\0'))
		return refused;
	memcpy(raw, user.at, user.len);
	raw[user.len] = '\0';
	memcpy(raw + user.len + 1, digest.at, digest.len);
	return greeter_login(g, tag, "APOP", span_make(encoded, base64_encode(message, encoded)));
}

void
greeter_starttls(struct greeter *g)
{
	greeter_flush(g);
	tell(g, GREETER_STARTTLS, SPAN_NONE, SPAN_NONE, SPAN_NONE);
	leave();
}

static struct span
cut(struct span s, size_t most)
{
	return s.len > most ? span_make(s.at, most) : s;
}

void
greeter_log(struct greeter *g, const char *text, struct span detail)
{
	tell(g, GREETER_LOG, cut(span_of(text), GREETER_NAME_MOST), SPAN_NONE,
	     cut(detail, GREETER_LOG_MOST));
}

void
greeter_end(struct greeter *g, const char *reason)
{
	greeter_flush(g);
	tell(g, GREETER_END, cut(span_of(reason), GREETER_NAME_MOST), SPAN_NONE, SPAN_NONE);
	leave();
}

/*
 * The bytes behind the header stay in the buffer: the client's first command may
 * be there already.
 */
static void
take_proxy_header(struct greeter *g)
{
	struct proxy_header header;
	enum proxy_result result;
	size_t used;

	while ((result = proxy_parse(span_make(g->in + g->at, g->end - g->at), &header, &used)) ==
	       PROXY_MORE)
		fill(g);
	if (result == PROXY_BAD)
		greeter_end(g, "no PROXY header from a network of haproxy_trusted_networks");
	g->at += used;
	tell(g, GREETER_PROXY, SPAN_NONE, SPAN_NONE,
	     span_make((const char *)&header, sizeof(header)));
	if (hear(g, &g->facts, sizeof(g->facts)) != sizeof(g->facts))
		leave();
}

void
greeter_run(struct greeter *g, void (*greet)(struct greeter *g))
{
	if (g->expects_proxy)
		take_proxy_header(g);
	greet(g);
	leave();
}
