/*
 * auth_client.c - the monitor's side of Dovecot's authentication protocol
 *
 * Whom to believe: a verdict names a uid and a home, so a false authd would be
 * root's undoing.  The socket's folder must belong to root (or to ourselves,
 * where we are not root) with no one else able to write into it, the socket
 * must be a socket and no link, and the process behind it, which SO_PEERCRED
 * keeps from when it called listen(), must be root or ourselves.  An answer
 * counts only with the number of the question; any other ends the connection.
 */
#include "common/start/auth_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/die.h"
#include "common/base/number.h"
#include "common/base/wipe.h"
#include "common/start/auth_line.h"

enum { BACKLOG_PAUSE_MS = 20, READ_BYTES = 1000 };

struct auth_client {
	int        fd;
	struct buf in;
	size_t     used; /* bytes of in that are behind us */
	uint64_t   id;   /* of the question under way; 0: none yet */
	bool       is_gone;
};

const volatile int *auth_client_stop;

static bool
is_stopped(void)
{
	return auth_client_stop && *auth_client_stop;
}

static bool
is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* NULL when the socket's place is fit to be believed, else the reason. */
static const char *
judge_place(const char *path, struct arena *mem)
{
	const char *slash = strrchr(path, '/');
	const char *folder;
	struct stat st;

	if (!slash || slash == path)
		return arena_printf(
			mem, "%s: the path of authd's socket must be absolute and in a folder",
			path);
	folder = arena_string(mem, span_make(path, (size_t)(slash - path)));
	if (lstat(folder, &st) != 0)
		return arena_printf(mem, "%s: %s; is authd running?", folder, strerror(errno));
	if (!S_ISDIR(st.st_mode) || !is_ours(st.st_uid) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return arena_printf(mem,
		                    "%s: must be a folder of root's that nobody else can write; "
		                    "refusing authd there",
		                    folder);
	if (lstat(path, &st) != 0)
		return arena_printf(mem, "%s: %s; is authd running?", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return arena_printf(mem, "%s: not a socket; refusing it", path);
	return NULL;
}

static const char *
judge_peer(int fd, const char *path, struct arena *mem)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return arena_printf(mem, "%s: %s", path, strerror(errno));
	if (!is_ours(peer.uid))
		return arena_printf(mem, "%s: uid %u answers there, which is not root; refusing it",
		                    path, (unsigned)peer.uid);
	return NULL;
}

/* A full backlog is EAGAIN on a UNIX socket: authd is busy, not gone. */
static int
connect_until(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, reason;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		if (errno != EINTR && (errno != EAGAIN || clock_until(deadline_ms) == 0)) {
			reason = errno;
			close(fd);
			errno = reason;
			return -1;
		}
		if (is_stopped())
			deadline_ms = 0;
		else
			poll(NULL, 0, BACKLOG_PAUSE_MS);
	}
	return fd;
}

/*
 * Wait until fd is ready; false with errno once the deadline has passed, or where the process
 * has been told to end: SIGTERM is let in here and nowhere else.
 */
static bool
wait_for(int fd, short what, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = what };
	struct timespec timeout;
	sigset_t mask;
	int n, left;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	do {
		left = clock_until(deadline_ms);
		timeout = (struct timespec){ left / 1000, left % 1000 * 1000000L };
		n = is_stopped() ? -1 : ppoll(&p, 1, &timeout, auth_client_stop ? &mask : NULL);
	} while (n < 0 && errno == EINTR && !is_stopped());
	if (n == 0)
		errno = ETIMEDOUT;
	else if (n < 0 && is_stopped())
		errno = EINTR;
	return n > 0;
}

static bool
send_all(struct auth_client *c, struct span s, int64_t deadline_ms)
{
	while (s.len > 0) {
		ssize_t n = send(c->fd, s.at, s.len, MSG_NOSIGNAL);

		if (n > 0)
			s = span_skip(s, (size_t)n);
		else if (n < 0 && errno == EAGAIN && !wait_for(c->fd, POLLOUT, deadline_ms))
			return false;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
	}
	return true;
}

static bool
read_more(struct auth_client *c, int64_t deadline_ms)
{
	ssize_t n;

	memmove(c->in.data, c->in.data + c->used, c->in.len - c->used);
	c->in.len -= c->used;
	c->used = 0;
	if (c->in.len > LIMIT_AUTH_LINE) {
		errno = EMSGSIZE;
		return false;
	}
	buf_reserve(&c->in, READ_BYTES);
	do {
		if (!wait_for(c->fd, POLLIN, deadline_ms))
			return false;
		n = recv(c->fd, c->in.data + c->in.len, READ_BYTES, 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		return false;
	c->in.len += (size_t)n;
	return true;
}

/* The next line; its spans are valid until the next call. */
static bool
read_line(struct auth_client *c, int64_t deadline_ms, struct auth_line *line_out)
{
	for (;;) {
		struct span unread = span_skip(buf_view(&c->in), c->used);
		const char *end = span_find(unread, '\n');

		if (end) {
			size_t len = (size_t)(end - unread.at);
			char *line = c->in.data + c->used;

			c->used += len + 1;
			if (auth_line_parse(line, len, line_out) && line_out->count > 0)
				return true;
			errno = EPROTO;
			return false;
		}
		if (!read_more(c, deadline_ms))
			return false;
	}
}

static bool
take_id(const struct auth_line *line, uint64_t *id_out)
{
	return line->count > 1 && number_parse(line->field[1], UINT32_MAX, id_out);
}

/* Read what authd says first, to DONE; what we say goes with the first question. */
static bool
read_greeting(struct auth_client *c, int64_t deadline_ms)
{
	struct auth_line line;
	uint64_t version = 0;

	do {
		if (!read_line(c, deadline_ms, &line))
			return false;
		if (span_is(line.field[0], "VERSION"))
			take_id(&line, &version);
	} while (!span_is(line.field[0], "DONE"));
	errno = EPROTO;
	return version == 1;
}

struct auth_client *
auth_client_open(const char *socket_path, int64_t deadline_ms, struct arena *mem,
                 const char **why_out)
{
	const char *why = judge_place(socket_path, mem);
	struct auth_client *c;
	int fd;

	if (why) {
		*why_out = why;
		return NULL;
	}
	fd = connect_until(socket_path, deadline_ms);
	if (fd < 0) {
		*why_out = arena_printf(mem, "%s: %s; is authd running?", socket_path,
		                        strerror(errno));
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		die("out of memory: a connection to authd");
	c->fd = fd;
	buf_reserve(&c->in, READ_BYTES);
	why = judge_peer(fd, socket_path, mem);
	if (!why && !read_greeting(c, deadline_ms))
		why = arena_printf(mem, "%s: no greeting of authd: %s", socket_path,
		                   strerror(errno));
	if (!why)
		return c;
	*why_out = why;
	return auth_client_close(c);
}

int
auth_client_release(struct auth_client *c)
{
	int fd = c->fd;

	buf_wipe_free(&c->in);
	free(c);
	return fd;
}

struct auth_client *
auth_client_close(struct auth_client *c)
{
	if (c)
		close(auth_client_release(c));
	return NULL;
}

/* A question's first words.  The first one says who asks: one write, and authd wakes once. */
static void
begin(struct auth_client *c, struct buf *question, const char *command)
{
	if (c->id++ == 0)
		buf_printf(question, "VERSION\t1\t2\nCPID\t%u\n", (unsigned)getpid());
	auth_put(question, command);
	auth_put_number(question, c->id);
}

static const char *
text_of(struct span s, struct arena *mem)
{
	return s.at ? arena_string(mem, s) : NULL;
}

/* Has the answer a place of its own for this key? */
static bool
is_own_key(struct span key)
{
	static const char *const own[] = { "user", "uid", "gid", "home", "mail" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (span_is(key, own[i]))
			return true;
	return false;
}

/* The other key=value words; one with a NUL in it is none. */
static void
read_fields(const struct auth_line *line, struct arena *mem, struct auth_answer *out)
{
	struct login_field *fields = arena_array(mem, line->count, sizeof(*fields));
	size_t count = 0;

	for (size_t i = 2; i < line->count; i++) {
		struct span value = line->field[i], key;

		if (span_find(value, '\0') || !span_split(&value, '=', &key) || !value.at ||
		    is_own_key(key))
			continue;
		fields[count].name = arena_string(mem, key);
		fields[count++].value = arena_string(mem, value);
	}
	out->field = fields;
	out->field_count = count;
}

/* OK id user= uid= gid= home= [mail=] ...: without any of the first four it is no verdict. */
static bool
read_ok(const struct auth_line *line, struct arena *mem, struct auth_answer *out)
{
	struct span user = auth_line_value(line, 2, "user"),
		    home = auth_line_value(line, 2, "home");
	uint64_t uid, gid;

	if (user.len == 0 || home.len == 0 || span_find(user, '\0') || span_find(home, '\0'))
		return false;
	if (!number_parse(auth_line_value(line, 2, "uid"), UINT32_MAX - 1, &uid) ||
	    !number_parse(auth_line_value(line, 2, "gid"), UINT32_MAX - 1, &gid))
		return false;
	out->verdict = AUTH_OK;
	out->user = text_of(user, mem);
	out->home = text_of(home, mem);
	out->mail = text_of(auth_line_value(line, 2, "mail"), mem);
	out->uid = (uid_t)uid;
	out->gid = (gid_t)gid;
	read_fields(line, mem, out);
	return true;
}

static bool
read_cont(const struct auth_line *line, struct arena *mem, struct auth_answer *out)
{
	out->verdict = AUTH_CONTINUE;
	out->challenge = arena_copy(mem, line->count > 2 ? line->field[2] : span_of(""));
	return true;
}

static bool
read_fail(const struct auth_line *line, struct arena *mem, struct auth_answer *out)
{
	out->reason = text_of(auth_line_value(line, 2, "reason"), mem);
	if (auth_line_has(line, 2, "temp"))
		out->verdict = AUTH_UNAVAILABLE;
	else if (span_is(auth_line_value(line, 2, "code"), "bad"))
		out->verdict = AUTH_BAD;
	else if (out->reason && !auth_line_has(line, 2, "authz"))
		out->verdict = AUTH_REFUSED;
	else
		out->verdict = AUTH_FAILED;
	return true;
}

static const struct answer_kind {
	const char *name;
	bool (*read)(const struct auth_line *line, struct arena *mem, struct auth_answer *out);
} answer_kinds[] = {
	{ "OK", read_ok },
	{ "CONT", read_cont },
	{ "FAIL", read_fail },
};

static bool
read_answer(struct auth_client *c, const struct auth_line *line, struct arena *mem,
            struct auth_answer *out)
{
	uint64_t id;

	if (!take_id(line, &id) || id != c->id)
		return false;
	for (size_t i = 0; i < sizeof(answer_kinds) / sizeof(answer_kinds[0]); i++)
		if (span_is(line->field[0], answer_kinds[i].name))
			return answer_kinds[i].read(line, mem, out);
	return false;
}

/* Send question (and forget it), then wait for what answers it. */
static struct auth_answer
exchange(struct auth_client *c, struct buf *question, int64_t deadline_ms, struct arena *mem)
{
	struct auth_answer answer = { .verdict = AUTH_UNAVAILABLE };
	struct auth_line line;
	bool is_sent = !c->is_gone && send_all(c, buf_view(question), deadline_ms);

	buf_wipe_free(question);
	if (is_sent && read_line(c, deadline_ms, &line) && read_answer(c, &line, mem, &answer))
		return answer;
	c->is_gone = true;
	return (struct auth_answer){ .verdict = AUTH_UNAVAILABLE };
}

static void
put_address(struct buf *out, const char *ip_key, const char *port_key, const struct net_address *a)
{
	char text[NET_TEXT_ROOM];

	if (!a->known)
		return;
	auth_put_value(out, ip_key, span_of(net_address_text(a, text)));
	snprintf(text, sizeof(text), "%u", a->port);
	auth_put_value(out, port_key, span_of(text));
}

/* A value of TLS, in base64 as protocol words are no place for any byte. */
static void
put_binding(struct buf *out, const char *key, struct span value)
{
	char text[BASE64_ROOM(AUTH_BINDING_MOST)];

	if (value.at && value.len <= AUTH_BINDING_MOST)
		auth_put_value(out, key, span_make(text, base64_encode(value, text)));
}

/* What only the login socket may say: authd believes it of nobody but root. */
static void
put_proofs(struct buf *out, const struct auth_request *r)
{
	put_binding(out, "tls-exporter", r->tls_exporter);
	put_binding(out, "tls-unique", r->tls_unique);
	auth_put_value(out, "challenge", span_of(r->challenge));
	if (!r->cert_user)
		return;
	auth_put_field(out, span_of("valid-client-cert"));
	auth_put_value(out, "cert_username", span_of(r->cert_user));
}

/*
 * AUTH id mechanism service= [lip= lport= rip= rport=] [session=] [secured] ... [resp=]; resp= is
 * the last.
 */
struct auth_answer
auth_client_ask(struct auth_client *c, const struct auth_request *r, int64_t deadline_ms,
                struct arena *mem)
{
	struct buf question = BUF_EMPTY;

	buf_reserve(&question,
	            r->response.len + 1024); /* so that growing leaves no copy of the password */
	begin(c, &question, "AUTH");
	auth_put_field(&question, span_of(r->mechanism));
	auth_put_value(&question, "service", span_of(r->service));
	put_address(&question, "lip", "lport", &r->local);
	put_address(&question, "rip", "rport", &r->remote);
	auth_put_value(&question, "session", span_of(r->session_id));
	if (r->is_secured || r->is_tls)
		auth_put_field(&question, span_of(r->is_tls ? "secured=tls" : "secured"));
	put_proofs(&question, r);
	auth_put_value(&question, "resp", r->response.at && r->response.len == 0 ? span_of("=") :
	                                                                          r->response);
	auth_put_end(&question);
	return exchange(c, &question, deadline_ms, mem);
}

struct auth_answer
auth_client_respond(struct auth_client *c, struct span response, int64_t deadline_ms,
                    struct arena *mem)
{
	struct buf question = BUF_EMPTY;

	buf_reserve(&question, response.len + 64);
	auth_put(&question, "CONT");
	auth_put_number(&question, c->id);
	auth_put_field(&question, response);
	auth_put_end(&question);
	return exchange(c, &question, deadline_ms, mem);
}

bool
auth_client_list(struct auth_client *c, const char *command, const char *user, int64_t deadline_ms,
                 void (*each)(void *context, const struct auth_line *line), void *context)
{
	struct buf question = BUF_EMPTY;
	struct auth_line line;
	uint64_t id;
	bool is_sent;

	begin(c, &question, command);
	auth_put_value(&question, "user", span_of(user));
	auth_put_end(&question);
	is_sent = send_all(c, buf_view(&question), deadline_ms);
	buf_free(&question);
	while (is_sent && read_line(c, deadline_ms, &line) && take_id(&line, &id) && id == c->id) {
		each(context, &line);
		if (span_is(line.field[0], "END"))
			return true;
	}
	return false;
}
