/* cmd_capa.c - CAPA (RFC 2449 s.5) */
#include <stdio.h>

#include "common/start/sasl_names.h"
#include "pop3d/capa.h"
#include "pop3d/command.h"
#include "pop3d/session.h"

/* RFC 5034 s.3: the list is the same in both states. */
static void
send_mechanisms(struct pop3_session *s)
{
	const struct sasl_name *row;
	bool is_first = true;

	for (size_t i = 0; (row = sasl_name_each(i)); i++) {
		if (!(s->login->mechanisms >> i & 1) || (row->traits & SASL_COMMAND))
			continue;
		out_str(&s->out, is_first ? "SASL " : " ");
		out_str(&s->out, row->name);
		is_first = false;
	}
	out_str(&s->out, is_first ? "" : "\r\n");
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

/* What was to be had before login stays in the list (RFC 2449 s.3), but for STLS (RFC 2595 s.4). */
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
	out_str(&s->out, s->login->is_plaintext_allowed ? "USER\r\n" : "");
	send_mechanisms(s);
	out_str(&s->out, POP3_CAPA_LAST ".\r\n");
}
