/*
 * pump_run.c - inside the pump: handshake, then bytes both ways
 *
 * One buffer for each direction, filled only when it is empty, so a side that
 * does not read stops the other and nothing grows.  The pump has no clock:
 * before the handshake is done the monitor closes the control socket when time
 * is up, later the session closes the plain one.
 */
#include "common/start/pump_run.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/start/privileges.h"
#include "common/start/sandbox.h"
#include "common/start/seccomp.h"
#include "common/start/tls_client_cert.h"
#include "common/start/tls_compat.h"

enum {
	BUFFER = 16 * 1024,        /* one TLS record */
	LAST_WORDS_MS = 60 * 1000, /* for a client to take what the session wrote at its end */
	HANDSHAKE_MESSAGES =
		64 /* of a client behind its handshake: KeyUpdate is all that there is (T11) */
};

/* Bytes on their way; at .. end is not yet written. */
struct flow {
	char  *data;
	size_t at, end;
	bool   is_over;  /* nothing more comes from its source */
	short  wants;    /* what its TLS side waits for: POLLIN, POLLOUT or 0 */
};

struct pump {
	const struct pump_ends *ends;
	SSL        *ssl;
	const char *cert_field;
	struct flow in, out; /* client to plain, plain to client */
	bool        is_open; /* the handshake is done */
	unsigned    handshake_messages;
	char        room[2][BUFFER]; /* of in and out: mostly untouched, so behind the rest */
};

static void __attribute__((noreturn))
leave(void)
{
	_exit(0);
}

static void
report(const struct pump_ends *ends, const struct pump_report *r)
{
	if (send(ends->control, r, sizeof(*r), MSG_NOSIGNAL) < 0)
		leave();
}

static bool
enter_empty_folder(const struct settings *s)
{
	char path[256];

	return snprintf(path, sizeof(path), "%s/empty", s->base_dir) < (int)sizeof(path) &&
	       chdir(path) == 0 && chroot(".") == 0;
}

bool
pump_lock(const struct pump_maker *maker, const char **why_out)
{
	bool is_root = getuid() == 0;
	bool under_chroot = is_root && enter_empty_folder(maker->settings);

	if (is_root && !privileges_drop(maker->uid, maker->gid, false, why_out))
		return false;
	*why_out = "Landlock";
	return under_chroot || !landlock_is_there() || landlock_lock(NULL, -1);
}

/* --- the handshake --------------------------------------------------------------------------- */

/* Until the client may be read or written; the monitor's end of control closing ends us. */
static void
wait_client(const struct pump *p, short events)
{
	struct pollfd set[2] = { { p->ends->client, events, 0 }, { p->ends->control, POLLIN, 0 } };

	while (poll(set, 2, -1) < 0)
		if (errno != EINTR)
			leave();
	if (set[1].revents)
		leave();
}

/* A byte at a time: what stands behind the header is for TLS. */
static void
take_proxy_header(const struct pump *p, struct proxy_header *header)
{
	char bytes[PROXY_MOST];
	size_t n = 0, used;
	enum proxy_result result = PROXY_MORE;

	while (result == PROXY_MORE && n < sizeof(bytes)) {
		ssize_t got = recv(p->ends->client, bytes + n, 1, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			leave();
		if (got < 0)
			wait_client(p, POLLIN);
		else
			result = proxy_parse(span_make(bytes, ++n), header, &used);
	}
	if (result == PROXY_WHOLE)
		return;
	pump_fail(p->ends->control, "no PROXY header from a network of haproxy_trusted_networks");
	leave();
}

static void
on_message(int written, int version, int type, const void *bytes, size_t len, SSL *ssl,
           void *context)
{
	struct pump *p = context;

	(void)version;
	(void)bytes;
	(void)len;
	(void)ssl;
	if (!written && type == SSL3_RT_HANDSHAKE && p->is_open)
		p->handshake_messages++;
}

static void __attribute__((noreturn))
fail_handshake(const struct pump *p, int reason)
{
	unsigned long code = ERR_peek_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	if (!text)
		text = reason == SSL_ERROR_SYSCALL && errno ? strerror(errno) : "Connection closed";
	pump_fail(p->ends->control, text);
	leave();
}

static void
shake_hands(struct pump *p)
{
	for (;;) {
		int n, reason;

		ERR_clear_error();
		errno = 0;
		n = SSL_accept(p->ssl);
		if (n == 1)
			return;
		reason = SSL_get_error(p->ssl, n);
		if (reason == SSL_ERROR_WANT_READ)
			wait_client(p, POLLIN);
		else if (reason == SSL_ERROR_WANT_WRITE)
			wait_client(p, POLLOUT);
		else
			fail_handshake(p, reason);
	}
}

static void
copy_printable(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; from && from[n] && n + 1 < room; n++)
		to[n] = from[n] > 0x20 && from[n] < 0x7f ? from[n] : '?';
	to[n] = '\0';
}

/* RFC 9266: the label, and a context of no bytes. */
static void
describe(struct pump *p, struct pump_report *r)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const SSL_CIPHER *cipher = SSL_get_current_cipher(p->ssl);
	int of = 0;

	r->is_done = 1;
	r->bits = (uint16_t)SSL_CIPHER_get_bits(cipher, &of);
	r->of_bits = (uint16_t)of;
	copy_printable(r->protocol, sizeof(r->protocol), SSL_get_version(p->ssl));
	copy_printable(r->cipher, sizeof(r->cipher), SSL_CIPHER_get_name(cipher));
	copy_printable(r->server_name, sizeof(r->server_name),
	               SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name));
	r->unique_len = (uint8_t)tls_unique(p->ssl, r->unique, sizeof(r->unique));
	r->has_cert = tls_client_cert_user(p->ssl, p->cert_field, r->cert_user,
	                                   sizeof(r->cert_user));
	r->has_exporter = SSL_version(p->ssl) > TLS1_2_VERSION &&
	                  SSL_export_keying_material(p->ssl, r->exporter, sizeof(r->exporter),
	                                             label, sizeof(label) - 1,
	                                             (const unsigned char *)"", 0, 1) == 1;
}

/* --- bytes both ways ------------------------------------------------------------------------- */

/* What an SSL call that gave n <= 0 waits for; false when the connection is over. */
static bool
tls_waits(struct pump *p, int n, struct flow *f)
{
	int reason = SSL_get_error(p->ssl, n);

	f->wants = reason == SSL_ERROR_WANT_READ  ? POLLIN :
	           reason == SSL_ERROR_WANT_WRITE ? POLLOUT :
	                                            0;
	return f->wants != 0;
}

static bool
is_empty(const struct flow *f)
{
	return f->at == f->end;
}

/* Fill the flow from the client; true when something moved. */
static bool
read_client(struct pump *p)
{
	int n;

	p->in.wants = 0;
	if (p->in.is_over || !is_empty(&p->in))
		return false;
	ERR_clear_error();
	n = SSL_read(p->ssl, p->in.data, BUFFER);
	if (p->handshake_messages > HANDSHAKE_MESSAGES ||
	    (p->handshake_messages > 0 && strcmp(SSL_get_version(p->ssl), "TLSv1.3") != 0))
		leave();
	if (n > 0) {
		p->in.at = 0;
		p->in.end = (size_t)n;
		return true;
	}
	p->in.is_over = !tls_waits(p, n, &p->in);
	return p->in.is_over;
}

static bool
write_plain(struct pump *p)
{
	ssize_t n;

	if (is_empty(&p->in))
		return false;
	n = send(p->ends->plain, p->in.data + p->in.at, p->in.end - p->in.at, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) {
		/* the session is gone; what it wrote last may still be on its way */
		p->in.is_over = true;
		p->in.at = p->in.end = 0;
		return true;
	}
	p->in.at += (size_t)n;
	return true;
}

static bool
read_plain(struct pump *p)
{
	ssize_t n;

	if (p->out.is_over || !is_empty(&p->out))
		return false;
	n = recv(p->ends->plain, p->out.data, BUFFER, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		p->out.is_over = true;
		return true;
	}
	p->out.at = 0;
	p->out.end = (size_t)n;
	return true;
}

static bool
write_client(struct pump *p)
{
	int n;

	p->out.wants = 0;
	if (is_empty(&p->out))
		return false;
	ERR_clear_error();
	n = SSL_write(p->ssl, p->out.data + p->out.at, (int)(p->out.end - p->out.at));
	if (n <= 0) {
		if (!tls_waits(p, n, &p->out))
			leave(); /* plain closes with us: the session sees it */
		return false;
	}
	p->out.at += (size_t)n;
	return true;
}

/* A descriptor that nothing is wanted of is left out: its hang-up would wake us for ever. */
static struct pollfd
poll_row(int fd, int events)
{
	return (struct pollfd){ events ? fd : -1, (short)events, 0 };
}

static void
wait_any(const struct pump *p)
{
	int plain = (is_empty(&p->out) && !p->out.is_over ? POLLIN : 0) |
	            (is_empty(&p->in) ? 0 : POLLOUT);
	struct pollfd set[2] = { poll_row(p->ends->client, p->in.wants | p->out.wants),
		                 poll_row(p->ends->plain, plain) };
	int n = poll(set, 2, p->out.is_over ? LAST_WORDS_MS : -1);

	if (n == 0 || (n < 0 && errno != EINTR))
		leave();
}

static void __attribute__((noreturn))
carry(struct pump *p)
{
	bool told_end = false;

	for (;;) {
		bool moved = read_client(p);

		moved |= write_plain(p);
		moved |= read_plain(p);
		moved |= write_client(p);
		if (p->in.is_over && is_empty(&p->in) && !told_end) {
			shutdown(p->ends->plain, SHUT_WR);
			told_end = true;
		}
		if (p->out.is_over && is_empty(&p->out)) {
			SSL_shutdown(p->ssl);
			leave();
		}
		if (!moved)
			wait_any(p);
	}
}

static void
set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void
pump_run(SSL_CTX *ctx, const struct pump_maker *maker, const struct pump_ends *ends,
         bool expects_proxy)
{
	static struct pump pump __attribute__((aligned(4096)));
	struct pump_report r;
	struct pump *p = &pump;

	memset(&r, 0, sizeof(r));
	p->ends = ends;
	p->in.data = p->room[0];
	p->out.data = p->room[1];
	p->cert_field = maker->settings->ssl_cert_username_field;
	set_nonblocking(ends->client);
	set_nonblocking(ends->plain);
	p->ssl = SSL_new(ctx);
	if (!seccomp_filter(SECCOMP_PUMP) && errno != EINVAL)
		leave();
	if (!p->ssl || SSL_set_fd(p->ssl, ends->client) != 1) {
		pump_fail(ends->control, "out of memory");
		leave();
	}
	SSL_set_msg_callback(p->ssl, on_message);
	SSL_set_msg_callback_arg(p->ssl, p);
	if (expects_proxy)
		take_proxy_header(p, &r.proxy);
	shake_hands(p);
	p->is_open = true;
	describe(p, &r);
	report(ends, &r);
	close(ends->control);
	malloc_trim(0); /* the handshake has left a tenth of our memory free, in whole pages */
	carry(p);
}
