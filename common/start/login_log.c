/* login_log.c - one line for each connection before login, as fail2ban's Dovecot filters want it */
#include "common/start/login_log.h"

#include <stdio.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"

/* What a stranger chose must not look like a field of ours. */
static void
add_harmless(struct buf *line, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		bool is_ours = c == '<' || c == '>' || c == '(' || c == ',';

		buf_byte(line, c < 0x20 || c == 0x7f || is_ours ? '?' : (char)c);
	}
}

void
login_log_set_user(struct login_facts *f, struct span user)
{
	size_t n = user.len < sizeof(f->user) ? user.len : sizeof(f->user) - 1;

	if (n > 0)
		memcpy(f->user, user.at, n);
	f->user[n] = '\0';
	f->user_len = n;
}

static void
add_user(struct buf *line, struct span user)
{
	buf_str(line, "user=<");
	add_harmless(line, user);
	buf_str(line, ">, ");
}

/* "rip=192.0.2.1, lip=198.51.100.7", with more between the two and the session */
static void
add_ends(struct buf *line, const struct login_facts *f, const char *more)
{
	char remote[NET_TEXT_ROOM], local[NET_TEXT_ROOM];

	if (f->mechanism[0])
		buf_printf(line, "method=%s, ", f->mechanism);
	buf_printf(line, "rip=%s, lip=%s%s", net_address_text(&f->remote, remote),
	           net_address_text(&f->local, local), more);
	if (f->is_tls || f->is_secured)
		buf_str(line, f->is_tls ? ", TLS" : ", secured");
	buf_printf(line, ", session=<%s>", f->session_id);
}

void
login_log_success(const struct login_facts *f, const char *user, int pid)
{
	struct buf line = BUF_EMPTY;
	char mpid[32];

	snprintf(mpid, sizeof(mpid), ", mpid=%d", pid);
	buf_str(&line, "Login: ");
	add_user(&line, span_of(user));
	add_ends(&line, f, mpid);
	log_info("%s", line.data);
	buf_free(&line);
}

static void
add_story(struct buf *line, const struct login_facts *f)
{
	int64_t seconds = (clock_ms() - f->since) / 1000;

	if (f->failures > 0)
		buf_printf(line, "auth failed, %u attempts in %d secs", f->failures, (int)seconds);
	else if (f->was_plaintext_refused)
		buf_str(line, "tried to use disallowed plaintext auth");
	else
		buf_printf(line, "no auth attempts in %d secs", (int)seconds);
}

void
login_log_end(const struct login_facts *f, struct span why, const char *error)
{
	bool tried = f->failures > 0 || f->was_plaintext_refused || why.len > 0;
	struct buf line = BUF_EMPTY, more = BUF_EMPTY;

	buf_str(&line, tried ? "Disconnected" : "Aborted login");
	if (why.len > 0)
		buf_str(&line, ": ");
	add_harmless(&line, why);
	buf_str(&line, " (");
	add_story(&line, f);
	buf_str(&line, "): ");
	add_user(&line, span_make(f->user, f->user_len));
	buf_str(&more, error && error[0] ? ", " : "");
	add_harmless(&more, span_of(error));
	add_ends(&line, f, more.data);
	log_info("%s", line.data);
	buf_free(&line);
	buf_free(&more);
}
