/* cmd_capa.c - CAPA (RFC 2449 s.5) */
#include <stdio.h>

#include "pop3d/capa.h"
#include "pop3d/command.h"
#include "pop3d/session.h"

/* The mechanisms that login offered on this connection, in the spelling of RFC 4422. */
static void
send_mechanisms(struct pop3_session *s)
{
	struct span rest = span_of(s->login->settings->auth_mechanisms);
	struct span word;

	out_str(&s->out, "SASL");
	while (span_split(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		out_byte(&s->out, ' ');
		for (size_t i = 0; i < word.len; i++) {
			char c = word.at[i];

			out_byte(&s->out, c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c);
		}
	}
	out_str(&s->out, "\r\n");
}

/*
 * RFC 2449 s.6.5, s.6.7:
 *	"LOGIN-DELAY" SP seconds
 *	"EXPIRE" SP ( days / "NEVER" )
 */
void
pop3_describe(const struct settings *settings, char *text, size_t room)
{
	bool is_never = strcmp(settings->pop3_expire, "never") == 0;
	int n = snprintf(text, room, "EXPIRE %s\r\n", is_never ? "NEVER" : settings->pop3_expire);

	if (settings->pop3_login_delay > 0)
		snprintf(text + n, room - (size_t)n, "LOGIN-DELAY %llu\r\n",
		         (unsigned long long)settings->pop3_login_delay);
}

/* What was to be had before login stays in the list (RFC 2449 s.3). */
void
pop3_run_capa(struct pop3_session *s, const struct pop3_args *args)
{
	const struct settings *settings = s->login->settings;
	char described[POP3_CAPA_ROOM];

	(void)args;
	pop3_describe(settings, described, sizeof(described));
	pop3_ok(s, TEXT_CAPABILITIES);
	out_str(&s->out, POP3_CAPA_ALWAYS);
	out_str(&s->out, described);
	if (s->login->is_secured || strcmp(settings->disable_plaintext_auth, "no") == 0) {
		out_str(&s->out, "USER\r\n");
		send_mechanisms(s);
	}
	out_str(&s->out, POP3_CAPA_LAST ".\r\n");
}
